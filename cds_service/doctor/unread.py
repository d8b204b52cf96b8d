"""What arrived and could not be read: codes, units and statuses, each with its place in the request."""

import re
from collections.abc import Iterable, Iterator, Mapping

from cds_service.doctor.places import Places
from cds_service.doctor.report import RequestFault, UnreadArrival
from cds_service.errors import Issue
from cds_service.facts import FactReaders
from cds_service.facts.catalogue import ISSUE_CODES as FACT_ISSUES
from cds_service.fhir import ISSUE_CODES as RECORD_ISSUES
from cds_service.fhir import CodeableConcept, Found, Record, codes_of
from cds_service.terminology.seen import HIDDEN, Sighting, not_understood

_SAYS: Mapping[str, str] = {
    "unread": "no value set lists its code, and its words are not understood",
    "unit_refused": "the fact does not have this unit",
    "words_refused": "its value is words that are not understood",
    "value_refused": "its number does not say what is asked, or can't be",
    "unknown_code": "its code is of a system that is not known, or it has none",
    "malformed": "it is malformed: an element is missing or has the wrong type",
}
"""By the outcome of an entry (`codes.OUTCOMES`)."""
FORGIVEN = frozenset({"lenient_json", "not_a_list", "odd_date"})
"""Issues about what is not as FHIR has it and is read all the same."""
# Told elsewhere: of a key in what did not arrive, of an entry by its outcome; or no fault of anybody's.
_ELSEWHERE = frozenset(
    {
        *("malformed_resource", "incomplete_bundle", "filtered_set", "operation_outcome", "unexpected_value"),
        *("unreadable_value", "older_version", "other_subject", "other_patient"),
    }
)
_STATUS = re.compile(r"[A-Za-z][A-Za-z-]{0,31}")
_TYPE = re.compile(r"[A-Z][A-Za-z]+(?=[/ ]|$)")
_ISSUES = {**FACT_ISSUES, **RECORD_ISSUES}


def unread_in(
    places: Places, record: Record, knowledge: FactReaders, issues: Iterable[Issue]
) -> tuple[UnreadArrival, ...]:
    """The entries that are not understood, in the order of the request, and those that an issue is about."""
    entries = [_entry(one.place, one.sighting) for one in not_understood(places.found, record, knowledge)]
    told = {one.place for one in entries}
    for one in _told(places, issues):
        # What the facts say of a result follows from what is wrong with its entry.
        if one.why not in FACT_ISSUES or one.place not in told:
            entries.append(one)
            told.add(one.place)
    return tuple(dict.fromkeys(entries))


def forgiven(places: Places, issues: Iterable[Issue]) -> tuple[RequestFault, ...]:
    """What was mended on the way."""
    found = (
        RequestFault("forgiven", _place(issue, places), _words(issue.code))
        for issue in issues
        if issue.code in FORGIVEN
    )
    return tuple(dict.fromkeys(found))


def _entry(place: str, sighting: Sighting) -> UnreadArrival:
    kind, shown = sighting.kind, _shown
    return UnreadArrival(
        place,
        kind,
        sighting.outcome,
        _SAYS[sighting.outcome],
        system=shown(sighting.system),
        code=shown(sighting.code),
        display=shown(sighting.words),
        unit=shown(sighting.unit),
    )


def _shown(text: str) -> str:
    return "" if text == HIDDEN else text


def _told(places: Places, issues: Iterable[Issue]) -> Iterator[UnreadArrival]:
    found = dict(places.found)
    for issue in issues:
        if issue.code in FORGIVEN or issue.code in _ELSEWHERE:
            continue
        place = _place(issue, places)
        status = _status(found.get(place), issue) if issue.code == "unknown_status" else ""
        yield UnreadArrival(place, _type(issue), issue.code, _words(issue.code), status=status)


def _words(code: str) -> str:
    """What an issue means, to stand after a colon."""
    text = _ISSUES.get(code, code)
    return text[:1].lower() + text[1:].rstrip(".")


def _place(issue: Issue, places: Places) -> str:
    return places.of(issue.resource) or "prefetch"


def _type(issue: Issue) -> str:
    found = _TYPE.match(issue.resource)
    return "" if found is None else found[0]


def _status(one: Found | None, issue: Issue) -> str:
    """The status as it was sent, where it looks like a code and not like words."""
    if one is None:
        return ""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", issue.element).lower()
    value = getattr(one.item, name, None)
    words = codes_of(value) if isinstance(value, CodeableConcept) else {value} if isinstance(value, str) else set()
    return ", ".join(sorted(word for word in words if _STATUS.fullmatch(word)))
