"""An answer as the decision log stores it, and its as-of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from cds_service.as_of import AsOf
from cds_service.cards import CURRENT, REFERRAL, Card, CardOptions
from cds_service.cds_hooks import AnswerSent, HookRequest
from cds_service.cds_hooks.trust import Caller
from cds_service.errors import CdsError
from cds_service.explanation import Undetermined
from cds_service.facts import READING_VERSION
from cds_service.facts.catalogue import EventResource
from cds_service.matching import Match
from cds_service.store import ORDER, REFER, Decision, RuleSet, ServedCard, Suppressed, Versions, digest_of
from cds_service.time_zones import zone_of

CARD_OPTIONS = TypeAdapter(CardOptions)


@dataclass(frozen=True, slots=True)
class HookCall:
    """A hook call and how it is to be answered.

    `client`: the name of the records; `patient` and `encounter` are pseudonyms; `arrived`: when, by `monotonic`.
    """

    request: HookRequest
    caller: Caller
    client: str
    patient: str
    encounter: str | None
    options: CardOptions
    arrived: float


@dataclass(frozen=True, slots=True)
class ComputedAnswer:
    """A computed answer as of a day and instant, under the id of its decision. `held`: what was suppressed. `unread`:
    how many entries were not understood, by kind and code system; None where there was no time to count."""

    decision: str
    as_of: AsOf
    result: Match
    cards: tuple[Card, ...]
    open_trials: Undetermined | None
    held: Suppressed
    unread: Mapping[tuple[EventResource, str], int] | None


def decision_of(
    call: HookCall,
    computed: ComputedAnswer,
    sent: AnswerSent,
    *,
    rules: RuleSet,
    versions: Versions,
    answered_at: datetime,
) -> Decision:
    """The log entry of an answer that was sent."""
    return Decision(
        id=computed.decision,
        hook_instance=call.request.hook_instance.lower(),
        answered_at=answered_at,
        latency_ms=sent.ms,
        client=call.client,
        patient=call.patient,
        encounter=call.encounter,
        as_of=computed.as_of.plain(),
        rules=rules,
        versions=versions,
        options=_logged_options(call, computed, sent),
        verdicts={t.trial.id: t.verdict for t in computed.result.trials},
        cards=tuple(_served(card) for card in computed.cards),
        response_digest=digest_of(sent.response),
        hook=call.request.hook,
        reading=READING_VERSION,
        site_digest=computed.result.library.site_digest,
        unread=None if computed.unread is None else sum(computed.unread.values()),
    )


def _logged_options(call: HookCall, computed: ComputedAnswer, sent: AnswerSent) -> dict[str, Any]:
    held, result = computed.held, computed.result
    return {
        "cards": CARD_OPTIONS.dump_python(call.options, mode="json"),
        "held_back": {"trials": sorted(held.trials), "cards": sorted(held.cards)},
        "prefetch_aliases": dict(call.caller.prefetch_aliases),
        "fetched": dict(sent.fetched),
        "passed_over": result.screened_out,
        "skipped": list(result.timed_out),
        "seed": CURRENT,
        "instant": computed.as_of.end.isoformat(),
        "time_zone": str(computed.as_of.zone),
    }


def logged_as_of(decision: Decision) -> AsOf:
    """The as-of of a logged answer. Raises CdsError where its time zone is unknown here.

    Decisions of the time before zones counted a whole day, which is read in UTC now.
    """
    options = decision.options
    if "instant" not in options:
        return AsOf.of(decision.as_of)
    try:
        zone = zone_of(options["time_zone"])
    except ValueError as problem:
        raise CdsError(str(problem)) from problem
    return AsOf.at(datetime.fromisoformat(options["instant"]), zone)


def _served(card: Card) -> ServedCard:
    suggestions = {s["uuid"]: REFER if _refers(s) else ORDER for s in card.body.get("suggestions", ())}
    return ServedCard(card.body["uuid"], card.trial_id, card.key, suggestions)


def _refers(suggestion: Mapping[str, Any]) -> bool:
    codings = [c for action in suggestion["actions"] for c in action["resource"]["code"]["coding"]]
    return any(c.get("code") == REFERRAL.code and c.get("system") == REFERRAL.system for c in codings)
