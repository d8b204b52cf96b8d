"""The prefetch of a request as a patient's record, or the refusal where no record can be made from it."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from cds_service.cds_hooks.leniency import BARE_ENTRY, EMPTY_LIST, Leniency
from cds_service.cds_hooks.outcome import HookError, RequestProblem
from cds_service.cds_hooks.prefetch import CONDITIONS, PATIENT, resource_type
from cds_service.cds_hooks.request import HookRequest
from cds_service.deadline import NEVER, Deadline
from cds_service.explanation import none_readable
from cds_service.fhir import KeyReport, KeyState, MixedPatients, ObservationFilter, Record, RecordBuilder

_REQUIRED = frozenset({"Patient", "Condition"})
_WHY = {
    KeyState.NULL: "it is null",
    KeyState.EMPTY: "it is empty",
    KeyState.ERROR: "it holds an error instead",
    KeyState.INCOMPLETE: "it is incomplete",
    KeyState.UNREADABLE: "it holds nothing that can be read as such",
    None: "it was not supplied",
}
_NOTHING = b'{"resourceType": "Bundle", "type": "searchset"}'
_ERROR = b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}'


class PrefetchedRecord:
    """The prefetch values of one request, key by key, and what was fetched in place of some of them."""

    def __init__(
        self,
        request: HookRequest,
        aliases: Mapping[str, str],
        observation_filter: ObservationFilter | None = None,
        deadline: Deadline = NEVER,
        *,
        templates: Mapping[str, str] = MappingProxyType({}),
        leniency: Leniency | None = None,
    ) -> None:
        """`aliases`: the client's prefetch keys that stand for one of the service's. `interest`: see RecordBuilder.

        `deadline` may end every method that reads with OutOfTime. `templates`: the prefetch templates, which say what
        a Bundle may have been searched for without leaving something out. `leniency`: what is forgiven, by default
        everything that can be.
        """
        self.request = request
        self.leniency = Leniency() if leniency is None else leniency
        self.failures: dict[str, str] = {}
        """Why a FHIR query did not bring (all of) a key, by the service's name for it."""
        self._aliases = aliases
        self._deadline = deadline
        queries = {resource_type(key) or "": query for key, query in reversed([*templates.items()])}
        types = [resource_type(key) for key in templates]
        self._split = {
            name: frozenset(key for key in templates if resource_type(key) == name)
            for name in types
            if name is not None and types.count(name) > 1
        }
        self._builder = RecordBuilder(
            request.patient_id,
            request.fhir_server,
            observation_filter,
            deadline,
            queries={**queries, **{key: templates[key] for keys in self._split.values() for key in keys}},
            split=self._split,
            called=self._own,
            required=_REQUIRED,
            is_strict=self.leniency.is_strict,
        )
        self._fetched: dict[str, tuple[bytes, ...]] = {}
        for label in request.prefetch:
            search = None if observation_filter is None else request.searches.get(label)
            if search is None:
                self._take_in(label)
            else:
                self._builder.add_search(label, self._expected(label), search, partial(self._sent, label))

    def reports(self, key: str) -> list[KeyReport]:
        """The reports on `key` and its other names: a client may split one query into several."""
        name = resource_type(key)
        of_type = [report for label, report in self._builder.keys.items() if self._type(label) == name]
        if name not in self._split:
            return of_type
        # Of a query that had to be made in parts each is a question of its own; one answer to all has the type's name.
        return [report for report in of_type if self._own(report.key) in {key, name}]

    def pages(self, label: str) -> tuple[bytes, ...]:
        """The value of one prefetch key, page by page."""
        fetched = self._fetched.get(label)
        return (self._sent(label),) if fetched is None else fetched

    def take(self, key: str, label: str, pages: tuple[bytes, ...], failure: str | None, *, whole: bool) -> None:
        """Put what a FHIR query brought in the place of what came under `label`.

        `failure` says why it is not all. `whole`: whether it is the whole query for `key`, not further pages of a part.
        """
        if failure is not None:
            self.failures[key] = failure
        held = self._builder.keys.get(label)
        if pages:
            self._add(label, pages)
        elif held is not None and held.state is KeyState.NULL:
            # "None", as it was said, is no longer known: it may have been a query that the client could not make.
            self._add(label, (_ERROR,))
        if pages and whole and failure is None:
            for report in self.reports(key):
                if report.key != label and not report.state.is_complete:
                    self._add(report.key, (_NOTHING,))

    def build(self) -> Record:
        """The record as it is so far. Raises HookError (400) where anything is about another patient."""
        try:
            return self._builder.build()
        except MixedPatients as mixed:
            raise HookError(400, self._mixed()) from mixed

    def record(self) -> Record:
        """The record of the patient in the request's context.

        Raises HookError: 400 as `build`, 412 where the Patient or the conditions are missing.
        """
        record = self.build()
        missing = []
        if record.patient is None:
            missing.append(self._missing(PATIENT, "the Patient"))
        if record.gaps.get("Condition") == "not_supplied":
            missing.append(self._missing(CONDITIONS, "the conditions"))
        if missing:
            raise HookError(412, tuple(missing))
        return record

    def _own(self, label: str) -> str:
        """The service's name for a key of the client."""
        return self._aliases.get(label, label)

    def _type(self, label: str) -> str | None:
        return resource_type(self._own(label))

    def _add(self, label: str, pages: tuple[bytes, ...]) -> None:
        self._fetched[label] = pages
        self._take_in(label)

    def _take_in(self, label: str) -> None:
        report = self._read(self._builder, label)
        if report.bare:
            self.leniency.forgives(BARE_ENTRY, report.bare)
        if report.is_empty_list and report.state is KeyState.EMPTY:
            self.leniency.forgives(EMPTY_LIST)

    def _read(self, builder: RecordBuilder, label: str) -> KeyReport:
        return builder.add(label, self._expected(label), *self.pages(label))

    def _expected(self, label: str) -> frozenset[str] | None:
        expected = self._type(label)
        return None if expected is None else frozenset({expected})

    def _sent(self, label: str) -> bytes:
        return bytes(self.request.prefetch[label])

    def _missing(self, key: str, what: str) -> RequestProblem:
        report = next(iter(self.reports(key)), None)
        why = _WHY.get(None if report is None else report.state, "it is about something else")
        if report is not None and report.is_empty_list:
            why = "it is an empty list, which is no answer to a query"
        if report is not None and report.key in self.request.repeated:
            why = "it stands there more than once, with different values"
        failure = self.failures.get(key)
        asked = "" if failure is None else f", and asking the FHIR server for it failed: {failure}"
        return RequestProblem("required", f"{what} cannot be had: {why}{asked}", f"prefetch.{key}")

    def _mixed(self) -> tuple[RequestProblem, ...]:
        """The keys that hold another patient's resources; keys that are not ours are not repeated to the client."""
        places = []
        for label in dict.fromkeys([*self.request.prefetch, *self._fetched]):
            alone = RecordBuilder(self.request.patient_id, self.request.fhir_server, deadline=self._deadline)
            self._read(alone, label)
            try:
                alone.build()
            except MixedPatients:
                places.append("prefetch" if resource_type(label) is None else f"prefetch.{label}")
        message = "holds a resource of another patient than `context.patientId`"
        return tuple(RequestProblem("business-rule", message, place) for place in dict.fromkeys(places or ["prefetch"]))


def no_readable_condition(sent: int) -> HookError:
    """The refusal where no card results and none of the conditions that were sent can be read."""
    return HookError(412, (RequestProblem("required", none_readable(sent), f"prefetch.{CONDITIONS}"),))


def incomplete_conditions(prefetched: PrefetchedRecord) -> HookError:
    """The refusal where no card results and the diagnosis may be among the conditions that were not sent."""
    message = "the answer depends on conditions that were not supplied: this list is incomplete"
    failure = prefetched.failures.get(CONDITIONS)
    if failure is not None:
        message += f", and asking the FHIR server for the rest failed: {failure}"
    return HookError(412, (RequestProblem("required", message, f"prefetch.{CONDITIONS}"),))
