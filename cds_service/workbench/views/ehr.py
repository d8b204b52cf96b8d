"""The requests that an EHR sends and the cards that come back, as the EHR view shows them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.undetermined import EXTENSION, sentence


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `cards`, or the `problem` that was said instead; `undetermined` says what could not be judged."""

    cards: tuple[Mapping[str, Any], ...]
    problem: str = ""
    undetermined: str = ""


def hook_request(sample: Mapping[str, Any], instance: str) -> dict[str, Any]:
    """The request of a sample, as if its chart were opened now under a hook instance of its own."""
    return {**sample, "hookInstance": instance}


def answer_of(status: int, text: str) -> Answer:
    """Read a response. A status other than 200 holds an OperationOutcome that says why."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if status != 200 or not isinstance(content, dict):
        said = [str(issue.get("diagnostics", "")) for issue in (content or {}).get("issue", ())]
        return Answer((), f"{status or 'no answer'}: {' '.join(filter(None, said)) or text[:300]}")
    told = (content.get("extension") or {}).get(EXTENSION)
    return Answer(tuple(content.get("cards", ())), undetermined=sentence(told) if told else "")


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


def _feedback(card: Mapping[str, Any], at: datetime, **rest: Any) -> dict[str, Any]:
    stamp = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"feedback": [{"card": card["uuid"], "outcomeTimestamp": stamp, **rest}]}
