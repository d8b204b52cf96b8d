"""One answer: from the patient's record to the cards, and the records kept of it.

`app` answers with it and `replay` computes logged answers again, so both come to the same bytes.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache, partial
from importlib.metadata import version
from itertools import islice
from uuid import uuid4

from cds_service import __version__
from cds_service.cards import (
    NON_ADHERENCE,
    OWN_REASONS,
    Card,
    CardOptions,
    answer_seed,
    build_cards,
    check_undetermined,
    is_lasting,
)
from cds_service.cds_hooks import AnswerSent, CardsAnswer, HookRequest
from cds_service.cds_hooks.trust import Caller
from cds_service.deadline import NEVER, Deadline, OutOfTime
from cds_service.durations import Duration
from cds_service.explanation import Undetermined, undetermined, unread_counts, unreadable_conditions
from cds_service.facts.catalogue import EventResource
from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.logic import LANGUAGE_VERSION, FactRef
from cds_service.matching import Match, match, undecided
from cds_service.server.decision import ComputedAnswer, HookCall, decision_of
from cds_service.server.metrics import Metrics
from cds_service.server.zones import Calendar
from cds_service.store import (
    DESK_RECORDS,
    CardQuestion,
    Policy,
    Pseudonyms,
    Recorder,
    RuleSet,
    Suppressed,
    Suppression,
    Versions,
)

ENGINE = "datalogic-py"
_TO_WRITE = 0.5
"""Seconds after the deadline in which the cards may be written of the trials that were looked at before it."""
_MOST_WARMED = 20
"""Trials. Of a large library any could be the next that gets a card."""


def running_versions() -> Versions:
    """The versions of this service, the rule language, and the installed JSONLogic engine."""
    return Versions(__version__, LANGUAGE_VERSION, f"{ENGINE} {version(ENGINE)}")


def compute(
    record: Record,
    library: Library,
    as_of: date,
    *,
    options: CardOptions,
    seed: str,
    held_back: Callable[[], Suppressed],
    deadline: Deadline = NEVER,
    cards_deadline: Deadline | None = None,
    skipped: Collection[str] = (),
) -> tuple[Match, tuple[Card, ...], Undetermined | None]:
    """The match, its cards, and the trials that could not be judged besides those of the cards.

    `held_back` is called after the match, so that the look-up can run meanwhile.

    `deadline`: see `match`. `cards_deadline` holds while the cards are made; without it `deadline` does. Raises
    OutOfTime where one of them leaves no time for facts or cards. `skipped` trials are left out as if there had been no
    time for them.
    """
    cards_deadline = deadline if cards_deadline is None else cards_deadline
    result = match(record, library, as_of, candidates_only=True, near=options.near_miss, deadline=deadline)
    if skipped:
        kept = tuple(t for t in result.trials if t.trial.id not in skipped)
        result = replace(result, trials=kept, timed_out=tuple(skipped))
    held = held_back()
    cards = build_cards(
        result, options, seed, suppressed=held.trials, already_shown=held.cards, deadline=cards_deadline
    )
    open_trials = undetermined(result, {*held.trials, *(card.trial_id for card in cards)}) if options.unread else None
    check_undetermined(open_trials)
    return result, cards, open_trials


def warm(library: Library, options: CardOptions, as_of: date, go_on: Callable[[], bool]) -> None:
    """Prepare what makes a first answer slow, as long as `go_on()` is true: the explainers of the trials."""
    nobody = Record(patient=None, resources={}, whole=frozenset(), gaps={}, issues=())
    compute(nobody, library, as_of, options=options, seed="", held_back=Suppressed)
    for trial in islice(library.trials, _MOST_WARMED):
        if not go_on():
            return
        trial.explainer.prepare()


def lasting(system: str, code: str) -> bool:
    """`is_lasting`, also for a reason without its system, which some clients leave out."""
    return any(is_lasting(one, code) for one in ((system,) if system else (NON_ADHERENCE, OWN_REASONS)))


def records_of(caller: Caller) -> str:
    """The name of the records within which a patient's id is unique: the client's, or one of its tenants'. The samples
    of the workbench are records of their own, whatever their patients' ids."""
    if caller.desk is not None:
        return DESK_RECORDS
    return "/".join(part for part in (caller.client_id, caller.tenant) if part)


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers hook requests. `options` and `policies` are by client id; None stands for a service without clients.

    `calendar` gives the as-of of a client's request, `now` gives the time, and `monotonic` seconds that never go back.
    Evaluation has `seconds` from a request's arrival on. Nothing here waits for the database but the look-up of what to
    hold back, and that has a deadline.
    """

    library: Library
    rules: RuleSet
    versions: Versions
    options: Mapping[str | None, CardOptions]
    policies: Mapping[str | None, Policy]
    pseudonyms: Pseudonyms
    suppression: Suppression
    recorder: Recorder
    metrics: Metrics
    calendar: Calendar
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    seconds: float

    def answer_for(self, record: Record, request: HookRequest, caller: Caller, arrived: float) -> CardsAnswer:
        """The cards for a record, and what to do once they are sent. `arrived`: when the request came, by `monotonic`.

        Where there is no time for the facts, or for the cards, there are none, and every trial counts as skipped.
        """
        client = records_of(caller)
        options, policy = self.options[caller.client_id], self.policies[caller.client_id]
        patient = self.pseudonyms.patient(client, request.patient_id)
        encounter = self.pseudonyms.encounter(client, request.encounter_id) if request.encounter_id else None
        everything = caller.desk == "everything"
        question = None if everything else self.suppression.ask(CardQuestion(client, patient, encounter, policy))
        held: list[Suppressed] = []

        def held_back() -> Suppressed:
            held.append(self.suppression.result(question))
            return held[0]

        as_of = self.calendar.as_of(caller.client_id)
        try:
            result, cards, open_trials = compute(
                record,
                self.library,
                as_of,
                options=options,
                seed=answer_seed(request.hook_instance, client, patient),
                held_back=held_back,
                deadline=Deadline(partial(self.is_late, arrived)),
                cards_deadline=Deadline(partial(self.is_late, arrived, _TO_WRITE)),
            )
        except OutOfTime:
            return self._out_of_time()
        if result.timed_out:
            self.metrics.cut_short(len(result.timed_out))
        unread: Mapping[tuple[EventResource, str], int] | None = None
        with suppress(OutOfTime):
            unread = unread_counts(result, Deadline(partial(self.is_late, arrived, _TO_WRITE)))
        call = HookCall(request, caller, client, patient, encounter, options, arrived)
        computed = ComputedAnswer(str(uuid4()), as_of, result, cards, open_trials, held[0], unread)
        return CardsAnswer(
            cards=[card.body for card in cards],
            undecided=not cards and "Condition" in record.gaps and undecided(result),
            decision=computed.decision,
            record_sent=partial(self._record_sent, call, computed),
            passed_over=result.screened_out,
            skipped=result.timed_out,
            set_aside=() if caller.desk is None else _set_aside(result, options, held[0]),
            undetermined=open_trials,
            unread=sum((unread or {}).values()),
            unreadable=0 if cards or result.deceased else unreadable_conditions(record),
        )

    def is_late(self, arrived: float, more: float = 0) -> bool:
        """Whether the time of a request that came at `arrived` is over, by `more` seconds."""
        return self.monotonic() - arrived >= self.seconds + more

    def _record_sent(self, call: HookCall, computed: ComputedAnswer, sent: AnswerSent) -> None:
        """Log and count an answer that was sent."""
        logged = decision_of(call, computed, sent, rules=self.rules, versions=self.versions, answered_at=self.now())
        self.recorder.put(logged, sent.request)
        if call.caller.desk is None:
            deadline = Deadline(partial(self.is_late, call.arrived, _TO_WRITE))
            self._count(computed.result, computed.cards, computed.held, deadline)
            if computed.open_trials is not None:
                self.metrics.undetermined()
            self.metrics.unread(computed.unread or {})

    def _out_of_time(self) -> CardsAnswer:
        """No card, and every active trial skipped."""
        skipped = tuple([trial.id for trial in self.library.stored if trial.state == "active"])
        self.metrics.cut_short(len(skipped))
        return CardsAnswer([], undecided=True, decision="", record_sent=lambda _: None, skipped=skipped)

    def _count(self, result: Match, cards: tuple[Card, ...], held: Suppressed, deadline: Deadline) -> None:
        active = [t for t in result.trials if t.trial.state == "active"]
        verdicts = {t.trial.id: t.verdict for t in active}
        shown = [card.trial_id for card in cards]
        unknown: set[tuple[str, str]] = set()
        # The reasons for unknown facts only feed a metric: they are left out where the time is over.
        with suppress(OutOfTime):
            unknown = _unknown(result, deadline)
        self.metrics.answered(verdicts, unknown, shown, len(held.trials) + len(held.cards))


def _set_aside(result: Match, options: CardOptions, held: Suppressed) -> tuple[str, ...]:
    """The trials that would have a card but for earlier feedback or an earlier showing."""
    if not (held.trials or held.cards):
        return ()
    every = build_cards(result, replace(options, max_cards=len(result.trials)), "")
    return tuple(card.trial_id for card in every if card.trial_id in held.trials or card.key in held.cards)


def _unknown(result: Match, deadline: Deadline) -> set[tuple[str, str]]:
    """The facts that leave a criterion of a trial open which may still fit, and why each is unknown."""
    refs: set[FactRef] = set()
    for trial in result.trials:
        if trial.trial.state == "active" and trial.verdict not in ("not_eligible", "likely_eligible"):
            criteria = (*trial.criteria, *(c for cohort in trial.cohorts for c in cohort.criteria))
            refs.update(ref for c in criteria if c.outcome == "unknown" for ref in c.facts)
    # Trials share facts, and telling of one is what takes time here.
    limits = {(ref.name, None if ref.limit is None else _span(ref.limit, result.as_of)) for ref in refs}
    return {
        (entry["name"], entry["reason"])
        for name, limit in limits
        for entry in result.sheet.describe(name, limit, deadline)
        if entry["reason"] is not None
    }


@lru_cache(maxsize=1024)
def _span(limit: Duration, as_of: date) -> int:
    """The limit in days before that day: a few limits on one day, for all answers of it."""
    return limit.span(as_of)
