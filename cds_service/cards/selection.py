"""Selection of the trials that a clinician gets to see, in their order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from cds_service.cards.counted import computed
from cds_service.cards.home import Home
from cds_service.cards.mendable import MendableEntries
from cds_service.cards.near_miss import NearMiss, Nearness
from cds_service.cards.profiles import STANDARD_PROFILE, ClientProfile
from cds_service.site import LocalSite
from cds_service.trials import BEST_FIRST, Trial, TrialResult

REFERRABLE = frozenset({"recruiting", "enrolling_by_invitation", "not_yet_recruiting"})
OVER = frozenset({"completed", "terminated", "withdrawn", "suspended"})

NEAR = Nearness(days=90, share=0.5)
"""A card that asks to look again in more than three months, or hopes for half as much again, is noise."""

CardKind = Literal["fits", "closed", "near_miss", "unread"]
"""What a card is about: a trial that fits and may be referred to, one that fits and takes no more patients, one that
does not fit yet, and one that cannot be judged before an entry of the record is mended."""
_KINDS: tuple[CardKind, ...] = ("fits", "closed", "near_miss", "unread")


@dataclass(frozen=True, slots=True)
class CardOptions:
    """The options of a deployment's cards.

    * `min_decided`: how many of a trial's computed criteria must be decided at least.
    * `closed_trials`: whether a trial that no longer recruits is shown for information or hidden.
    * `near_miss`: whether trials that may fit soon get a card of their own kind, and `nearness` how near they must be.
    * `unread`: whether it is said which trials could not be judged, on cards of a kind of their own and beside them.
      It always is; answers given before that are computed again without.
    * `country`: where the clinic is (ISO 3166-1 alpha-2), None where that is not known; `foreign_trials`: whether a
      trial without a site there comes behind the others or is hidden.
    * `profile`: what the client can show.
    """

    max_cards: int = 5
    min_decided: int = 0
    closed_trials: Literal["inform", "hide"] = "inform"
    near_miss: bool = False
    nearness: Nearness = NEAR
    unread: bool = True
    profile: ClientProfile = STANDARD_PROFILE
    country: str | None = None
    foreign_trials: Literal["behind", "hide"] = "behind"

    @property
    def home(self) -> Home:
        """The country from which trials count as abroad."""
        return Home(self.country)

    def at_site(self, site: LocalSite) -> "CardOptions":
        """These options at a site: in its country, and with its own codes for orders."""
        settings = site.settings
        return replace(
            self,
            profile=self.profile.completed(site.order_codes),
            country=settings.country,
            foreign_trials=settings.foreign_trials,
        )


@dataclass(frozen=True, slots=True)
class SelectedTrial:
    """A trial that gets a card. `near` says what a near miss lacks, `unread` which entries are to be mended."""

    result: TrialResult
    kind: CardKind
    near: NearMiss | None = None
    unread: MendableEntries | None = None

    @property
    def key(self) -> str:
        """The trial, the kind, and the decided criteria: equal for two cards of one patient that say the same."""
        passed = [c.outcome for c in computed(self.result)].count("pass")
        until = "" if self.near is None or self.near.until is None else f"/{self.near.until}"
        trial = self.result.trial
        return f"{trial.id}@{trial.rules_version}/{self.kind}/{self.result.verdict}/{passed}{until}"


@dataclass(frozen=True, slots=True)
class CardSelection:
    """The trials to show, best first, and those that would be shown as well but are beyond the cap."""

    shown: tuple[SelectedTrial, ...]
    left_out: tuple[SelectedTrial, ...]


def out_of_date(trial: Trial, as_of: date) -> bool:
    """Whether the registry's completion date has passed, so that its status can't be relied on."""
    return trial.dates.completion is not None and trial.dates.completion < as_of


def referrable(trial: Trial, as_of: date) -> bool:
    """Whether a referral makes sense: the trial recruits or soon will, as far as its record is up to date."""
    return trial.status in REFERRABLE and not out_of_date(trial, as_of)


def may_be_near(result: TrialResult, options: CardOptions, as_of: date) -> bool:
    """Whether it is worth finding out how near a trial is that does not fit."""
    return (
        options.near_miss
        and result.verdict == "not_eligible"
        and _shown_at_all(result, options)
        and referrable(result.trial, as_of)
    )


def may_be_unread(result: TrialResult, options: CardOptions, as_of: date) -> bool:
    """Whether it is worth finding out why it is not certain that the patient has the trial's disease."""
    shown = options.unread and result.verdict == "undetermined" and _shown_at_all(result, options)
    return shown and (referrable(result.trial, as_of) or options.closed_trials == "inform")


def select(
    results: Sequence[TrialResult],
    options: CardOptions,
    as_of: date,
    *,
    near: Mapping[str, NearMiss] | None = None,
    unread: Mapping[str, MendableEntries] | None = None,
    suppressed: Collection[str] = (),
    already_shown: Collection[str] = (),
) -> CardSelection:
    """The trials that get a card, best first.

    Trials that recruit come first, then those that will, then closed ones, near misses, and last what cannot be judged;
    within each those with a site in the country; then likely before possibly, then the fewest open points: unknown
    criteria, and gaps in the trial's source. `near` holds the near misses by trial
    id, `unread` those that wait for entries to be mended. `suppressed` are ids of trials that were set aside for this
    patient, `already_shown` the keys of cards that are not to be repeated: neither is counted as left out.
    """
    chosen = []
    for result in results:
        choice = _choice(result, options, as_of, near or {})
        if choice is None and unread and result.trial.id in unread:
            choice = SelectedTrial(result, "unread", unread=unread[result.trial.id])
        if choice is not None and result.trial.id not in suppressed and choice.key not in already_shown:
            chosen.append(choice)
    home = options.home
    chosen.sort(key=lambda choice: _rank(choice, home))
    return CardSelection(tuple(chosen[: options.max_cards]), tuple(chosen[options.max_cards :]))


def _choice(
    result: TrialResult, options: CardOptions, as_of: date, near: Mapping[str, NearMiss]
) -> SelectedTrial | None:
    fits = result.verdict in ("likely_eligible", "possibly_eligible")
    # Most trials neither fit nor nearly do, and cost no more than this.
    if not (fits or result.trial.id in near) or not _shown_at_all(result, options):
        return None
    if fits:
        if referrable(result.trial, as_of):
            return SelectedTrial(result, "fits")
        return SelectedTrial(result, "closed") if options.closed_trials == "inform" else None
    return SelectedTrial(result, "near_miss", near[result.trial.id])


def _shown_at_all(result: TrialResult, options: CardOptions) -> bool:
    if result.trial.state != "active" or result.trial.status in OVER:
        return False
    if options.foreign_trials == "hide" and options.home.is_abroad(result.trial):
        return False
    # Counted only where it is shown: with thousands of trials it is most of the work.
    return not options.min_decided or sum(c.outcome != "unknown" for c in computed(result)) >= options.min_decided


def _rank(choice: SelectedTrial, home: Home) -> tuple[int, bool, int, int, date, int, str]:
    trial = choice.result.trial
    until = choice.near.until if choice.near is not None and choice.near.until is not None else date.min
    return (
        _KINDS.index(choice.kind),
        # Among closed ones it tells nothing: none of them is known to take patients.
        choice.kind != "closed" and trial.status == "not_yet_recruiting",
        home.distance(trial),
        BEST_FIRST.index(choice.result.verdict),
        until,
        [c.outcome for c in computed(choice.result)].count("unknown") + len(trial.source_gaps),
        trial.id,
    )
