"""Which criteria of which trials wait for what did not arrive or could not be read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from cds_service.doctor.places import Places
from cds_service.doctor.report import NotArrived, TrialReport, Waiting
from cds_service.explanation import evidence_of
from cds_service.facts import types_read
from cds_service.facts.catalogue import REASONS
from cds_service.fhir import UndecodedResource
from cds_service.matching import Match
from cds_service.trials import CriterionResult, TrialResult

_NOT_SENT = frozenset({"not_supplied", "incomplete_record"})
_NOT_READ = frozenset(
    {
        *("unit_not_understood", "value_not_understood", "implausible", "no_reference_range", "undated"),
        *("uncoded_mention", "unread_entry", "malformed_entry", "other_method"),
    }
)
"""Why a fact is unknown that is about how something was sent. Any other reason is about the patient."""


def trial_reports(
    match: Match, lacking: Sequence[NotArrived], places: Places, keys: Mapping[str, str]
) -> tuple[TrialReport, ...]:
    """Every active trial that nothing rules out, and what each waits for. `keys`: of each resource type the client's
    prefetch key."""
    waiting = _Waiting(match, lacking, places, keys)
    return tuple(
        TrialReport(one.trial.id, one.trial.short_title, one.verdict, waiting.of(one))
        for one in match.trials
        if one.trial.state == "active" and one.verdict != "not_eligible"
    )


class _Waiting:
    def __init__(self, match: Match, lacking: Sequence[NotArrived], places: Places, keys: Mapping[str, str]) -> None:
        self._names = keys
        self._match = match
        self._places = places
        self._faulty: defaultdict[str, list[str]] = defaultdict(list)
        for place, found in places.found:
            if isinstance(found.item, UndecodedResource):
                self._faulty[found.entry.type].append(place)
        self._keys: dict[str, NotArrived] = {}
        for one in lacking:
            if not one.counts_as_none:
                self._keys.setdefault(one.type, one)
        self._types: dict[str, frozenset[str]] = {}

    def of(self, result: TrialResult) -> tuple[Waiting, ...]:
        """What a trial waits for, the most criteria first."""
        found: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        cohorts = (criterion for cohort in result.cohorts for criterion in cohort.criteria)
        for criterion in (*result.criteria, *cohorts):
            if criterion.outcome == "unknown":
                for cause in self._causes(criterion):
                    found[cause][criterion.criterion.id] = None
        ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        return tuple(Waiting(place, says, tuple(criteria)) for (place, says), criteria in ordered)

    def _causes(self, result: CriterionResult) -> Iterator[tuple[str, str]]:
        """Places in the request, each with why."""
        for entry in evidence_of(self._match, result.facts):
            reason, source = entry["reason"], entry["source"]
            if reason in _NOT_READ and source:
                for one in source.split(", "):
                    yield self._places.of(one) or "prefetch", _WORDS[reason]
            if reason in _NOT_SENT:
                for type_ in sorted(self._of(entry["name"])):
                    yield from self._not_sent(type_, reason)

    def _not_sent(self, type_: str, reason: str) -> Iterator[tuple[str, str]]:
        lack = self._keys.get(type_)
        if lack is not None:
            yield f"prefetch.{lack.key}", lack.says
        elif type_ in self._faulty:
            for place in self._faulty[type_]:
                yield place, _WORDS["malformed_entry"]
        elif type_ in self._match.gaps and type_ in self._names:
            yield f"prefetch.{self._names[type_]}", _WORDS[reason]

    def _of(self, name: str) -> frozenset[str]:
        if name not in self._types:
            types = types_read(self._match.library.catalogue, [name])
            # Of a patient every fact is said to rest on the Patient.
            self._types[name] = types if name.startswith("patient.") else types - {"Patient"}
        return self._types[name]


_WORDS: Mapping[str, str] = {
    reason: text[:1].lower() + text[1:].rstrip(".")
    for reason, text in REASONS.items()
    if reason in _NOT_READ | _NOT_SENT
}
