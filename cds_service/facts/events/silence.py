"""What a record says it does not know: entries that name nothing, and empty lists of a document.

They are found before the entries are matched. Of a kind of which nothing is known, nothing may be presumed absent.
"""

from collections.abc import Iterable, Iterator, Set
from datetime import date
from typing import Any, NamedTuple

from msgspec import Struct

from cds_service.deadline import Deadline
from cds_service.errors import Issue
from cds_service.facts.catalogue import EventResource
from cds_service.facts.events.entries import source
from cds_service.facts.events.no_information import Kinds, NoInformation, NoInformationStatement
from cds_service.facts.events.readers import READERS
from cds_service.fhir import (
    CodeableConcept,
    DeviceUseStatement,
    Gap,
    ListedSection,
    Medication,
    Record,
    Reference,
    Resource,
    ResourceType,
    types_of_events,
)

_NOT_KNOWN = "says that nothing is known of"
_NONE = frozenset({"nilknown"})
"""https://hl7.org/fhir/R4/valueset-list-empty-reason.html: of all reasons the one that says that there is none."""


class Silence(Struct, frozen=True):
    """What is not known of a record.

    `unnamed`: the entries, by identity, that name nothing, each with whether nothing is known for it; `kinds`: those of
    which nothing is known; `gaps`: the same by resource type; `issues`: what is to be said about it.
    """

    unnamed: dict[int, bool]
    kinds: frozenset[EventResource]
    gaps: dict[str, Gap]
    issues: tuple[Issue, ...]


class _Found(Struct, frozen=True):
    view: Resource
    kind: EventResource
    statement: NoInformationStatement

    @property
    def kinds(self) -> Kinds:
        return self.statement.kinds or frozenset({self.kind})

    @property
    def label(self) -> str:
        return source(type(self.view).__name__, self.view.id)


def silence_of(
    record: Record, table: NoInformation, kinds: Iterable[EventResource], as_of: date, deadline: Deadline
) -> Silence:
    """What the entries of these kinds, and the record's lists, say is not known. Raises `OutOfTime`."""
    asked = tuple(kinds)
    noted = _Noted(set(), {}, [])
    asking = _Asking(record, table, deadline)
    found = [one for kind in asked for one in _statements(record, asking, kind, as_of, deadline)]
    for one in found:
        if one.statement.what == "unknown":
            own = {type(one.view).__name__} if one.kind in one.kinds else frozenset[str]()
            noted.note(one.kinds, one.label, "no_information", _NOT_KNOWN, own)
    for malformed in deadline.each(record.malformed):
        statement = None if malformed.said is None else table.of((malformed.said,))
        if statement is not None and statement.what == "unknown":
            noted.note(statement.kinds or frozenset(kind for kind in asked if malformed.type in _names(kind)))
    for section in deadline.each(record.sections):
        about = table.kinds_of(section.code)
        if about and _is_open(section, table):
            noted.note(about, section.place, "no_information", _NOT_KNOWN)
    for carrier in deadline.each(record.unread):
        about = frozenset(kind for kind in asked if kind == carrier.events)
        if about:
            noted.note(
                about, carrier.place, "unread_type", f"is of a type that is not read ({carrier.why}), and may hold"
            )
    noted.issues.extend(_contradicted(found, record, as_of, deadline))
    unnamed = {id(one.view): one.statement.what == "unknown" for one in found if one.statement.alone}
    return Silence(unnamed, frozenset(noted.kinds), noted.gaps, tuple(noted.issues))


class _Noted(NamedTuple):
    kinds: set[EventResource]
    gaps: dict[str, Gap]
    issues: list[Issue]

    def note(
        self, kinds: Kinds, label: str = "", code: str = "", what: str = "", types: Set[str] = frozenset()
    ) -> None:
        """Note kinds of which not all is known, by `types`, or all that are asked for; and say why, where that is to be
        said."""
        self.kinds.update(kinds)
        self.gaps.update(dict.fromkeys(types or _types(kinds), "incomplete_record"))
        if code:
            message = f"{what}: {', '.join(sorted(kinds))}; none of these is presumed absent"
            self.issues.append(Issue("warning", code, label, "", message))


class _Asking:
    """Asks each entry what it says. What several entries refer to is asked once."""

    def __init__(self, record: Record, table: NoInformation, deadline: Deadline) -> None:
        self._record, self._table, self._deadline = record, table, deadline
        # Thousands of uses may refer to one Medication with thousands of ingredients. What is kept stays the only one
        # of its identity.
        self._referred: dict[tuple[int, str | None], tuple[Any, NoInformationStatement | None]] = {}

    def statement(self, view: Any, row: ResourceType) -> NoInformationStatement | None:
        if isinstance(view, DeviceUseStatement):
            device = self._record.device_of(view, self._deadline)
            return self._of(device, [None if device is None else device.type], view.device)
        if row.code is None:
            return None
        concept: CodeableConcept | None = getattr(view, row.code)
        if row.drug is not None and concept is None:
            drug = self._record.medication_of(view, self._deadline)
            if not isinstance(drug, Medication):
                return None  # it was not sent: that is told by others
            return self._of(drug, _codes_of(drug), getattr(view, row.drug))
        if row.parts is None:
            return self._table.of((concept,))
        parts = [getattr(part, row.parts.code) for part in self._deadline.each(getattr(view, row.parts.element))]
        return self._table.of((concept, *parts))

    def _of(
        self, referred: Resource | None, concepts: Iterable[CodeableConcept | None], reference: Reference | None
    ) -> NoInformationStatement | None:
        called = None if reference is None else reference.display
        key = id(referred), called
        if key not in self._referred:
            # Thousands of ingredients may be one Substance, whose code is then the very same thing.
            once = {id(concept): concept for concept in self._deadline.each(concepts)}
            self._referred[key] = referred, self._table.of(once.values(), (called,))
        return self._referred[key][1]


def _codes_of(drug: Medication) -> Iterator[CodeableConcept | None]:
    yield drug.code
    for item in drug.ingredient:
        yield item.item_codeable_concept


def _statements(
    record: Record, asking: _Asking, kind: EventResource, as_of: date, deadline: Deadline
) -> Iterator[_Found]:
    for row in types_of_events(kind):
        views = record.resources.get(row.name)
        if not views:
            continue
        reader = READERS[row.name]
        for view in deadline.each(views):
            statement = asking.statement(view, row)
            # One that never counts, or not yet, says nothing.
            if statement is not None and reader.entry(view, record.patient, as_of) is not None:
                yield _Found(view, kind, statement)


def _is_open(section: ListedSection, table: NoInformation) -> bool:
    """Whether a list leaves it open what should stand on it.

    An empty one without a reason may hold in words what has no entry; it is closed where its words are known to say
    that there is none.
    """
    if section.empty_reason is not None:
        return section.empty_reason != _NONE
    return section.is_empty and table.in_words(section.text) not in {"none", "part"}


def _contradicted(found: list[_Found], record: Record, as_of: date, deadline: Deadline) -> Iterator[Issue]:
    """An issue for each that says there is none beside entries that count: the entries stand."""
    beside: dict[EventResource, bool] = {}
    unnamed = {id(one.view) for one in found if one.statement.alone}
    for one in found:
        if one.statement.what == "none":
            for kind in one.kinds:
                if kind not in beside:
                    beside[kind] = _has_entries(record, kind, unnamed, as_of, deadline)
                if beside[kind]:
                    message = "says that there is none, and there are entries; the entries count"
                    yield Issue("information", "none_beside_entries", one.label, "", message)


def _has_entries(record: Record, kind: EventResource, unnamed: set[int], as_of: date, deadline: Deadline) -> bool:
    return any(
        id(view) not in unnamed and READERS[name].entry(view, record.patient, as_of) is not None
        for name in _names(kind)
        for view in deadline.each(record.resources.get(name, ()))
    )


def _names(kind: EventResource) -> tuple[str, ...]:
    return tuple([row.name for row in types_of_events(kind)])


def _types(kinds: Kinds) -> Iterator[str]:
    """The resource types that are asked for, of some kinds."""
    return (row.name for kind in sorted(kinds) for row in types_of_events(kind) if row.prefetch is not None)
