"""Builds the cards of a CDS Hooks response from a match."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from cds_service.cards.contents import Contents
from cds_service.cards.detail import as_markdown, as_plain
from cds_service.cards.invariants import check_cards
from cds_service.cards.mendable import MendableEntries, unread
from cds_service.cards.missing import Searcher, Wanted
from cds_service.cards.near_miss import NearMiss, near_miss
from cds_service.cards.needs import MissingData
from cds_service.cards.overrides import OVERRIDE_REASONS
from cds_service.cards.registry import host, record_link
from cds_service.cards.selection import CardOptions, CardSelection, SelectedTrial, may_be_near, may_be_unread, select
from cds_service.cards.suggestions import Suggester, is_condition_reference, stable_uuid
from cds_service.cards.summary import name_of
from cds_service.cards.trial_views import TrialView, TrialViews
from cds_service.deadline import NEVER, Deadline
from cds_service.explanation import is_misread
from cds_service.matching import Match
from cds_service.trials import TrialResult

_MOST_REASONS = 20
"""Conditions that a suggested request names as its reason."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it goes out. `key` is the same for a card that says the same; see `SelectedTrial.key`."""

    trial_id: str
    key: str
    body: dict[str, Any]


def cards_for(match: Match, options: CardOptions, seed: str) -> list[dict[str, Any]]:
    """The cards for one patient, best first; none for a deceased patient.

    `seed` names the answer (see `seeds`): the same seed and match give the same card and suggestion UUIDs.
    Raises InvariantError if a card is not what a client may be sent.
    """
    return [card.body for card in build_cards(match, options, seed)]


def build_cards(
    match: Match,
    options: CardOptions,
    seed: str,
    *,
    suppressed: Collection[str] = (),
    already_shown: Collection[str] = (),
    deadline: Deadline = NEVER,
) -> tuple[Card, ...]:
    """The cards with their keys and trials, by which a deployment remembers them.

    `suppressed` are ids of trials set aside for this patient, `already_shown` keys of cards that are not repeated.
    Raises InvariantError, and OutOfTime.
    """
    if match.deceased:
        return ()
    reader = TrialViews(match, deadline)
    selection = select(
        match.trials,
        options,
        match.as_of,
        near=_near_misses(reader, match.trials, options),
        unread=_unread(reader, match.trials, options),
        suppressed=suppressed,
        already_shown=already_shown,
    )
    cards = _CardBuilder(reader, options, seed).build(selection)
    check_cards([card.body for card in cards], options.profile, match.patient_id, options.max_cards)
    return cards


def _near_misses(reader: TrialViews, results: Collection[TrialResult], options: CardOptions) -> dict[str, NearMiss]:
    if not options.near_miss:
        return {}
    found = {}
    for result in results:
        if may_be_near(result, options, reader.match.as_of):
            miss = near_miss(reader, result, options.nearness)
            if miss is not None:
                found[result.trial.id] = miss
    return found


def _unread(reader: TrialViews, results: Collection[TrialResult], options: CardOptions) -> dict[str, MendableEntries]:
    if not is_misread(reader.match):
        return {}  # nearly always
    as_of = reader.match.as_of
    candidates = [result for result in results if may_be_unread(result, options, as_of)]
    return {one.trial.id: found for one in candidates if (found := unread(reader, one)) is not None}


class _CardBuilder:
    def __init__(self, reader: TrialViews, options: CardOptions, seed: str) -> None:
        self.reader = reader
        self.match = reader.match
        self.options = options
        self.seed = seed
        self.contents = Contents(reader, options)

    def build(self, selection: CardSelection) -> tuple[Card, ...]:
        """The cards of a selection, in its order."""
        opens = self._opens(selection)
        left_out = [choice.result.trial.id for choice in selection.left_out]
        rest = (left_out, len(self.match.timed_out))
        last = len(selection.shown) - 1
        return tuple(
            Card(choice.result.trial.id, choice.key, self._body(choice, opens[i], *(rest if i == last else ([], 0))))
            for i, choice in enumerate(selection.shown)
        )

    def _opens(self, selection: CardSelection) -> list[MissingData]:
        """The missing data of each card, and for each fact the other cards that wait for it."""
        searcher = Searcher(self.reader)
        wanted = [self._wanted(searcher, choice) for choice in selection.shown]
        opens = searcher.settle(wanted)
        waiting: dict[str, list[str]] = {}
        for choice, found in zip(selection.shown, opens, strict=True):
            for item in found.missing:
                waiting.setdefault(item.key, []).append(choice.result.trial.id)
        return [self._shared(found, waiting, choice) for choice, found in zip(selection.shown, opens, strict=True)]

    def _wanted(self, searcher: Searcher, choice: SelectedTrial) -> list[Wanted]:
        """The data that would settle a card's trial; none before it can be judged at all."""
        if choice.kind == "unread":
            return []
        near = choice.near.wanted if choice.near is not None else ()
        return [*near, *searcher.wanted(self._reading(choice).criteria)]

    def _shared(self, found: MissingData, waiting: Mapping[str, list[str]], choice: SelectedTrial) -> MissingData:
        """The same, with the other trials that wait for a fact."""
        missing = []
        for item in found.missing:
            also = tuple(trial for trial in waiting[item.key] if trial != choice.result.trial.id)
            missing.append(replace(item, also=also) if also else item)
        return replace(found, missing=tuple(missing))

    def _reading(self, choice: SelectedTrial) -> TrialView:
        return self.reader.read(choice.result) if choice.near is None else choice.near.reading

    def _body(self, choice: SelectedTrial, found: MissingData, left_out: list[str], skipped: int) -> dict[str, Any]:
        trial, profile = choice.result.trial, self.options.profile
        summary, detail = self.contents.of(choice, found, left_out, skipped)
        link = record_link(trial, profile)
        source: dict[str, Any] = {"label": host(trial)}
        if link is not None:
            source["url"] = trial.registry.url
        # Static per trial: EHRs remember an override by this code.
        source["topic"] = {"system": "https://clinicaltrials.gov", "code": trial.id, "display": name_of(trial)}
        card: dict[str, Any] = {
            "uuid": stable_uuid(self.seed, trial.id),
            "summary": summary,
            "detail": as_plain(detail) if profile.detail == "plain" else as_markdown(detail),
            "indicator": "info",
            "source": source,
        }
        suggestions = self._suggestions(choice, found)
        if suggestions:
            card["suggestions"] = suggestions
            card["selectionBehavior"] = "any"
        card["overrideReasons"] = [dict(reason) for reason in OVERRIDE_REASONS]
        if link is not None:
            card["links"] = [link]
        return card

    def _suggestions(self, choice: SelectedTrial, found: MissingData) -> list[dict[str, Any]]:
        if choice.kind in ("closed", "unread"):
            return []
        trial = choice.result.trial
        suggester = Suggester(trial, self.match.patient_id, self._reasons(choice), self.options.profile, self.seed)
        title = self.contents.names.test_title
        if choice.near is not None:
            repeated = {repeat.order.code: repeat.order for repeat in choice.near.repeats}
            return [s for test in repeated.values() for s in suggester.order(test, title(test), again=True)]
        tests = [item.order for item in found.missing if item.order is not None]
        ordered = [s for test in tests for s in suggester.order(test, title(test))]
        # What comes first is done first: nobody is referred while something is missing that the card asks for.
        complete = not (found.missing or trial.source_gaps)
        return [*suggester.referral(), *ordered] if complete else [*ordered, *suggester.referral()]

    def _reasons(self, choice: SelectedTrial) -> tuple[str, ...]:
        """References to the first Conditions that the trial's gates rest on."""
        sources = [
            str(entry["source"])
            for read in self._reading(choice).criteria
            if read.result.criterion.gate
            for ref in read.decisive_facts()
            for entry in self.reader.deadline.each(self.reader.evidence(ref))
            if entry["reason"] is None
        ]
        # What is certain and current comes first. Each suggestion repeats them all.
        found = (source for source in dict.fromkeys(sources) if is_condition_reference(source))
        return tuple(islice(found, _MOST_REASONS))
