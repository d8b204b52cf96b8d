"""Examining one hook request: everything that doctor says follows from the request, the rules and what is set.

Nothing is asked of anybody, kept or logged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cds_service.cards import CardOptions, answer_seed, cards_for
from cds_service.cds_hooks import (
    DEVIATIONS,
    HookError,
    HookRequest,
    Leniency,
    PrefetchedRecord,
    RequestProblem,
    Service,
    UnknownHook,
    parse_request,
    prefetch_templates,
    resource_type,
    scopes,
    service_for,
)
from cds_service.doctor.arrivals import missing_aliases, not_arrived
from cds_service.doctor.duties import Known, fhir_duty, hook_duty, prefetch_duty, request_duty
from cds_service.doctor.places import Places, places_of
from cds_service.doctor.report import NotArrived, RequestFault, RequestReport
from cds_service.doctor.salvage import fields_of, salvaged
from cds_service.doctor.scopes import compared
from cds_service.doctor.unread import forgiven, unread_in
from cds_service.doctor.waiting import trial_reports
from cds_service.explanation import response, undetermined, unreadable_conditions
from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.matching import Match, match, undecided

_SEED = "cds-service doctor"


@dataclass(frozen=True, slots=True)
class Examined:
    """The report on a request, and what the service would answer: `answer`, or the problems with the status."""

    report: RequestReport
    answer: dict[str, Any] | None
    problems: tuple[RequestProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Looked:
    """What there is to see in the prefetch."""

    record: Record
    places: Places
    lacking: tuple[NotArrived, ...]
    aliases: tuple[tuple[str, str], ...]
    result: Match


@dataclass(frozen=True, slots=True)
class _Case:
    """A request as far as it could be read. `problems`: why the service refuses it."""

    service: Service
    fields: Mapping[str, Any]
    known: Known
    request: HookRequest | None
    problems: tuple[RequestProblem, ...] = ()
    looked: _Looked | None = None
    noted: tuple[str, ...] = ()
    """The names of what of it is forgiven (`DEVIATIONS`)."""


class Examiner:
    """Examines requests with one version of the rules."""

    def __init__(self, library: Library, as_of: Callable[[], date], options: Mapping[str | None, CardOptions]) -> None:
        """`as_of` says what counts as now; `options` what cards show, by client id, `None` for none."""
        self._library = library
        self._as_of = as_of
        self._options = options
        self.templates = prefetch_templates(library.catalogue, library.facts_read, library.facts.systems)

    def examine(self, body: bytes, known: Known, service: Service | None = None) -> Examined:
        """`service`: the one that was called; without it the hook of the request says which. Raises NoRequest."""
        fields = fields_of(body)
        hook = fields.get("hook")
        if service is None:
            try:
                service = service_for(hook if isinstance(hook, str) else "")
            except UnknownHook:
                return self._unknown_hook(hook)
        leniency = Leniency()
        try:
            case = _Case(service, fields, known, parse_request(body, service, leniency))
        except HookError as refused:
            case = _Case(service, fields, known, salvaged(fields, service), refused.problems)
        return self._report(self._look(replace(case, noted=tuple(leniency.noted))))

    def _look(self, case: _Case) -> _Case:
        request, known = case.request, case.known
        if request is None:
            return case
        prefetched = PrefetchedRecord(request, known.aliases, templates=self.templates)
        try:
            record = prefetched.build()
        except HookError as mixed:
            return replace(case, problems=(*case.problems, *mixed.problems))
        lacking = not_arrived(prefetched, record, self.templates, self._library.types_read, known.own)
        places = places_of(request)
        aliases = missing_aliases(prefetched, known.aliases, places)
        result = match(record, self._library, self._as_of())
        return replace(case, looked=_Looked(record, places, lacking, aliases, result))

    def _report(self, case: _Case) -> Examined:
        looked = case.looked
        faults = tuple(RequestFault("refused", one.place, one.message) for one in case.problems)
        noted = [one for one in DEVIATIONS if one.name in case.noted]
        faults += tuple(RequestFault("forgiven", "", f"{one.what}: {one.read}") for one in noted)
        if looked is not None:
            faults += forgiven(looked.places, looked.result.issues)
        authorization = case.fields.get("fhirAuthorization")
        needed = compared(
            scopes(self.templates), authorization.get("scope") if isinstance(authorization, dict) else None
        )
        lacking = () if looked is None else looked.lacking
        waiting = any(not one.counts_as_none for one in lacking)
        access = fhir_duty(case.fields, needed, case.known, is_needed=waiting)
        prefetch = prefetch_duty(lacking, looked is not None, access.state == "green")
        status, answer, why = self._answer(case)
        report = RequestReport(
            hook=case.service.hook,
            duties=(request_duty(faults), prefetch, access),
            status=status,
            cards=0 if answer is None else len(answer["cards"]),
            faults=faults,
            scopes=needed,
        )
        return Examined(report if looked is None else self._in_detail(report, looked, case.known), answer, why)

    def _in_detail(self, report: RequestReport, looked: _Looked, known: Known) -> RequestReport:
        result = looked.result
        keys = {resource_type(key) or "": known.own.get(key, key) for key in self.templates}
        trials = trial_reports(result, looked.lacking, looked.places, keys)
        return replace(
            report,
            not_arrived=looked.lacking,
            aliases=looked.aliases,
            unread=unread_in(looked.places, looked.record, self._library.facts, result.issues),
            trials=trials,
            ruled_out=sum(one.trial.state == "active" for one in result.trials) - len(trials),
        )

    def _answer(self, case: _Case) -> tuple[int, dict[str, Any] | None, tuple[RequestProblem, ...]]:
        """What the service answers where the FHIR server is not asked."""
        request, looked, known = case.request, case.looked, case.known
        if case.problems or request is None or looked is None:
            return 400, None, case.problems
        try:
            PrefetchedRecord(request, known.aliases, templates=self.templates).record()
        except HookError as missing:
            return missing.status, None, missing.problems
        result = looked.result
        options = self._options[known.id if known.id in self._options else None]
        seed = answer_seed(request.hook_instance, _SEED, request.patient_id)
        cards = cards_for(result, options.at_site(self._library.site), seed=seed)
        is_open = "Condition" in looked.record.gaps and undecided(result)
        if not cards and (is_open or (not result.deceased and unreadable_conditions(looked.record))):
            why = RequestProblem("required", "nothing was found, and the conditions came incomplete or can't be read")
            return 412, None, (why,)
        told = {card["source"]["topic"]["code"] for card in cards}
        return 200, response(cards, undetermined(result, told)), ()

    def _unknown_hook(self, hook: object) -> Examined:
        duty = hook_duty(hook)
        problem = RequestProblem("value", duty.says, "hook")
        faults = (RequestFault("refused", "hook", "is none that a service answers"),)
        report = RequestReport("", (request_duty(faults), duty), 400, faults=faults)
        return Examined(report, None, (problem,))
