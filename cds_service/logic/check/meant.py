"""What is meant where a fact, a length of time or a multiple of normal is written in other words than ours."""

import difflib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cds_service.durations import UNITS, TimeUnit, spelled

_MULTIPLE = re.compile(r"(?i)(?:^|[\s.(_×*x\d])(?P<limit>[ul]ln)\b|(?:upper|lower)\s+limit\s+of\s+normal")
_COUNT = re.compile(r"\d+(?:\.\d+)?")
_NOT_A_WORD = re.compile(r"[\W_]+")
_LIKE = 0.55
"""How alike a name and a title must be, from 0 to 1."""
_LIKE_TOO = 0.1
"""How much less alike others may be, to be named as well."""
_FEWEST_ALIKE = 4
"""Letters with which two words begin alike that are forms of one, such as platelet and platelets."""


def fact_meant(name: str, titles: Mapping[str, str]) -> str:
    """`did you mean ...?` about a name that no fact has: by another fact's title, or by its name. Empty where none is
    near. `titles` are the facts' titles by their names."""
    multiple = _multiple_named(name, titles)
    if multiple:
        return f"did you mean {multiple!r}?"
    said = name.casefold().strip()
    own = next((fact for fact, title in titles.items() if said in (title.casefold(), fact.rpartition(".")[2])), "")
    if own:
        return _did_you_mean(own, titles)
    group, _, rest = name.partition(".")
    misspelt = {fact.removeprefix(f"{group}."): fact for fact in titles if fact.startswith(f"{group}.")}
    near = difflib.get_close_matches(rest, list(misspelt), n=1, cutoff=0.8)
    if near:
        return f"did you mean {misspelt[near[0]]!r}?"
    # A part of a fact is meant by whoever says so.
    wholes = {fact: title for fact, title in titles.items() if fact.count(".") < 2} or titles
    alike = {fact: _likeness(name, fact, title) for fact, title in wholes.items()}
    likest = max(alike, key=lambda fact: alike[fact], default="")
    if likest and alike[likest] >= _LIKE:
        others = [fact for fact, like in alike.items() if fact != likest and like >= _LIKE - _LIKE_TOO]
        others.sort(key=lambda fact: -alike[fact])
        too = [f"; or {fact!r}: {titles[fact]}" for fact in others[:2] if titles[fact]]
        return _did_you_mean(likest, titles) + "".join(too)
    close = difflib.get_close_matches(name, list(titles), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


def length_meant(written: Any) -> str:
    """How a rule says the length of time that somebody wrote as `P7D` or `7 days`. Empty where it is none."""
    found = spelled(written) if isinstance(written, str) else None
    return "" if found is None else f'write {{"quantity": [{found[0]}, "{found[1]}"]}}'


def unit_meant(unit: str) -> TimeUnit | None:
    """The unit of time that somebody calls by a word, such as days."""
    found = spelled(f"1 {unit}")
    return None if found is None or unit in UNITS else found[1]


def multiple_meant(written: Any, fact: str = "…") -> str:
    """How a rule says `3 x ULN`. Empty where no limit of normal is spoken of."""
    found = _MULTIPLE.search(written) if isinstance(written, str) else None
    if found is None:
        return ""
    limit = (found["limit"] or "uln").casefold()
    count = _COUNT.search(written)
    name = fact if fact.endswith(f".x_{limit}") else f"{fact}.x_{limit}"
    return f'compare {{"var": "{name}"}} with the bare number{f" {count[0]}" if count else ""}'


def _multiple_named(name: str, titles: Mapping[str, str]) -> str:
    """The multiple of normal that a name means: `lab.alt.uln`, `ALT x ULN`."""
    found = _MULTIPLE.search(name)
    if found is None:
        return ""
    part = f".x_{(found['limit'] or 'uln').casefold()}"
    base = name[: found.start()].rstrip(" .x×*_").casefold()
    rest = base or name[found.end() :].strip(" .x×*_").casefold()
    multiples = {fact.removesuffix(part): titles.get(fact.removesuffix(part), "") for fact in titles if part in fact}
    if rest in multiples:
        return rest + part
    likest = max(multiples, key=lambda fact: _likeness(rest, fact, multiples[fact]), default="")
    return likest + part if rest and likest and _likeness(rest, likest, multiples[likest]) >= _LIKE else ""


def _did_you_mean(fact: str, titles: Mapping[str, str]) -> str:
    title = titles.get(fact, "")
    return f"did you mean {fact!r}?" + (f" It is: {title}" if title else "")


def _likeness(said: str, fact: str, title: str) -> float:
    """How alike they are, from 0 to 1: of all words of both the share that the other has too."""
    group, _, own = fact.partition(".")
    words = _words(said) - ({group} if said.startswith(f"{group}.") else set())
    return max((_shared(words, _words(other)) for other in (title, own)), default=0.0)


def _shared(words: frozenset[str], others: frozenset[str]) -> float:
    if not words or not others:
        return 0.0
    alike = sum(any(_same(word, other) for other in others) for word in words)
    return 2 * alike / (len(words) + len(others))


def _same(word: str, other: str) -> bool:
    if word == other:
        return True
    shorter, longer = sorted((word, other), key=len)
    return len(shorter) >= _FEWEST_ALIKE and longer.startswith(shorter)


@lru_cache(maxsize=4_096)
def _words(text: str) -> frozenset[str]:
    # What British spelling writes ae is e elsewhere: haemoglobin, hemoglobin.
    folded = text.casefold().replace("ae", "e").replace("oe", "e")
    return frozenset(_NOT_A_WORD.sub(" ", folded).split())
