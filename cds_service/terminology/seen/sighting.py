"""What is kept of an entry of a feed: its code, its words and what became of it. No id, number or date of a patient.

| outcome | the entry is | understood |
|---|---|---|
| `fact` | of a fact, by its code | yes |
| `hint` | perhaps of a fact, by a code or by words | yes |
| `else` | something else, by its code | yes |
| `else_by_words` | something else, by its words | yes |
| `unread` | perhaps about anything, or its words may tell of a fact | no |
| `read` | an Observation with a fact's code, and its value is read | yes |
| `unit_refused` | one whose unit the fact does not have | no |
| `words_refused` | one whose value is words that are not understood | no |
| `value_refused` | one whose number does not say what is asked, or can't be | no |
| `unknown_code` | one whose code is of a system that is not known, or that has none | no |
| `no_fact` | one with a known code that no fact has | not counted |
| `no_value` | one with a fact's code and no value | not counted |
| `malformed` | one that could not be read as FHIR | no |
"""

import re
from typing import Literal, NamedTuple

Outcome = Literal[
    "fact",
    "hint",
    "else",
    "else_by_words",
    "unread",
    "read",
    "unit_refused",
    "words_refused",
    "value_refused",
    "unknown_code",
    "no_fact",
    "no_value",
    "malformed",
]
OUTCOMES: dict[Outcome, bool | None] = {
    "fact": True,
    "hint": True,
    "else": True,
    "else_by_words": True,
    "unread": False,
    "read": True,
    "unit_refused": False,
    "words_refused": False,
    "value_refused": False,
    "unknown_code": False,
    "no_fact": None,
    "no_value": None,
    "malformed": False,
}
"""Whether each is understood; `None` where there was nothing for a rule to read."""
BECAME: dict[Outcome, str] = {
    "fact": "fact",
    "hint": "hint",
    "else": "something else",
    "else_by_words": "something else by its words",
    "unread": "unread",
    "read": "fact read",
    "unit_refused": "unit refused",
    "words_refused": "value words refused",
    "value_refused": "value refused",
    "unknown_code": "no known code",
    "no_fact": "no fact's code",
    "no_value": "no value",
    "malformed": "malformed",
}
"""What people are told of each."""

_LONGEST = {"system": 200, "code": 100, "words": 200, "unit": 40, "value": 60}
_DATE_OR_NUMBER = re.compile(
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(T[\d:.+Z-]*)?|\d{6,}|\S+@\S+|\+?\d[\d /()-]{6,}\d", re.IGNORECASE
)
_DIGITS = re.compile(r"\d+")


class Sighting(NamedTuple):
    """A kind of entry as a feed has it, to be counted.

    `kind` is the resource type. `typed`: the words were typed and are no code's display. `value`: the value where it is
    words, digits as `#`. `facts`: of which it is, or may be.
    """

    kind: str
    outcome: Outcome
    system: str = ""
    code: str = ""
    words: str = ""
    typed: bool = False
    unit: str = ""
    value: str = ""
    facts: tuple[str, ...] = ()

    def clipped(self) -> "Sighting":
        """As it may be kept: no longer than a name is, and without what looks like a date, a number of a person's or an
        address."""
        return self._replace(
            system=self.system.strip()[: _LONGEST["system"]],
            code=self.code.strip()[: _LONGEST["code"]],
            words=_masked(self.words, "words"),
            unit=_masked(self.unit, "unit"),
            value=_DIGITS.sub("#", _masked(self.value, "value")),
        )


def _masked(text: str, what: str) -> str:
    plain = " ".join(text.split())
    masked = _DATE_OR_NUMBER.sub("…", plain)
    longest = _LONGEST[what]
    return masked if len(masked) <= longest else masked[: longest - 1] + "…"
