"""Reading a record from prefetch values, one key at a time, as the hook does.

What each value may be, and what it then means, is the table in CDS Hooks' prefetch section plus what clients really
send: `null`, an error in place of the answer, half an answer, a whole chart under one key, an HTML page.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import CdsError, Issue, RecordError
from cds_service.fhir.assemble import Assembly, Found, assemble, decode_entries
from cds_service.fhir.bundle import of_search, read_document
from cds_service.fhir.carriers import IncompleteResource
from cds_service.fhir.headers import HeaderBundle
from cds_service.fhir.json_text import as_utf8
from cds_service.fhir.reading import ParsedDocument
from cds_service.fhir.record import Gap, Record
from cds_service.fhir.references import Target
from cds_service.fhir.resource_types import RESOURCE_TYPES
from cds_service.fhir.scan import ObservationFilter, repeated_ids, sifted
from cds_service.fhir.searches import Values, values_of
from cds_service.fhir.sections import ListedSection
from cds_service.fhir.views import Patient

_PATIENT = frozenset({"Patient"})
_LONGEST_EMPTY = 100
_NO_QUERY: Values = MappingProxyType({})


class KeyState(Enum):
    """What a prefetch key held.

    `SUPPLIED`, `EMPTY` and `NULL` are complete answers (the last two: there is none), but for a type that is required
    `NULL` says nothing. `INCOMPLETE`: what came counts, but there may be more. `ERROR`: the client or its server
    failed. `UNREADABLE`: no FHIR, or another type of resource than was asked for.
    """

    SUPPLIED = "supplied"
    EMPTY = "empty"
    NULL = "null"
    INCOMPLETE = "incomplete"
    ERROR = "error"
    UNREADABLE = "unreadable"

    @property
    def is_complete(self) -> bool:
        return self in {KeyState.SUPPLIED, KeyState.EMPTY, KeyState.NULL}


@dataclass(frozen=True, slots=True)
class KeyReport:
    """One key: what it held, where its next page is (`None`: there is none), what was wrong with it, and whether it
    says that it answers a narrower search than its query. What was not as it should be and was read: `bare` entries of
    a Bundle, and whether it is an empty list, in place of an empty Bundle."""

    key: str
    state: KeyState
    next_url: str | None = None
    issues: tuple[Issue, ...] = ()
    is_filtered: bool = False
    bare: int = 0
    is_empty_list: bool = False


class MixedPatients(CdsError):  # noqa: N818 - it names the situation that the hook answers with 400
    """Resources of more than one patient in one request; `references` names those that are not the patient's."""

    def __init__(self, references: tuple[str, ...]) -> None:
        self.references = references
        super().__init__(f"{len(references)} resources are about another patient than the context's")


@dataclass(frozen=True, slots=True)
class _Key:
    expected: frozenset[str] | None
    report: KeyReport
    reading: ParsedDocument
    found: list[Found]


class RecordBuilder:
    """Collects prefetch values (or the answers to the queries that stand in for them) into one patient's `Record`."""

    def __init__(
        self,
        patient_id: str,
        base_url: str | None = None,
        interest: ObservationFilter | None = None,
        deadline: Deadline = NEVER,
        *,
        queries: Mapping[str, str] = MappingProxyType({}),
        required: frozenset[str] = frozenset(),
        is_strict: bool = False,
        split: Mapping[str, frozenset[str]] = MappingProxyType({}),
        called: Callable[[str], str] = str,
    ) -> None:
        """`patient_id`: `context.patientId`. `base_url`: `fhirServer`, to note references that name another server.

        `interest`: what is asked of Observations. Of a key that holds nothing else, those of which nothing is asked are
        left out, and what is wrong with these is not among the issues. Without it everything is read. `deadline` may
        end every method with `OutOfTime`. `queries`: by resource type, the query that is made for it; what a Bundle
        says to have been searched by besides leaves something out. `split`: the types whose query is made in parts,
        with the keys of all parts, by which `queries` has them too; `called` gives such a key for a key as it was sent.
        A type's own name as the key holds all parts. `required`: the types of which neither `null` nor
        `[]` says that there are none. `is_strict`: `[]` says so of no type, and an entry needs its `resource`.
        """
        self._required = required
        self._is_strict = is_strict
        self._deadline = deadline
        self._patient_id = patient_id
        self._base_url = base_url
        self._interest = interest
        self._queries = {name: values_of(query) for name, query in queries.items()}
        self._split = split
        self._called = called
        self._keys: dict[str, _Key] = {}
        self._built: Record | None = None

    def add(self, key: str, expected: frozenset[str] | None, *pages: bytes | str) -> KeyReport:
        """Read the value of one key; never raises on any value. Adding a key again replaces what it held.

        `expected`: the resource types that the key's query asks for; `None` where the key is not one of ours, and
        whatever is in it counts by its type. `pages`: the value as JSON, and the following pages of the same search as
        far as they were fetched.
        """
        self._deadline.spend()
        own = self._own(key, expected)
        heads = self._interest is not None
        place, bare = f"prefetch.{key}", not self._is_strict
        if bare and len(pages) == 1 and _is_empty_list(pages[0]):
            empty = self._required.isdisjoint(expected or ())
            none = KeyState.EMPTY if empty else KeyState.NULL
            return self._note(key, expected, ParsedDocument(""), none, is_empty_list=True)
        reading, state = _read_pages(place, pages, own, self._deadline, heads=heads, bare=bare)
        return self._note(key, expected, reading, state)

    def add_search(
        self, key: str, expected: frozenset[str] | None, search: HeaderBundle, text: Callable[[], bytes]
    ) -> KeyReport:
        """Like `add`, for the one page of a search that was decoded already; `text` gives its text."""
        reading = of_search(search, text, f"prefetch.{key}", own=self._own(key, expected), deadline=self._deadline)
        if reading is None:
            return self.add(key, expected, text())
        reading.settle()
        return self._note(key, expected, reading, None)

    def _own(self, key: str, expected: frozenset[str] | None) -> Values:
        """The parameters of the query for what is expected; none where it is no one type."""
        name = next(iter(expected or ()), "")
        part = self._called(key) if name in self._split else name
        return self._queries.get(part) or self._queries.get(name, _NO_QUERY)

    def _note(
        self,
        key: str,
        expected: frozenset[str] | None,
        reading: ParsedDocument,
        state: KeyState | None,
        *,
        is_empty_list: bool = False,
    ) -> KeyReport:
        self._built = None
        found = decode_entries(reading.entries, self._deadline)
        if state is None:
            state = _state(reading, expected, found)
            if state is KeyState.UNREADABLE:
                message = f"holds no readable {' or '.join(sorted(expected or ()))}".rstrip()
                reading.doubt("unexpected_value", f"prefetch.{key}", message)
        issues = tuple(reading.issues)
        report = KeyReport(
            key, state, reading.next_url, issues, reading.is_filtered, reading.bare, is_empty_list=is_empty_list
        )
        self._keys[key] = _Key(expected, report, reading, found)
        return report

    @property
    def keys(self) -> dict[str, KeyReport]:
        """The report on each key so far."""
        return {name: key.report for name, key in self._keys.items()}

    def build(self) -> Record:
        """The record. Raises `MixedPatients` where anything is about another patient.

        `Record.patient` is `None` where no key held a readable Patient.
        """
        if self._built is None:
            self._built = self._build()
        return self._built

    def _build(self) -> Record:
        assembly = self._assembly(self._interest)
        pages = [page for key in self._deadline.each(self._keys.values()) for page in key.reading.heads]
        if "Observation" not in assembly.resources and any(page.entries for page in pages):
            # None of those that had to be read counts; the others must not be missed for that.
            assembly = self._assembly(None)
        if assembly.strangers:
            raise MixedPatients(assembly.strangers)
        issues = [issue for key in self._deadline.each(self._keys.values()) for issue in key.report.issues]
        partial = set(assembly.resources).union(*(_in_part(key) for key in self._keys.values()))
        gaps: dict[str, Gap] = {
            name: "incomplete_record" if name in partial else "not_supplied"
            for name in RESOURCE_TYPES
            if not self._is_whole(name)
        }
        return assembly.record(gaps, issues, self._deadline)

    def _assembly(self, interest: ObservationFilter | None) -> Assembly:
        keys = self._keys.values()
        pages = [page for key in self._deadline.each(keys) for page in key.reading.heads]
        repeated = repeated_ids(pages, (one for key in keys for one in key.found)) if pages else frozenset()
        found: list[Found] = []
        addresses: dict[str, Target] = {}
        sections: list[ListedSection] = []
        unread: list[IncompleteResource] = []
        for key in self._deadline.each(keys):
            found += key.found
            addresses |= key.reading.addresses
            sections += key.reading.sections
            unread += key.reading.unread
            if key.reading.heads:
                found += sifted(key.reading.heads, interest, repeated, self._deadline)
        return assemble(
            found,
            addresses,
            self._patient_id,
            self._base_url,
            pages,
            sections=sections,
            unread=unread,
            deadline=self._deadline,
        )

    def _is_whole(self, name: str) -> bool:
        """A type is whole when every key that asks for it held a complete answer. Where no key asks for it, when every
        Bundle that brought some of it, under a key that is not ours, is complete. `null` for a type that is required
        is no answer, and alone as if its key had not been sent: it may be a query that the client could not make."""
        keys = self._keys.values()
        own = [key for key in self._deadline.each(keys) if key.expected is not None and name in key.expected]
        if name in self._required:
            silent = [key for key in own if key.report.state is KeyState.NULL]
            own = [] if len(silent) == len(own) else own
        else:
            silent = []
        if own and not self._has_all_parts(name, own):
            return False
        if own:
            return not silent and all(key.report.state.is_complete for key in own)
        others = [key for key in self._deadline.each(keys) if name in key.reading.types and _is_whole_chart(key)]
        return bool(others) and all(
            key.report.state is KeyState.SUPPLIED and name not in key.reading.left_out for key in others
        )

    def _has_all_parts(self, name: str, own: Iterable[_Key]) -> bool:
        sent = {self._called(key.report.key) for key in own}
        return name in sent or self._split.get(name, frozenset()) <= sent


def _in_part(key: _Key) -> frozenset[str]:
    """The types of which a key says that there is more than it brought. Of those that nobody asks for every value that
    is no complete answer says so: it would not have been sent for nothing."""
    if key.expected is None or key.report.state.is_complete:
        return frozenset()
    if key.report.state is KeyState.INCOMPLETE:
        return key.expected
    return frozenset(name for name in key.expected if RESOURCE_TYPES[name].asked_for is None)


def _is_whole_chart(key: _Key) -> bool:
    """A Bundle under a key that is not ours, or under `patient`, whose query asks for nothing but the Patient."""
    return key.reading.root == "Bundle" and key.expected in {None, _PATIENT}


def _is_empty_list(page: bytes | str) -> bool:
    if len(page) > _LONGEST_EMPTY:
        return False
    return b"".join((page.encode("utf-8", "replace") if isinstance(page, str) else page).split()) == b"[]"


def _read_pages(
    place: str, pages: tuple[bytes | str, ...], own: Values, deadline: Deadline, *, heads: bool, bare: bool
) -> tuple[ParsedDocument, KeyState | None]:
    """What all pages hold together (of Observations only the `heads`, if so asked); and the state, where the value is
    `null` or no FHIR at all."""
    try:
        if not pages or as_utf8(pages[0]) == b"null":
            return ParsedDocument(""), KeyState.NULL
        reading = read_document(pages[0], place, heads=heads, own=own, deadline=deadline, bare=bare)
    except RecordError as error:
        reading = ParsedDocument("")
        reading.doubt("unreadable_value", place, str(error).replace("the record", "the value"))
        return reading, KeyState.UNREADABLE
    for page in pages[1:]:
        try:
            page_read = read_document(page, place, heads=heads, own=own, deadline=deadline, bare=bare)
            reading.append_page(page_read)
        except RecordError as error:
            reading.doubt("unreadable_value", place, str(error).replace("the record", "a further page"))
    reading.settle()
    if reading.root == "OperationOutcome" and not reading.failed:
        # In place of the answer even a warning means that there was none.
        reading.failed = True
        reading.doubt("operation_outcome", place, "the server reported an error")
    return reading, None


def _state(reading: ParsedDocument, expected: frozenset[str] | None, found: list[Found]) -> KeyState:
    if reading.failed:
        return KeyState.ERROR
    if reading.root == "list":  # its resources count, but it is no answer to a query
        return KeyState.UNREADABLE
    if reading.doubts:
        return KeyState.INCOMPLETE
    if not reading.types:
        return KeyState.EMPTY
    if expected is not None and reading.types.isdisjoint(expected):
        return KeyState.UNREADABLE
    if expected == _PATIENT and not any(isinstance(one.item, Patient) for one in found):
        return KeyState.UNREADABLE
    return KeyState.SUPPLIED
