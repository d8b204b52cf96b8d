"""The body of a feedback request: JSON to checked `Feedback` items.

https://cds-hooks.hl7.org/2.0/#feedback. Strict on what an item is about (card, outcome, time), lenient on the rest:
Epic writes `overrideReasons`, puts an `extension` in, and names cards by other ids than UUIDs; a client may leave out
`display` or `system`. What is not understood of a reason is left out, and the item still counts. An item that is none
is told of, beside the others that are kept; what else is forgiven, `leniency` says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import DecodeError, Raw, ValidationError, json

from cds_service.cds_hooks.fields import SEVERAL
from cds_service.cds_hooks.leniency import (
    BAD_ITEM,
    DAMAGED_JSON,
    REASON_AS_TEXT,
    SUGGESTION_UUID,
    UTC_TIME,
    AcceptedForm,
    Leniency,
)
from cds_service.cds_hooks.outcome import HookError, IssueCode, RequestProblem
from cds_service.fhir import isolated, repeated_keys

Outcome = Literal["accepted", "overridden"]

MOST_CHARACTERS = 255
"""Of an id or a code: longer than any that a client uses."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_PROBLEMS = 20
_ITEMS = 2
"""The level of the list of items."""
# What `Instant.toString` and `ZonedDateTime.toString` of Java, and hands, put behind a time that is in UTC already.
_UTC = AcceptedForm(
    UTC_TIME,
    re.compile(r"([0-9T:. -]+?)(Z|[+-]00:?00)?\s*(UTC|\[UTC\])"),
    lambda text: re.split(r"(?:Z|[+-]00:?00)?\s*(?:UTC|\[UTC\])$", text)[0] + "Z",
)
# Codes of reasons are single words: https://terminology.hl7.org/CodeSystem-non-adherence-reason-codes.html
_ONE_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")
_REASONS = ("overrideReason", "overrideReasons")
_READ = frozenset({"card", "outcome", "outcomeTimestamp", "acceptedSuggestions", *_REASONS})


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """The reason for which a card was set aside. Each part may be empty where the client left it out."""

    code: str
    system: str
    display: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """A clinician's response to one card. `outcome_at` is the client's time; a UUID in `card` is in lower case."""

    card: str
    outcome: Outcome
    outcome_at: datetime
    suggestions: tuple[str, ...] = ()
    reasons: tuple[OverrideReason, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class FeedbackBatch:
    """The items of a feedback request that are valid, and the problems of the others."""

    items: tuple[Feedback, ...]
    problems: tuple[RequestProblem, ...] = ()


def parse_feedback(body: bytes, leniency: Leniency) -> FeedbackBatch:
    """Read a batch.

    Raises HookError (400) naming each place that is missing or wrong, where no item can be kept, or where not every one
    can and `leniency` is strict.
    """
    items = _items(body, leniency)
    kept: list[Feedback] = []
    problems: list[RequestProblem] = []
    for number, raw in enumerate(items):
        own: list[RequestProblem] = []
        read = _Reading(own, leniency).item(raw, f"feedback[{number}]")
        if read is not None and not own:
            kept.append(read)
        problems += own
    refused = len(items) - len(kept)
    if refused and not (kept and leniency.forgives(BAD_ITEM, refused)):
        raise HookError(400, tuple(problems[:_MOST_PROBLEMS]))
    return FeedbackBatch(tuple(kept), tuple(problems[:_MOST_PROBLEMS]))


def _items(body: bytes, leniency: Leniency) -> list[Raw]:
    body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        fields = _fields(body)
    except HookError:
        # Items are found by their places, so the damage stays in one of them.
        strict = None if leniency.is_strict else isolated(body, level=_ITEMS)
        if strict is None or strict == body:
            raise
        fields, body = _fields(strict), strict
        leniency.forgives(DAMAGED_JSON)
    if "feedback" in repeated_keys(body, fields):
        raise HookError(400, (RequestProblem("structure", SEVERAL, "feedback"),))
    try:
        return json.decode(fields.get("feedback", b"null"), type=list[Raw])
    except DecodeError:
        is_there = bytes(fields.get("feedback", b"null")) != b"null"
        code: IssueCode = "structure" if is_there else "required"
        raise HookError(400, (RequestProblem(code, "is required and must be an array", "feedback"),)) from None


def _fields(body: bytes) -> dict[str, Raw]:
    try:
        # msgspec does not look into what stays undecoded, so this is checked here for the whole.
        body.decode()
        return json.decode(body, type=dict[str, Raw])
    except RecursionError:
        problem = RequestProblem("structure", "The body is nested too deeply.")
    except UnicodeDecodeError as error:
        problem = RequestProblem("structure", f"The body is not UTF-8 (byte {error.start}).")
    except ValidationError:
        problem = RequestProblem("structure", "The body must be a JSON object.")
    except DecodeError as error:
        # Its text gives the kind of fault and the position, never content.
        problem = RequestProblem("structure", f"The body is not JSON: {error}.")
    raise HookError(400, (problem,))


class _Reading:
    """Reads one item, and notes what is wrong with it."""

    def __init__(self, problems: list[RequestProblem], leniency: Leniency) -> None:
        self._problems = problems
        self._leniency = leniency

    def item(self, raw: Raw, place: str) -> Feedback | None:
        try:
            item = json.decode(raw)
        except DecodeError:
            self._note("value", "holds a number that is too large", place)
            return None
        if not isinstance(item, dict):
            self._note("structure", "must be a JSON object", place)
            return None
        for name in sorted(repeated_keys(raw) & _READ):
            self._note("structure", SEVERAL, f"{place}.{name}")
        card = self._card(item.get("card"), f"{place}.card")
        outcome = self._outcome(item.get("outcome"), f"{place}.outcome")
        moment = self._moment(item.get("outcomeTimestamp"), f"{place}.outcomeTimestamp")
        suggestions = tuple(self._suggestions(item.get("acceptedSuggestions"), f"{place}.acceptedSuggestions"))
        given = [entry for name in _REASONS for entry in self._overrides(item.get(name), f"{place}.{name}")]
        if card is None or outcome is None or moment is None:
            return None
        reasons = tuple(dict.fromkeys(reason for entry in given for reason in _reasons(entry)))
        comments = [text for entry in given if (text := _text(entry.get("userComment")))]
        return Feedback(card, outcome, moment, suggestions, reasons, "\n".join(comments) or None)

    def _card(self, value: Any, place: str) -> str | None:
        text = _text(value)
        if not text:
            self._note(
                "required" if value in (None, "") else "value", "is required and must be the uuid of a card", place
            )
            return None
        if len(text) > MOST_CHARACTERS:
            self._note("too-long", f"must be at most {MOST_CHARACTERS} characters", place)
            return None
        return _normal(text)

    def _outcome(self, value: Any, place: str) -> Outcome | None:
        match value.strip().lower() if isinstance(value, str) else value:
            case "accepted":
                return "accepted"
            case "overridden":
                return "overridden"
        code: IssueCode = "required" if value in (None, "") else "value"
        self._note(code, "is required and must be `accepted` or `overridden`", place)
        return None

    def _moment(self, value: Any, place: str) -> datetime | None:
        text = value.strip().upper() if isinstance(value, str) else ""
        try:
            moment = datetime.fromisoformat(self._leniency.reads(text, (_UTC,)) or text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            code: IssueCode = "required" if value in (None, "") else "value"
            self._note(code, "is required and must be a time such as 2026-05-15T09:30:00Z", place)
            return None

    def _suggestions(self, value: Any, place: str) -> Iterator[str]:
        if value is None:
            return
        for n, entry in enumerate(value if isinstance(value, list) else [value]):
            text = _text(self._id_of(entry) if isinstance(entry, dict) else entry)
            if not text or len(text) > MOST_CHARACTERS:
                self._note("value", "must be an object whose `id` is the uuid of a suggestion", f"{place}[{n}]")
            else:
                yield _normal(text)

    def _id_of(self, suggestion: Mapping[str, Any]) -> Any:
        if suggestion.get("id") is None and _text(suggestion.get("uuid")) and self._leniency.forgives(SUGGESTION_UUID):
            return suggestion["uuid"]
        return suggestion.get("id")

    def _overrides(self, value: Any, place: str) -> Iterator[Mapping[str, Any]]:
        """The override objects: one, or Epic's array of them."""
        if value is None:
            return
        many = isinstance(value, list)
        for n, entry in enumerate(value if many else [value]):
            if isinstance(entry, dict):
                yield entry
            elif isinstance(entry, str) and self._leniency.forgives(REASON_AS_TEXT):
                # Free text may name a patient, so it is what comments are: kept only where these are.
                yield {"reason" if _ONE_WORD.fullmatch(entry.strip()) else "userComment": entry}
            else:
                self._note("structure", "must be a JSON object", f"{place}[{n}]" if many else place)

    def _note(self, code: IssueCode, message: str, place: str) -> None:
        self._problems.append(RequestProblem(code, message, place))


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
