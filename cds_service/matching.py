"""Matching: a pure function from a patient's record and the rules to a verdict for every trial."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from types import MappingProxyType

from cds_service.deadline import NEVER, Deadline, OutOfTime
from cds_service.errors import Issue
from cds_service.facts import FactReader, FactSheet
from cds_service.facts.fact import Age, Events, Fact, World
from cds_service.fhir import Gap, Record
from cds_service.library import Library
from cds_service.logic import Overlaid
from cds_service.trials import AGE, CHUNK, SEX, IndexedPatient, TrialResult

_MANY = 250
"""Number of events of one fact per which the trials evaluated at once become fewer."""


@dataclass(frozen=True, slots=True)
class Match:
    """The result of matching one patient's record against all trials on one day.

    * `trials`: a result for every trial that was evaluated, eligible or not, in the library's order.
    * `screened_out`: how many can't fit and were not evaluated: drafts, retired trials, and what the index rules out.
    * `timed_out`: the ids of those that were not evaluated because time ran out.
    * `gaps`: the resource types that the library's rules rest on and that are incomplete, with the reasons.
    """

    as_of: date
    patient_id: str
    deceased: bool
    issues: tuple[Issue, ...]
    sheet: FactSheet
    library: Library
    trials: tuple[TrialResult, ...]
    gaps: Mapping[str, Gap] = field(default_factory=dict)
    screened_out: int = 0
    timed_out: tuple[str, ...] = ()


def match(
    record: Record,
    library: Library,
    as_of: date,
    stated: Mapping[str, Fact] = MappingProxyType({}),
    *,
    candidates_only: bool = False,
    near: bool = False,
    deadline: Deadline = NEVER,
) -> Match:
    """Match one record against all trials as of a calendar date.

    `stated` facts are put in place of what the record says, to ask what would be if they were so. `candidates_only`
    leaves out the trials that can't have a card for this patient, unevaluated; with `near` those stay that would fit at
    another age. Once the `deadline` is over the rest of the trials is left out. Where it is over
    while the record is turned into facts, `OutOfTime` is raised: no trial can be judged by a part of them.
    No clock, no settings, no global state: the same arguments give the same result. Never raises for what a record
    holds: a fact that can't be read is unknown, with the reason.
    """
    compiled = library.compiled
    reader = FactReader(record, library.facts, as_of, stated, deadline)
    if candidates_only:
        places = compiled.index.candidates(indexed(reader, library), near=near)
        sheet = reader.sheet(compiled.facts_of(places))
    else:
        places = list(range(len(compiled.stored)))
        sheet = reader.sheet(library.facts_read)
    together = max(1, CHUNK // (1 + sheet.most_events // _MANY))
    documents = _documents(sheet)
    trials = compiled.evaluate(*documents, as_of, places, deadline, together=together)
    return Match(
        as_of=as_of,
        patient_id=record.patient.id if record.patient is not None and record.patient.id else "",
        deceased=sheet.deceased,
        issues=(*record.issues, *sheet.issues),
        sheet=sheet,
        library=library,
        trials=trials,
        gaps={name: gap for name, gap in {**sheet.gaps, **record.gaps}.items() if name in library.types_read},
        screened_out=len(compiled.stored) - len(places),
        timed_out=tuple(compiled.stored[place].id for place in places[len(trials) :]),
    )


def undecided(match: Match) -> bool:
    """Whether an active trial is, or may be, undetermined: it has no card only because its diagnosis is not certain.

    Trials that the index has ruled out are evaluated until one is found. Where no time is left for that, the answer is
    True: there may be one.
    """
    if match.deceased:
        return False
    if match.timed_out or any(t.trial.state == "active" and t.verdict == "undetermined" for t in match.trials):
        return True
    try:
        return _any_undetermined(match)
    except OutOfTime:
        return True


def whole_lists(match: Match) -> frozenset[str]:
    """The event facts that some gate names and whose lists are complete: there are no entries but those on record."""
    names = match.library.compiled.index.gate_facts
    sheet = match.sheet.reader.sheet(names)
    values = {name: sheet[name].value for name in names}
    return frozenset(name for name, value in values.items() if isinstance(value, Events) and value.whole("closed"))


def _any_undetermined(match: Match) -> bool:
    compiled, reader = match.library.compiled, match.sheet.reader
    patient = indexed(reader, match.library)
    done = frozenset(result.trial.id for result in match.trials)
    undetermined = compiled.index.undetermined(patient, whole_lists(match))
    left = (place for place in undetermined if compiled.stored[place].id not in done)
    taken = 1
    while now := list(islice(left, taken)):
        if reader.deadline.is_over():
            return True
        sheet = reader.sheet(compiled.facts_of(now))
        found = compiled.evaluate(*_documents(sheet), match.as_of, now)
        if any(trial.verdict == "undetermined" for trial in found):
            return True
        taken = min(2 * taken, CHUNK)
    return False


def overlaid(sheet: FactSheet, world: World) -> Overlaid:
    """The fact document of a world for rules to be evaluated on, at the cost of what is on record."""
    found = sheet.differences(world)
    return Overlaid(found.shared, found.document, found.changed)


def _documents(sheet: FactSheet) -> tuple[Overlaid, Overlaid]:
    return overlaid(sheet, "closed"), overlaid(sheet, "open")


def indexed(reader: FactReader, library: Library) -> IndexedPatient:
    """The facts of a patient by which the index selects trials."""
    about = reader.sheet((AGE, SEX))
    age, sex = (about[name].value if name in library.catalogue.facts else None for name in (AGE, SEX))
    return IndexedPatient(
        reader.on_record(), age if isinstance(age, Age) else None, sex if isinstance(sex, str) else None
    )
