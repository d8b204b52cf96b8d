"""One answer, from the patient's record to the cards, and what is remembered of it.

`app` answers with it and `replaying` computes logged answers again, so both come to the same bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter

from cds_service import __version__
from cds_service.cards import Card, CardOptions, deck_for
from cds_service.cards.overrides import OWN, STANDARD, is_lasting
from cds_service.cards.suggestions import REFERRAL
from cds_service.cds_hooks.request import HookRequest
from cds_service.cds_hooks.routes import Answer, Sent
from cds_service.cds_hooks.trust.gate import Caller
from cds_service.fhir import Record
from cds_service.library import Library
from cds_service.logic import LANGUAGE_VERSION
from cds_service.matching import Match, match, undecided
from cds_service.metrics import Metrics
from cds_service.store.decisions import Decision, RuleSet, ServedCard, Versions
from cds_service.store.digests import digest_of
from cds_service.store.pseudonyms import Pseudonyms
from cds_service.store.recorder import Recorder
from cds_service.store.suppression import ORDER, REFER, HeldBack, Policy, Question, Suppression

CARD_OPTIONS = TypeAdapter(CardOptions)

ENGINE = "datalogic-py"


def running_versions() -> Versions:
    """Of this service, the rule language, and the JSONLogic engine as it is installed."""
    return Versions(__version__, LANGUAGE_VERSION, f"{ENGINE} {version(ENGINE)}")


def compute(
    record: Record,
    library: Library,
    as_of: date,
    *,
    options: CardOptions,
    seed: str,
    held_back: Callable[[], HeldBack],
) -> tuple[Match, tuple[Card, ...]]:
    """The match and its cards. `held_back` is asked for after the match, so that it may be looked up meanwhile."""
    result = match(record, library, as_of)
    held = held_back()
    return result, deck_for(result, options, seed, suppressed=held.trials, already_shown=held.cards)


def lasting(system: str, code: str) -> bool:
    """`is_lasting`, also for a reason without its system, which some clients leave out."""
    return any(is_lasting(one, code) for one in ((system,) if system else (STANDARD, OWN)))


def records_of(caller: Caller) -> str:
    """Whose records a patient's id is unique in: the client's, or those of one of its tenants."""
    return "/".join(part for part in (caller.client_id, caller.tenant) if part)


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers hook requests. `options` and `policies` are by client id, under None what holds without clients.

    `clock` gives the day that counts as today, and `now` the time. Nothing here waits for the database but the look-up
    of what to hold back, and that has a deadline.
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
    clock: Callable[[], date]
    now: Callable[[], datetime]

    def answer_for(self, record: Record, request: HookRequest, caller: Caller) -> Answer:
        """The cards for a record, and what to do once they are sent."""
        client = records_of(caller)
        options, policy = self.options[caller.client_id], self.policies[caller.client_id]
        patient = self.pseudonyms.patient(client, request.patient_id)
        encounter = self.pseudonyms.encounter(client, request.encounter_id) if request.encounter_id else None
        asked = self.suppression.ask(Question(client, patient, encounter, policy))
        held: list[HeldBack] = []

        def held_back() -> HeldBack:
            held.append(self.suppression.result(asked))
            return held[0]

        as_of = self.clock()
        result, deck = compute(
            record, self.library, as_of, options=options, seed=request.hook_instance, held_back=held_back
        )
        decision = str(uuid4())

        def keep(sent: Sent) -> None:
            self.recorder.put(
                Decision(
                    id=decision,
                    hook_instance=request.hook_instance.lower(),
                    answered_at=self.now(),
                    latency_ms=sent.ms,
                    client=client,
                    patient=patient,
                    encounter=encounter,
                    as_of=as_of,
                    rules=self.rules,
                    versions=self.versions,
                    options=_logged_options(options, held[0], caller, sent),
                    verdicts={t.trial.id: t.verdict for t in result.trials},
                    cards=tuple(_served(card) for card in deck),
                    response_digest=digest_of(sent.response),
                ),
                sent.request,
            )
            self._count(result, deck, held[0])

        open_diagnosis = not deck and "Condition" in record.gaps and undecided(result)
        return Answer([card.body for card in deck], open_diagnosis, decision, keep)

    def _count(self, result: Match, deck: tuple[Card, ...], held: HeldBack) -> None:
        active = [t for t in result.trials if t.trial.state == "active"]
        verdicts = {t.trial.id: t.verdict for t in active}
        shown = [card.trial_id for card in deck]
        self.metrics.answered(verdicts, _unknown(result), shown, len(held.trials) + len(held.cards))


def _logged_options(options: CardOptions, held: HeldBack, caller: Caller, sent: Sent) -> dict[str, Any]:
    return {
        "cards": CARD_OPTIONS.dump_python(options, mode="json"),
        "held_back": {"trials": sorted(held.trials), "cards": sorted(held.cards)},
        "prefetch_aliases": dict(caller.prefetch_aliases),
        "fetched": dict(sent.fetched),
    }


def _served(card: Card) -> ServedCard:
    suggestions = {s["uuid"]: REFER if _refers(s) else ORDER for s in card.body.get("suggestions", ())}
    return ServedCard(card.body["uuid"], card.trial_id, card.key, suggestions)


def _refers(suggestion: Mapping[str, Any]) -> bool:
    codings = [c for action in suggestion["actions"] for c in action["resource"]["code"]["coding"]]
    return any(c.get("code") == REFERRAL.code and c.get("system") == REFERRAL.system for c in codings)


def _unknown(result: Match) -> set[tuple[str, str]]:
    """The facts that leave a criterion of a trial open which may still fit, and why each is unknown."""
    found = set()
    for trial in result.trials:
        if trial.trial.state != "active" or trial.verdict in ("not_eligible", "likely_eligible"):
            continue
        criteria = (*trial.criteria, *(c for cohort in trial.cohorts for c in cohort.criteria))
        refs = {ref for c in criteria if c.outcome == "unknown" for ref in c.facts}
        for ref in refs:
            limit = None if ref.limit is None else ref.limit.span(result.as_of)
            entries = result.sheet.describe(ref.name, limit)
            found |= {(e["name"], e["reason"]) for e in entries if e["reason"] is not None}
    return found
