"""Lists of events by fact, from all entries that certainly or perhaps speak of it, and what may be missing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cds_service.facts.acts import device_entry, device_use_entry, immunization_entry, procedure_entry, study_entry
from cds_service.facts.coded import EventCodes, Match
from cds_service.facts.conditions import allergy_entry, condition_entry
from cds_service.facts.courses import with_courses
from cds_service.facts.entries import Entry, event, past
from cds_service.facts.fact import Event, Events, Reason
from cds_service.facts.knowledge import FactKnowledge
from cds_service.facts.medications import Use, medication_use
from cds_service.facts.routes import Match as RouteMatch
from cds_service.facts.specs import EventsFact
from cds_service.fhir.decode import Malformed
from cds_service.fhir.record import Record

# Resource types that hold the events of each kind. Absence needs the first ones whole; the others, which are not asked
# for over HTTP, only must not have come in part.
_TYPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Condition": (("Condition",), ()),
    "Medication": (("MedicationRequest", "MedicationStatement"), ("MedicationAdministration",)),
    "Procedure": (("Procedure",), ()),
    "Immunization": (("Immunization",), ()),
    "AllergyIntolerance": (("AllergyIntolerance",), ()),
    "Device": (("Device",), ("DeviceUseStatement",)),
    "ResearchSubject": (("ResearchSubject",), ()),
}


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry, and for a drug what tells its route."""

    entry: Entry
    use: Use | None = None


def collect(record: Record, knowledge: FactKnowledge, names: frozenset[str], as_of: date) -> dict[str, Events]:
    """The events of every event fact among `names`. The order of the record never matters."""
    found: dict[str, Events] = {}
    for resource, (needed, extra) in _TYPES.items():
        codes = knowledge.event_codes(resource, names)
        if not codes.facts:
            continue
        items: dict[str, list[Event]] = {spec.name: [] for spec in codes.facts}
        specs = {spec.name: spec for spec in codes.facts}
        unreadable = False
        for item in _entries((*needed, *extra), codes, record, as_of):
            unreadable = unreadable or not item.entry.coded.readable
            for name, match in item.entry.coded.matches.items():
                items[name] += _events(item, match, specs[name], knowledge)
        gaps = _gaps(resource, needed, extra, codes, record)
        for spec in codes.facts:
            gap = gaps.get(spec.name) or (
                "incomplete_record" if unreadable and resource != "ResearchSubject" and spec.valuesets else None
            )
            listed = with_courses(items[spec.name]) if resource == "Medication" else items[spec.name]
            complete = gap is None and spec.absence == "presumed_absent"
            found[spec.name] = Events(tuple(sorted(listed, key=_order)), complete, gap)
    return found


def _entries(types: Iterable[str], codes: EventCodes, record: Record, as_of: date) -> Iterator[_Item]:
    patient = record.patient
    readers: dict[str, Callable[[Any], Entry | Use | None]] = {
        "Condition": lambda view: condition_entry(view, codes, patient, as_of),
        "AllergyIntolerance": lambda view: allergy_entry(view, codes, patient, as_of),
        "MedicationRequest": lambda view: medication_use(view, codes, record, as_of),
        "MedicationStatement": lambda view: medication_use(view, codes, record, as_of),
        "MedicationAdministration": lambda view: medication_use(view, codes, record, as_of),
        "Procedure": lambda view: procedure_entry(view, codes, patient, as_of),
        "Immunization": lambda view: immunization_entry(view, codes, as_of),
        "Device": lambda view: device_entry(view, codes),
        "DeviceUseStatement": lambda view: device_use_entry(view, codes, record, as_of),
        "ResearchSubject": lambda view: study_entry(view, codes, as_of),
    }
    for type in types:
        read = readers[type]
        for view in record.resources.get(type, ()):
            made = read(view)
            if isinstance(made, Use):
                yield _Item(made.entry, made)
            elif made is not None:
                yield _Item(made)


def _events(item: _Item, match: Match, spec: EventsFact, knowledge: FactKnowledge) -> Iterator[Event]:
    made = event(item.entry, match)
    if item.use is not None:
        counts = _route_counts(item.use, match, spec, knowledge)
        if counts is False:
            return
        if counts is None and made.sure:
            made = replace(made, sure=False, hint="unconfirmed")
        elif counts and item.entry.doubt is None and _is_settled_by_route(match, spec, knowledge):
            made = replace(made, sure=True, hint=None)
    yield made
    if match.contested:
        yield past(event(item.entry, Match("main", coding=match.coding)))


def _is_settled_by_route(match: Match, spec: EventsFact, knowledge: FactKnowledge) -> bool:
    """Whether nothing but the route left open that the record counts."""
    if match.role != "hint" or match.key is None or spec.by_route is None:
        return False
    return spec.by_route in knowledge.valuesets.members(match.key)


def _route_counts(use: Use, match: Match, spec: EventsFact, knowledge: FactKnowledge) -> bool | None:
    """Whether a drug counts for the fact by the route it is given."""
    routes = knowledge.routes
    stated: frozenset[str] = frozenset().union(*(routes.stated(dosage.route) for dosage in use.dosages))
    how: RouteMatch = "main" if match.role in {"main", "history"} else "text" if match.role == "text" else "hint"
    if spec.route is None:
        return routes.counts(None, stated, how)
    stated = stated or routes.of_form(use.form)
    display = "" if match.key is None else knowledge.valuesets.display(match.key)
    if not stated and not routes.in_words([display]):
        instructions = [dosage.text for dosage in use.dosages if dosage.text]
        stated = routes.in_words(use.words) or routes.in_words(instructions)
    return routes.counts(spec.route, stated, how)


def _gaps(
    resource: str, needed: tuple[str, ...], extra: tuple[str, ...], codes: EventCodes, record: Record
) -> dict[str, Reason]:
    """Why absence may not be presumed, by fact."""
    missing = [record.gaps.get(type, "not_supplied") for type in needed if type not in record.whole]
    missing += [gap for type in extra if (gap := record.gaps.get(type)) == "incomplete_record"]
    if missing:
        reason: Reason = "not_supplied" if "not_supplied" in missing else "incomplete_record"
        return {spec.name: reason for spec in codes.facts}
    found: dict[str, Reason] = {}
    for item in record.malformed:
        if item.type in {*needed, *extra}:
            for name in _could_be(item, codes):
                found[name] = "incomplete_record"
    return found


def _could_be(item: Malformed, codes: EventCodes) -> Iterable[str]:
    """The facts that an unreadable entry may speak of: those its code names, or all if that cannot be read either."""
    if item.code is None:
        return [spec.name for spec in codes.facts]
    coded = codes.read((item.code,))
    return coded.matches if coded.readable else [spec.name for spec in codes.facts]


def _order(item: Event) -> tuple[Any, ...]:
    """What is certain and current first, then the newest. What compares equal is equal, so that the order of the record
    cannot show."""
    past = {True: 0, None: 1, False: 2}[item.active]
    return (not item.sure, past, item.start.lo, item.end.lo, item.start.hi, item.end.hi, item.evidence)
