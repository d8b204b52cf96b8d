"""The requests that an EHR sends and the cards that come back, as the EHR view shows them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.explanation import EXTENSION, sentence

_ORDERED: Mapping[str, str] = {"Order": "ordered", "Repeat": "ordered again"}
_FOLD = "---"
"""The line of its own above which a detail has what is read at once."""
_TITLE = re.compile(r"\*\*[^*\n]+\*\*")
"""A line in bold, and nothing else: the trial's name, or the title of a list."""
_LEAD = re.compile(r"\*\*[^*\n]+:\*\* ")


@dataclass(frozen=True, slots=True)
class HookAnswer:
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


def answer_of(status: int, text: str, set_aside: str = "") -> HookAnswer:
    """Read a response: `set_aside` is its header of that name. A status other than 200 holds an OperationOutcome that
    says why."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if status != 200 or not isinstance(content, dict):
        said = [str(issue.get("diagnostics", "")) for issue in (content or {}).get("issue", ())]
        return HookAnswer((), f"{status or 'no answer'}: {' '.join(filter(None, said)) or text[:300]}")
    told = (content.get("extension") or {}).get(EXTENSION)
    away = tuple(filter(None, set_aside.split(", ")))
    return HookAnswer(tuple(content.get("cards", ())), set_aside=away, undetermined=sentence(told) if told else "")


def folded(detail: str) -> tuple[str, str]:
    """The first lines of a card's detail, which are read at once (why, what next, recruiting, where), and what is
    behind: below its fold, else from the first title of a list that follows a paragraph with a lead."""
    blocks = detail.split("\n\n")
    if _FOLD in blocks:
        cut = blocks.index(_FOLD)
        return "\n\n".join(blocks[:cut]), "\n\n".join(blocks[cut + 1 :])
    leads = [place for place, block in enumerate(blocks) if _LEAD.match(block)]
    titles = [place for place, block in enumerate(blocks) if _TITLE.fullmatch(block) and leads and place > leads[0]]
    cut = titles[0] if titles else len(blocks)
    return "\n\n".join(blocks[:cut]), "\n\n".join(blocks[cut:])


def done_words(suggestion: Mapping[str, Any]) -> str:
    """What a suggestion is once it was accepted: `✓ Referral drafted`, `✓ Leukocytes ordered`."""
    label = str(suggestion["label"])
    verb, _, what = label.partition(" ")
    if verb == "Refer":
        return "✓ Referral drafted"
    if what and (done := _ORDERED.get(verb.rstrip(":"))):
        return f"✓ {what} {done}"
    return f"✓ Accepted: {label}"


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
