"""Small joins that all sections use."""

from collections.abc import Sequence


def sentence(text: str) -> str:
    """The text with a capital at its start, unless the first word has a spelling of its own: `eGFR`, `hCG`."""
    first = text.split(" ", 1)[0]
    return text if any(map(str.isupper, first[1:])) else text[:1].upper() + text[1:]


def listed(items: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def counted_noun(count: int, noun: str, many: str = "") -> str:
    """`1 trial`, `2 trials`."""
    return f"{count} {noun if count == 1 else many or noun + 's'}"


def capped(items: Sequence[str], most: int) -> list[str]:
    """The items, or the first of them and how many more there are."""
    if len(items) <= most:
        return list(items)
    return [*items[: most - 1], f"{len(items) - most + 1} more"]


def within(items: Sequence[str], room: int) -> list[str]:
    """The items for which there is room, by code points, and how many more there are."""
    used = 0
    for at, item in enumerate(items):
        used += len(item) + 2
        if used > room:
            return [*items[:at], f"{len(items) - at} more"]
    return list(items)
