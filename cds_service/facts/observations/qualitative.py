"""Answers in words and codes: positive, negative or indeterminate (`rules/facts/qualitative.json`).

Only what the table lists is understood, in its exact spelling but for case, blanks and punctuation. High, low, normal
and abnormal say nothing about presence and are not in it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue import CodeSystems, Key, finding
from cds_service.fhir import CodeableConcept
from cds_service.rule_files import invalid, pointer, read_json

Answer = Literal["positive", "negative", "indeterminate"]
ANSWERS: tuple[Answer, ...] = ("positive", "negative", "indeterminate")

_IGNORED = re.compile(r"[\s\-_.,*!:;()\[\]]+")
_LONGEST = 80


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


class QualitativeTable(_Strict):
    """`rules/facts/qualitative.json`: answers by code (code to display) and by spelling."""

    schema_: str = Field(default="", alias="$schema")
    codes: tuple[_Codes, ...] = ()
    texts: _Texts = _Texts()


class Qualitative:
    """The table, as look-ups by code and by spelling."""

    def __init__(self, table: QualitativeTable, systems: CodeSystems) -> None:
        self._systems = systems
        self._codes: dict[Key, Answer] = {}
        self._texts: dict[str, Answer] = {}
        for answer in ANSWERS:
            for group in table.codes:
                for code in getattr(group, answer):
                    self._codes.update((systems.key(system, code), answer) for system in group.systems)
            self._texts.update((_folded(text), answer) for text in getattr(table.texts, answer))

    @property
    def codes(self) -> frozenset[Key]:
        """The codes that it understands."""
        return frozenset(self._codes)

    def of_text(self, text: str | None) -> Answer | None:
        """The answer that a text is, if it is one."""
        if text is None or len(text) > _LONGEST:
            return None
        return self._texts.get(_folded(text))

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
        return frozenset(coded | {found for text in texts if (found := self.of_text(text)) is not None})

    def of_concepts(self, concepts: Iterable[CodeableConcept]) -> frozenset[Answer]:
        return frozenset().union(*(self.of_concept(concept) for concept in concepts))


def load_qualitative(rules_dir: Path, systems: CodeSystems) -> tuple[Qualitative, tuple[Finding, ...]]:
    """`rules_dir/facts/qualitative.json`; without it no answer is understood."""
    path = rules_dir / "facts" / "qualitative.json"
    if not path.is_file():
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
            other = seen.setdefault(_folded(text), answer)
            if other != answer or not _folded(text):
                yield pointer(["texts", answer, index]), f"{text!r} is also {other}" if _folded(text) else "is empty"
    for index, group in enumerate(table.codes):
        for code in (group.positive.keys() & group.negative.keys()) | (
            (group.positive.keys() | group.negative.keys()) & group.indeterminate.keys()
        ):
            yield pointer(["codes", index]), f"{code!r} has two answers"


def _folded(text: str) -> str:
    return _IGNORED.sub("", text.casefold())
