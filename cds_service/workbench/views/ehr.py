"""The requests that an EHR sends and the cards that come back, as the EHR view shows them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.explanation import EXTENSION, sentence


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `cards`, or the `problem` that was said instead. `set_aside` are ids of trials that are not shown
    because of earlier feedback; `undetermined` says what could not be judged."""

    cards: tuple[Mapping[str, Any], ...]
    problem: str = ""
    set_aside: tuple[str, ...] = ()
    undetermined: str = ""

    @property
    def nothing(self) -> str:
        """Why there is nothing to see; empty where there is something, or something could be shown."""
        shown = self.problem or self.cards or self.set_aside or self.undetermined
        return "" if shown else "No cards: no trial fits."

    @property
    def away(self) -> str:
        """Such as `2 trials set aside`; empty where there is none."""
        count = len(self.set_aside)
        return f"{count} {'trial' if count == 1 else 'trials'} set aside" if count else ""


def hook_request(sample: Mapping[str, Any], instance: str) -> dict[str, Any]:
    """The request of a sample, as if its chart were opened now under a hook instance of its own."""
    return {**sample, "hookInstance": instance}


def answer_of(status: int, text: str, set_aside: str = "") -> Answer:
    """Read a response: `set_aside` is its header of that name. A status other than 200 holds an OperationOutcome that
    says why."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if status != 200 or not isinstance(content, dict):
        said = [str(issue.get("diagnostics", "")) for issue in (content or {}).get("issue", ())]
        return Answer((), f"{status or 'no answer'}: {' '.join(filter(None, said)) or text[:300]}")
    told = (content.get("extension") or {}).get(EXTENSION)
    away = tuple(filter(None, set_aside.split(", ")))
    return Answer(tuple(content.get("cards", ())), set_aside=away, undetermined=sentence(told) if told else "")


def accepted(card: Mapping[str, Any], suggestion: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The feedback for a suggestion that was taken."""
    return _feedback(card, at, outcome="accepted", acceptedSuggestions=[{"id": suggestion["uuid"]}])


def overridden(card: Mapping[str, Any], reason: Mapping[str, Any] | None, comment: str, at: datetime) -> dict[str, Any]:
    """The feedback for a card that was set aside."""
    override: dict[str, Any] = {}
    if reason is not None:
        override["reason"] = dict(reason)
    if comment:
        override["userComment"] = comment
    return _feedback(card, at, outcome="overridden", **({"overrideReason": override} if override else {}))


def reasons_of(card: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What can be chosen when a card is dismissed: the place of a reason and its words. None is chosen beforehand: a
    lasting one keeps the trial away for months, and nobody gave it."""
    given = [(str(place), str(reason["display"])) for place, reason in enumerate(card.get("overrideReasons", ()))]
    return (("", "No reason given"), *given)


def _feedback(card: Mapping[str, Any], at: datetime, **rest: Any) -> dict[str, Any]:
    stamp = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"feedback": [{"card": card["uuid"], "outcomeTimestamp": stamp, **rest}]}
