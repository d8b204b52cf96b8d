"""Answers in words, signs and codes: positive, negative or indeterminate (`rules/facts/qualitative.json`).

Only what the table lists is understood, in its exact spelling but for case, blanks and punctuation, alone or beside a
number (`written`). High, low, normal and abnormal say nothing about presence and are not among the answers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue import CodeSystems, Key, finding
from cds_service.facts.observations.written import Answer, Comparator, ValueVocabulary, WrittenValue, folded
from cds_service.fhir import CodeableConcept
from cds_service.rule_files import invalid, is_there, pointer, read_json

ANSWERS: tuple[Answer, ...] = ("positive", "negative", "indeterminate")
_LOGARITHM = re.compile(r"(?:log|lg)(?:10)?(?!in)")
_FLAGS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_MOST_REMEMBERED = 5_000
_LONGEST_REMEMBERED = 120


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Codes(_Strict):
    systems: tuple[str, ...] = Field(min_length=1)
    positive: dict[str, str] = {}
    negative: dict[str, str] = {}
    indeterminate: dict[str, str] = {}


class _Texts(_Strict):
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    indeterminate: tuple[str, ...] = ()


class _Index(_Strict):
    """Units of an index, the signal divided by that of the cut-off. `by_one`: positive from 1 on by its definition."""

    units: tuple[str, ...] = ()
    by_one: tuple[str, ...] = ()


class QualitativeTable(_Strict):
    """`rules/facts/qualitative.json`: answers by code (code to display) and by spelling; and what may stand beside a
    number: words for a comparator (`…` before those that stand behind it), flags, the units of an index."""

    schema_: str = Field(default="", alias="$schema")
    codes: tuple[_Codes, ...] = ()
    texts: _Texts = _Texts()
    comparators: dict[Comparator, tuple[Annotated[str, Field(pattern=r"\S")], ...]] = {}
    flags: tuple[str, ...] = ()
    index: _Index = _Index()
    beside_names: dict[str, tuple[Annotated[str, Field(pattern=r"\S")], ...]] = Field(
        default={}, description="By language: words that may stand between an answer and what it is of (`for`, `is`)."
    )


class Qualitative:
    """The table, as look-ups by code and by spelling."""

    def __init__(self, table: QualitativeTable, systems: CodeSystems) -> None:
        self._systems = systems
        self._codes: dict[Key, Answer] = {}
        texts: dict[str, Answer] = {}
        for answer in ANSWERS:
            for group in table.codes:
                for code in getattr(group, answer):
                    self._codes.update((systems.key(system, code), answer) for system in group.systems)
            texts.update((folded(text), answer) for text in getattr(table.texts, answer))
        self.vocabulary = ValueVocabulary(texts, table.comparators, table.flags)
        self._index = frozenset(map(folded, (*table.index.units, *table.index.by_one)))
        self._by_one = frozenset(map(folded, table.index.by_one))
        self.beside_names = tuple(word for words in table.beside_names.values() for word in words)
        self._written: dict[str, WrittenValue | None] = {}

    @property
    def codes(self) -> frozenset[Key]:
        """The codes that it understands."""
        return frozenset(self._codes)

    def written(self, text: str | None) -> WrittenValue | None:
        """A text taken apart; `None` where it is not understood."""
        if text is None:
            return None
        try:
            return self._written[text]
        except KeyError:
            found = self.vocabulary.split(text)
            if len(self._written) < _MOST_REMEMBERED and len(text) < _LONGEST_REMEMBERED:
                self._written[text] = found
            return found

    def of_text(self, text: str | None) -> frozenset[Answer]:
        """The answers that stand in a text, none where it is not understood. Two contradict each other."""
        found = self.written(text)
        if found is None or (found.unit and not self.vocabulary.has_plain_unit(found)):
            return frozenset()
        return found.answers

    def is_index(self, units: Iterable[str], *, by_one: bool = False) -> bool:
        """Whether one of these spellings is the unit of an index; `by_one`: of one that is positive from 1 on."""
        known = self._by_one if by_one else self._index
        return any(folded(unit) in known for unit in units)

    def is_logarithm(self, unit: str) -> bool:
        """Whether a unit is one of log₁₀: `log10 IU/mL`, `{Log_copies}/mL`."""
        return _LOGARITHM.match(folded(unit)) is not None

    def of_concept(self, concept: CodeableConcept | None, own: Mapping[Key, Answer] | None = None) -> frozenset[Answer]:
        """Every answer that a concept gives: two different ones contradict each other, none is not understood.

        A fact's `own` codes go before the table's. Displays are read only where no coding is understood.
        """
        if concept is None:
            return frozenset()
        keys = self._systems.keys(concept.coding)
        coded = {own[key] for key in keys if own is not None and key in own}
        coded |= {self._codes[key] for key in keys if key in self._codes and not (own is not None and key in own)}
        texts = [concept.text] if coded else [concept.text, *(coding.display for coding in concept.coding)]
        return frozenset(coded).union(*(self.of_text(text) for text in texts))

    def of_concepts(self, concepts: Iterable[CodeableConcept]) -> frozenset[Answer]:
        return frozenset().union(*(self.of_concept(concept) for concept in concepts))

    def of_flags(self, concepts: Sequence[CodeableConcept]) -> frozenset[Answer]:
        """The answers that interpretations give.

        A code without a system is one of HL7's, to which the element is bound
        (https://hl7.org/fhir/R4/valueset-observation-interpretation.html).
        """
        found = self.of_concepts(concepts)
        bare = [coding.code for concept in concepts for coding in concept.coding if coding.code and not coding.system]
        keys = (self._systems.key(_FLAGS, code) for code in bare)
        return found | {self._codes[key] for key in keys if key in self._codes}


def load_qualitative(rules_dir: Path, systems: CodeSystems) -> tuple[Qualitative, tuple[Finding, ...]]:
    """`rules_dir/facts/qualitative.json`; without it no answer is understood."""
    path = rules_dir / "facts" / "qualitative.json"
    if not is_there(path):
        return Qualitative(QualitativeTable(), systems), ()
    name = path.relative_to(rules_dir).as_posix()
    content, findings = read_json(path, name)
    try:
        table = QualitativeTable() if content is None else QualitativeTable.model_validate(content)
    except ValidationError as problem:
        table = QualitativeTable()
        findings += invalid(problem, name, QualitativeTable)
    findings += [finding("table-invalid", name, at, message) for at, message in _contradictions(table)]
    return Qualitative(table, systems), tuple(findings)


def _contradictions(table: QualitativeTable) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for answer in ANSWERS:
        for index, text in enumerate(getattr(table.texts, answer)):
            other = seen.setdefault(folded(text), answer)
            if other != answer or not folded(text):
                yield pointer(["texts", answer, index]), f"{text!r} is also {other}" if folded(text) else "is empty"
    for index, group in enumerate(table.codes):
        for code in (group.positive.keys() & group.negative.keys()) | (
            (group.positive.keys() | group.negative.keys()) & group.indeterminate.keys()
        ):
            yield pointer(["codes", index]), f"{code!r} has two answers"
