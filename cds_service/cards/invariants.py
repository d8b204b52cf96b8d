"""Invariants that every answer is checked for before it leaves, whatever the rules and the record say.

Sources: CDS Hooks 2.0, https://cds-hooks.hl7.org/2.0/#cds-service-response; docs/design.md 7; the client's profile.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from cds_service.cards.detail import DETAIL_LIMIT, FOLD
from cds_service.cards.profiles import ClientProfile
from cds_service.cards.suggestions import LABEL_LIMIT
from cds_service.cards.summary import TITLE_LIMIT, width
from cds_service.cards.text import SUMMARY_LIMIT
from cds_service.errors import CdsError
from cds_service.explanation import MOST_NAMED, Undetermined
from cds_service.wire import host_of

INDICATORS = frozenset({"info", "warning", "critical"})
CARD_KEYS = frozenset(
    {
        *("uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior"),
        *("overrideReasons", "links"),
    }
)
_TOPIC = re.compile(r"[A-Za-z0-9]{1,100}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_TAG = re.compile(r"<[A-Za-z/!?]")
# What GitHub-flavoured Markdown makes a link of, brackets or not.
_LINK = re.compile(r"(?<!\\)\[|(?i:www\.[\w-])|(?i:https?|ftp)://[\w-]|[\w.+-]@[\w-]")


_LINK_MARKS = ("[", "w.", "W.", "://", "@")
"""One of these is in every match of `_LINK`."""
# As str(UUID) writes it.
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class InvariantError(CdsError):
    """An answer breaks a rule that every answer keeps: a fault of this service, not of the record or the client.

    `invariant` names the rule and `place` says where; neither quotes what stands there, which may be about a patient.
    """

    def __init__(self, invariant: str, place: str) -> None:
        super().__init__(f"{place}: {invariant}")
        self.invariant = invariant
        self.place = place


def check_cards(cards: Sequence[dict[str, Any]], profile: ClientProfile, patient_id: str, max_cards: int) -> None:
    """Check the cards of one answer. Raises InvariantError for the first broken rule."""
    for place, invariant in _broken(cards, profile, patient_id, max_cards):
        raise InvariantError(invariant, place)


def check_undetermined(undetermined: Undetermined | None) -> None:
    """Check what an answer says of trials that could not be judged: numbers and ids of trials, nothing else.

    Raises InvariantError for the first broken rule.
    """
    if undetermined is None:
        return
    body = undetermined.as_json()
    if body.keys() != {"count", "trials", "entries"} or any(type(body[key]) is not int for key in ("count", "entries")):
        raise InvariantError("only-known-fields", "extension")
    trials = body["trials"]
    if body["entries"] < 1 or len(trials) != min(body["count"], MOST_NAMED) or not trials:
        raise InvariantError("as-many-trials-as-counted", "extension")
    if len(set(trials)) != len(trials) or not all(_TOPIC.fullmatch(trial) for trial in trials):
        raise InvariantError("trials-by-their-ids", "extension")


def _broken(
    cards: Sequence[dict[str, Any]], profile: ClientProfile, patient_id: str, max_cards: int
) -> Iterator[tuple[str, str]]:
    """Every broken rule with its place."""
    if len(cards) > max_cards:
        yield "cards", "no-more-cards-than-asked-for"
    for i, card in enumerate(cards):
        place = f"cards[{i}]"
        if _may_hold_empty(card):
            yield from _empty(card, place)
        yield from _card(card, place, profile)
        for n, suggestion in enumerate(card.get("suggestions", ())):
            yield from _suggestion(suggestion, f"{place}.suggestions[{n}]", patient_id)
    uuids = [part.get("uuid") for card in cards for part in (card, *card.get("suggestions", ()))]
    if len(set(uuids)) != len(uuids):
        yield "cards", "every-uuid-once"
    topics = [card.get("source", {}).get("topic", {}).get("code") for card in cards]
    if len(set(topics)) != len(topics):
        yield "cards", "one-card-for-each-trial"


def _card(card: dict[str, Any], place: str, profile: ClientProfile) -> Iterator[tuple[str, str]]:
    if not card.keys() <= CARD_KEYS:
        yield place, "only-known-fields"
    yield from _uuid(card, place)
    yield from _line(card.get("summary"), f"{place}.summary", SUMMARY_LIMIT)
    if width(str(card.get("summary"))) > TITLE_LIMIT:
        yield f"{place}.summary", "title-of-two-lines"
    if card.get("indicator") not in INDICATORS:
        yield f"{place}.indicator", "known-indicator"
    yield from _detail(card.get("detail"), f"{place}.detail", profile)
    source = card.get("source", {})
    yield from _line(source.get("label"), f"{place}.source.label", LABEL_LIMIT)
    topic = source.get("topic", {})
    if not topic.get("system") or not _TOPIC.fullmatch(topic.get("code", "")):
        yield f"{place}.source.topic", "topic-is-a-static-code"
    urls = [source["url"]] if "url" in source else []
    for link in card.get("links", ()):
        urls.append(link.get("url", ""))
        if not link.get("label") or link.get("type") != "absolute" or "appContext" in link:
            yield f"{place}.links", "links-are-absolute-and-labelled"
    for url in urls:
        host = host_of(url)
        if host is None or not url.startswith("https://") or not profile.opens(host):
            yield f"{place}.links", "links-lead-where-the-client-goes"
    if ("suggestions" in card) != ("selectionBehavior" in card) or card.get("selectionBehavior", "any") != "any":
        yield f"{place}.selectionBehavior", "any-number-of-suggestions-may-be-taken"
    reasons = card.get("overrideReasons", ())
    if not reasons or any(not (r.get("code") and r.get("system") and r.get("display")) for r in reasons):
        yield f"{place}.overrideReasons", "override-reasons-are-codings"


def _suggestion(suggestion: dict[str, Any], place: str, patient_id: str) -> Iterator[tuple[str, str]]:
    yield from _uuid(suggestion, place)
    yield from _line(suggestion.get("label"), f"{place}.label", LABEL_LIMIT)
    actions = suggestion.get("actions", ())
    if len(actions) != 1:
        yield f"{place}.actions", "one-action-for-each-suggestion"
    for action in actions:
        yield from _line(action.get("description"), f"{place}.description", 250)
        resource = action.get("resource", {})
        if action.get("type") != "create" or resource.get("resourceType") != "ServiceRequest":
            yield place, "actions-create-service-requests"
        if resource.get("status") != "draft":
            yield place, "requests-are-drafts"
        if resource.get("subject") != {"reference": f"Patient/{patient_id}"}:
            yield place, "requests-are-about-this-patient"


def _detail(detail: Any, place: str, profile: ClientProfile) -> Iterator[tuple[str, str]]:
    if not isinstance(detail, str) or not detail.strip():
        yield place, "detail-says-something"
        return
    if len(detail) > DETAIL_LIMIT:
        yield place, "nothing-over-long"
    # What can be printed is no control character, and to ask that is much cheaper.
    if not detail.replace("\n", "").isprintable() and _CONTROL.search(detail):
        yield place, "no-control-characters"
    if _TAG.search(detail):
        yield place, "no-html"
    # A bracket means something in Markdown alone.
    text = detail if profile.detail == "markdown" else detail.replace("[", "(")
    if any(mark in text for mark in _LINK_MARKS) and _LINK.search(text):
        yield place, "no-links-in-text"
    if detail.splitlines().count(FOLD) != 1 or detail.startswith(FOLD):
        yield place, "one-fold-below-the-first-lines"


def _line(text: Any, place: str, limit: int) -> Iterator[tuple[str, str]]:
    if not isinstance(text, str) or not text.strip():
        yield place, "required-text"
    elif len(text) > limit:
        yield place, "nothing-over-long"
    elif not text.isprintable() and (_CONTROL.search(text) or "\n" in text):
        yield place, "one-line-without-control-characters"


def _uuid(part: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    found = part.get("uuid")
    if not isinstance(found, str) or _UUID.fullmatch(found) is None:
        yield f"{place}.uuid", "uuid-on-everything-that-feedback-names"


def _may_hold_empty(card: dict[str, Any]) -> bool:
    """Whether `_empty` may find anything; it keeps track of the places, which takes its time."""
    waiting: list[Any] = [card]
    for value in waiting:
        if not value:
            return True
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False


def _empty(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Nulls, blank texts, empty lists and objects anywhere."""
    if value is None or value in ("", [], {}, ()):
        yield place, "nothing-empty"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _empty(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _empty(inner, f"{place}[{i}]")
