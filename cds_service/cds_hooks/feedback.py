"""The body of a feedback request: JSON to checked `Feedback` items.

https://cds-hooks.hl7.org/2.0/#feedback. Strict on what an item is about (card, outcome, time), lenient on the rest:
Epic writes `overrideReasons`, puts an `extension` in, and names cards by other ids than UUIDs; a client may leave out
`display` or `system`. What is not understood of a reason is left out, and the item still counts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import DecodeError, json

from cds_service.cds_hooks.outcome import HookError, IssueCode, Problem

Outcome = Literal["accepted", "overridden"]

MOST_CHARACTERS = 255
"""Of an id or a code: longer than any that a client uses."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_PROBLEMS = 20
_REASONS = ("overrideReason", "overrideReasons")


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """Why a card was set aside. Each part may be empty where the client left it out."""

    code: str
    system: str
    display: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a clinician did with one card. `outcome_at` is the client's time; a UUID in `card` is in lower case."""

    card: str
    outcome: Outcome
    outcome_at: datetime
    suggestions: tuple[str, ...] = ()
    reasons: tuple[OverrideReason, ...] = ()
    comment: str | None = None


def parse_feedback(body: bytes) -> tuple[Feedback, ...]:
    """Read a batch. Raises HookError (400) naming each place that is missing or wrong; then nothing of it counts."""
    problems: list[Problem] = []
    content = _decoded(body)
    if not isinstance(content, dict):
        raise HookError(400, (Problem("structure", "The body must be a JSON object."),))
    items = content.get("feedback")
    if not isinstance(items, list):
        code: IssueCode = "required" if items is None else "structure"
        raise HookError(400, (Problem(code, "is required and must be an array", "feedback"),))
    read = [_item(item, f"feedback[{n}]", problems) for n, item in enumerate(items)]
    if problems:
        raise HookError(400, tuple(problems[:_MOST_PROBLEMS]))
    return tuple(item for item in read if item is not None)


def _decoded(body: bytes) -> Any:
    try:
        return json.decode(body.removeprefix(_BYTE_ORDER_MARK))
    except RecursionError:
        problem = Problem("structure", "The body is nested too deeply.")
    except UnicodeDecodeError as error:
        problem = Problem("structure", f"The body is not UTF-8 (byte {error.start}).")
    except DecodeError as error:
        # Its text gives the kind of fault and the position, never content.
        problem = Problem("structure", f"The body is not JSON: {error}.")
    raise HookError(400, (problem,))


def _item(item: Any, place: str, problems: list[Problem]) -> Feedback | None:
    if not isinstance(item, dict):
        problems.append(Problem("structure", "must be a JSON object", place))
        return None
    card = _card(item.get("card"), f"{place}.card", problems)
    outcome = _outcome(item.get("outcome"), f"{place}.outcome", problems)
    moment = _moment(item.get("outcomeTimestamp"), f"{place}.outcomeTimestamp", problems)
    suggestions = tuple(_suggestions(item.get("acceptedSuggestions"), f"{place}.acceptedSuggestions", problems))
    given = [entry for name in _REASONS for entry in _overrides(item.get(name), f"{place}.{name}", problems)]
    if card is None or outcome is None or moment is None:
        return None
    reasons = tuple(dict.fromkeys(reason for entry in given for reason in _reasons(entry)))
    comments = [text for entry in given if (text := _text(entry.get("userComment")))]
    return Feedback(card, outcome, moment, suggestions, reasons, "\n".join(comments) or None)


def _card(value: Any, place: str, problems: list[Problem]) -> str | None:
    text = _text(value)
    if not text:
        code: IssueCode = "required" if value in (None, "") else "value"
        problems.append(Problem(code, "is required and must be the uuid of a card", place))
        return None
    if len(text) > MOST_CHARACTERS:
        problems.append(Problem("too-long", f"must be at most {MOST_CHARACTERS} characters", place))
        return None
    return _normal(text)


def _outcome(value: Any, place: str, problems: list[Problem]) -> Outcome | None:
    match value.strip().lower() if isinstance(value, str) else value:
        case "accepted":
            return "accepted"
        case "overridden":
            return "overridden"
    code: IssueCode = "required" if value in (None, "") else "value"
    problems.append(Problem(code, "is required and must be `accepted` or `overridden`", place))
    return None


def _moment(value: Any, place: str, problems: list[Problem]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value.strip().upper())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (AttributeError, ValueError, OverflowError):
        code: IssueCode = "required" if value in (None, "") else "value"
        problems.append(Problem(code, "is required and must be a time such as 2026-05-15T09:30:00Z", place))
        return None


def _suggestions(value: Any, place: str, problems: list[Problem]) -> Iterator[str]:
    if value is None:
        return
    for n, entry in enumerate(value if isinstance(value, list) else [value]):
        text = _text(entry.get("id") if isinstance(entry, dict) else entry)
        if not text or len(text) > MOST_CHARACTERS:
            problems.append(
                Problem("value", "must be an object whose `id` is the uuid of a suggestion", f"{place}[{n}]")
            )
        else:
            yield _normal(text)


def _overrides(value: Any, place: str, problems: list[Problem]) -> Iterator[Mapping[str, Any]]:
    """The override objects: one, or Epic's array of them."""
    if value is None:
        return
    many = isinstance(value, list)
    for n, entry in enumerate(value if many else [value]):
        if isinstance(entry, dict):
            yield entry
        else:
            problems.append(Problem("structure", "must be a JSON object", f"{place}[{n}]" if many else place))


def _reasons(entry: Mapping[str, Any]) -> Iterator[OverrideReason]:
    """The codings of one override: `reason` is a Coding, in some clients a CodeableConcept, or the entry is itself."""
    reason = entry.get("reason", entry)
    if isinstance(reason, str):
        reason = {"code": reason}
    codings = reason.get("coding", reason) if isinstance(reason, dict) else ()
    for coding in (codings,) if isinstance(codings, dict) else codings if isinstance(codings, Sequence) else ():
        if isinstance(coding, dict):
            code, system, display = (
                _text(coding.get(name))[:MOST_CHARACTERS] for name in ("code", "system", "display")
            )
            if code or display:
                yield OverrideReason(code, system, display)


def _text(value: Any) -> str:
    """The text, without what PostgreSQL can't hold; empty for what is no text."""
    return value.replace("\x00", "\ufffd").strip() if isinstance(value, str) else ""


def _normal(text: str) -> str:
    return text.lower() if _UUID.fullmatch(text) else text
