"""What a request's prefetch did not bring, key by key, and the line that brings it."""

from collections.abc import Iterator, Mapping

from cds_service.cds_hooks import LABELS, PrefetchedRecord, resource_type, scopes
from cds_service.cds_hooks.fallback import REQUIRED
from cds_service.doctor.places import ANOTHER_KEY, Places, shown_key
from cds_service.doctor.report import NotArrived
from cds_service.fhir import KeyReport, KeyState, Record

_SAYS = {
    "absent": "the request has no such key",
    KeyState.NULL.value: "is null: no answer can be given without it",
    KeyState.ERROR.value: "holds an error of the client or its FHIR server instead",
    KeyState.UNREADABLE.value: "holds nothing that can be read as that resource type",
    KeyState.EMPTY.value: "is empty",
}
_NULL_AS_NONE = "is null: it counts as none. Some clients send null where they can't make the query"
_NEXT_PAGE = "is one page of several: the others did not come"
_FILTERED = "answers a narrower search than the query: what that leaves out did not come"
_IN_PART = "brought a part: something in it is missing or can't be read"


def not_arrived(
    prefetched: PrefetchedRecord,
    record: Record,
    templates: Mapping[str, str],
    types_read: frozenset[str],
    own: Mapping[str, str],
) -> tuple[NotArrived, ...]:
    """Every key of `templates` that rules rest on and that came incomplete. `own`: what the client calls each key."""
    found = []
    for key, query in templates.items():
        type_ = resource_type(key) or ""
        if key not in REQUIRED and type_ not in types_read:
            continue
        for state, says, counts in _lacks(key, type_, prefetched, record):
            [scope] = scopes({key: query})
            found.append(NotArrived(own.get(key, key), query, scope, type_, state, says, counts))
    return tuple(found)


def missing_aliases(
    prefetched: PrefetchedRecord, aliases: Mapping[str, str], places: Places
) -> tuple[tuple[str, str], ...]:
    """Keys that the service does not know, each with the key of its own that its content belongs to.

    Only where that is one key, and nothing came under it. `aliases`: the client's, that are known already.
    """
    found = []
    for name, types in places.types.items():
        keys = {key for key in LABELS if resource_type(key) in types and key != resource_type(key)}
        if resource_type(aliases.get(name, name)) is None and shown_key(name) != ANOTHER_KEY and len(keys) == 1:
            [key] = keys
            if not prefetched.reports(key):
                found.append((name, key))
    return tuple(found)


def _lacks(key: str, type_: str, prefetched: PrefetchedRecord, record: Record) -> Iterator[tuple[str, str, bool]]:
    """How the key falls short: its state, that in words, and whether it counts as none all the same."""
    reports = prefetched.reports(key)
    is_there = record.patient is not None if key == "patient" else type_ in record.whole
    if not reports and not is_there:
        yield "absent", _SAYS["absent"], False
    for report in reports:
        state = report.state
        if state is KeyState.NULL:
            if key in REQUIRED:
                yield state.value, _SAYS[state.value], False
            elif not record.resources.get(type_):
                yield state.value, _NULL_AS_NONE, True
        elif state is KeyState.INCOMPLETE:
            yield state.value, _in_part(report), False
        elif not state.is_complete or (key == "patient" and record.patient is None):
            yield state.value, _SAYS[state.value], False


def _in_part(report: KeyReport) -> str:
    if report.is_filtered:
        return _FILTERED
    return _NEXT_PAGE if report.next_url is not None else _IN_PART
