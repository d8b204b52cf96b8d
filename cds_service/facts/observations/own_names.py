"""Answers that say what they are of: `HBsAg negative`, `Negative for HBsAg`, `乙肝表面抗原阴性`.

The fact's own names go, with what stands between a name and an answer; all the rest must be understood as ever. Another
analyte's name is not among them, so that a text about two is not understood.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from cds_service.facts.observations.observations import ObservationOrComponent
from cds_service.facts.observations.written import plain
from cds_service.facts.recent import Recent
from cds_service.fhir import CodeableConcept, Coding

_LONGEST = 120
_MOST_REMEMBERED = 500
_BETWEEN = re.compile(r"[\s\-_]+")


class AnalyteNames:
    """The names of one fact, and the words that may stand beside them (`for`, `is`, `test`)."""

    def __init__(self, names: Iterable[str], beside: Iterable[str]) -> None:
        named = "|".join(map(_pattern, sorted({plain(name) for name in names}, key=len, reverse=True)))
        # A dash between a name and a word is no sign: `HBsAg-positiv`, `HBsAg - positive`; `HBsAg -` is one.
        self._name = (
            re.compile(rf"(?:(?<=[^\W\d_])\s*[-:,]\s*)?(?:{named})\s*(?:[:=]|-(?=\s*[^\W\d_]))?") if named else None
        )
        words = "|".join(map(_pattern, sorted({plain(word) for word in beside}, key=len, reverse=True)))
        self._beside = re.compile(words) if words else None
        self._left: Recent[str, str] = Recent(_MOST_REMEMBERED)

    def without(self, text: str | None) -> str | None:
        """The text without the fact's own names; as it stands where it has none."""
        if text is None or self._name is None or len(text) > _LONGEST:
            return text
        return self._left.get(text, lambda: self._without(text))

    def _without(self, text: str) -> str:
        said = plain(text)
        left = said if self._name is None else self._name.sub(" ", said)
        if left == said:
            return text
        left = left if self._beside is None else self._beside.sub(" ", left)
        return " ".join(left.split()) or text

    def taken_from(self, saying: ObservationOrComponent) -> ObservationOrComponent:
        """A saying whose value is told without the names."""
        if self._name is None:
            return saying
        if saying.value_string is not None:
            left = self.without(saying.value_string)
            return saying if left == saying.value_string else replace(saying, value_string=left)
        if saying.value_codeable_concept is not None:
            concept = self.of_concept(saying.value_codeable_concept)
            if concept is not saying.value_codeable_concept:
                return replace(saying, value_codeable_concept=concept)
        return saying

    def of_concept(self, concept: CodeableConcept) -> CodeableConcept:
        """A concept whose words are told without the names; the same one where they have none."""
        text = self.without(concept.text)
        coding = tuple([replace(one, display=self.without(one.display)) for one in concept.coding])
        is_same = text == concept.text and all(map(_is_same, coding, concept.coding))
        return concept if is_same else replace(concept, text=text, coding=coding)

    def in_code(self, code: CodeableConcept | None) -> Iterator[str]:
        """What a code's words say beside the fact's own name: of `HBsAg negative` it is `negative`."""
        words = () if code is None else (code.text, *(one.display for one in code.coding))
        for text in words:
            left = self.without(text)
            if left is not None and left != text:
                yield left


def _is_same(one: Coding, other: Coding) -> bool:
    return one.display == other.display


def _pattern(name: str) -> str:
    """A name with blanks, hyphens or nothing between its words, as a word of its own where letters are Latin."""
    body = r"[\s\-_]*".join(re.escape(part) for part in _BETWEEN.split(name) if part)
    before = r"(?<![a-z0-9])" if name[:1].isascii() and name[:1].isalnum() else ""
    behind = r"(?![a-z0-9])" if name[-1:].isascii() and name[-1:].isalnum() else ""
    return f"{before}{body}{behind}"
