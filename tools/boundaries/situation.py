"""One way for a fact to be: in the rule author's words, and as FHIR resources that say the same."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from cds_service.errors import CdsError
from cds_service.facts.catalogue import Catalogue
from cds_service.facts.fact import Fact
from cds_service.logic import Truth3
from cds_service.rule_tools.cases import StatementError, documents_of, read_fact

Json = dict[str, Any]
TruthWord = Literal["true", "false", "unknown"]
TRUTH_WORDS: Mapping[Truth3, TruthWord] = {True: "true", False: "false", None: "unknown"}


class BoundaryError(CdsError):
    """This tool contradicts itself: a fault of it, not of a rule."""


@dataclass(frozen=True, slots=True)
class Situation:
    """`stated`: fact to statement, records of an event fact as a list. `resources` lack an id and the patient.

    `patient` are elements of the Patient. `silent` are facts of which nothing counts on record, so that a value may be
    presumed. `holds` is what a comparison must come out as by plain arithmetic, where that is said: "true", "false" or
    "unknown".
    """

    label: str
    stated: Mapping[str, Any]
    resources: tuple[Json, ...] = ()
    patient: Mapping[str, str] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    holds: TruthWord | None = None

    def holding(self, truth: Truth3) -> "Situation":
        """The same, with what a comparison must come out as."""
        return replace(self, holds=TRUTH_WORDS[truth])


def together(situations: Iterable[Situation]) -> Situation:
    """Several facts at once. Records of one event fact that several situations bring along are all on record."""
    stated: dict[str, Any] = {}
    resources: tuple[Json, ...] = ()
    patient: dict[str, str] = {}
    silent: frozenset[str] = frozenset()
    labels = []
    for item in situations:
        for name, statement in item.stated.items():
            known = stated.get(name)
            both = isinstance(known, list) and isinstance(statement, list)
            stated[name] = [*known, *statement] if both and known is not None else statement
        resources += item.resources
        patient |= item.patient
        silent |= item.silent
        labels.append(item.label)
    return Situation("; ".join(labels), stated, resources, patient, silent)


class Documents:
    """Makes fact documents of situations, each statement being read once."""

    def __init__(self, catalogue: Catalogue, as_of: date) -> None:
        self.catalogue = catalogue
        self.as_of = as_of
        self._facts: dict[tuple[str, str], Fact | None] = {}

    def closed(self, situation: Situation) -> Mapping[str, Any]:
        """The document under the closed world."""
        facts = [self._fact(name, statement) for name, statement in situation.stated.items()]
        return documents_of(fact for fact in facts if fact is not None).closed

    def _fact(self, name: str, statement: Any) -> Fact | None:
        key = (name, json.dumps(statement))
        if key not in self._facts:
            try:
                self._facts[key] = read_fact(name, statement, self.catalogue, self.as_of)
            except StatementError as fault:
                raise BoundaryError(f"{name} = {statement!r}: {fault}") from fault
        return self._facts[key]
