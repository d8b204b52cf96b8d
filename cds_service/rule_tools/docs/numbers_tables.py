"""Tables of `docs/facts.md`: where numbers are plausible, what a slip of their unit does, how long evidence counts."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from cds_service.durations import Duration
from cds_service.facts.catalogue import Catalogue, DerivedFact, ObservedFact, QuantityFact
from cds_service.facts.intervals import plain

_TEN = Decimal(10)
_THOUSAND = Decimal(1000)
_ADULT = 18
_ANY_DAY = date(2001, 1, 1)

_PLAUSIBLE = """\
A value that lies wholly outside is `implausible`: the fact is unknown, whatever an older one says. *×10* and *÷10*:
which values of the normal range are noticed when they come ten times too large or too small."""

_NOT_CAUGHT = """\
A slip of a thousand (g for mg, mmol for µmol) turns the middle of every normal range that is not 0 into a value that is
not plausible. Of these facts the normal range begins at 0, or real values span a thousand, so that there are values
which a slip turns into plausible ones:"""

_FRESH = """\
The age up to which evidence counts, unless a criterion has a `lookback` of its own. What is derived goes stale with the
part that does so first; events have times of their own."""


def numbers_tables(catalogue: Catalogue) -> Iterator[str]:
    """The lines of the three tables."""
    facts = [spec for spec in catalogue if isinstance(spec, QuantityFact) and spec.plausible is not None]
    yield from ("", "## Plausible values", "", _PLAUSIBLE, "")
    yield from (
        "| fact | unit | normal | plausible | ×10 | ÷10 | a limit of normal | why |",
        "|---|---|---|---|---|---|---|---|",
    )
    yield from (_row(spec) for spec in facts)
    yield from ("", "### What a slip of a thousand leaves plausible", "", _NOT_CAUGHT, "")
    yield from ("| fact | not noticed ×1000 | not noticed ÷1000 |", "|---|---|---|")
    yield from (_thousand(spec) for spec in facts if is_open_to_slips(spec))
    yield from ("", "## How long evidence counts", "", _FRESH, "", "| counts for | facts |", "|---|---|")
    yield from _freshness(catalogue)


def is_open_to_slips(spec: QuantityFact) -> bool:
    """Whether the normal range begins at 0, or plausible values span a thousand."""
    if spec.plausible is None:
        return False
    low, high = spec.plausible
    return (spec.normal is not None and spec.normal[0] == 0) or high >= low * _THOUSAND


def _row(spec: QuantityFact) -> str:
    assert spec.plausible is not None
    also = ", and 0" if spec.zero else ""
    unit = "" if spec.unit == "1" else f"`{spec.unit}`"
    columns = [f"`{spec.name}`", unit, _pair(spec.normal), f"{_pair(spec.plausible)}{also}", *_ten(spec)]
    return f"| {' | '.join([*columns, _pair(spec.plausible_limit), spec.plausible_reason])} |"


def _ten(spec: QuantityFact) -> tuple[str, str]:
    """Which part of the normal range is noticed ten times too large, and which ten times too small."""
    if spec.normal is None or spec.plausible is None:
        return "", ""
    (least, most), (low, high) = spec.normal, spec.plausible
    if most == 0:
        return "none", "none"
    large = "all" if least * _TEN > high else "none" if most * _TEN <= high else f"above {plain(high / _TEN)}"
    small = "all" if most / _TEN < low else "none" if least / _TEN >= low else f"below {plain(low * _TEN)}"
    if least == 0 and spec.zero:  # ten times nothing is nothing
        large, small = (text if text == "none" else f"{text}, but not 0" for text in (large, small))
    return large, small


def _thousand(spec: QuantityFact) -> str:
    """The plausible values that a thousand times more, or a thousandth, leaves plausible."""
    assert spec.plausible is not None
    low, high = spec.plausible
    zero = ["0"] if spec.zero else []
    large, small = [*zero], [*zero]
    if high >= low * _THOUSAND:
        large.append(f"{plain(low)} to {plain(high / _THOUSAND)}")
        small.append(f"{plain(low * _THOUSAND)} to {plain(high)}")
    return f"| `{spec.name}` | {' and '.join(large) or 'none'} | {' and '.join(small) or 'none'} |"


def _freshness(catalogue: Catalogue) -> Iterator[str]:
    found: dict[Duration | None, list[str]] = {}
    for spec in catalogue:
        if isinstance(spec, ObservedFact | DerivedFact):
            found.setdefault(catalogue.fresh_for(spec.name), []).append(f"`{spec.name}`")
        if isinstance(spec, QuantityFact) and spec.fresh_for_child is not None:
            found.setdefault(spec.fresh_for_child, []).append(f"`{spec.name}` measured under {_ADULT} years")
    for limit in sorted(found, key=lambda limit: date.max if limit is None else limit.after(_ANY_DAY)):
        yield f"| {'for ever' if limit is None else limit.words()} | {', '.join(sorted(found[limit]))} |"


def _pair(pair: tuple[Decimal, Decimal] | None) -> str:
    if pair is None:
        return ""
    low, high = pair
    return plain(low) if low == high else f"{plain(low)} to {plain(high)}"
