"""Why there is no card, in three lines: how many trials, the nearest miss, and what could not be read."""

from collections.abc import Callable

from cds_service.explanation.plain_words import OUTCOME_WORDS, VERDICT_WORDS, PlainWords
from cds_service.explanation.standings import CriterionStanding, TrialStanding, standings
from cds_service.explanation.unread import unread_entries
from cds_service.facts.fact import Events
from cds_service.fhir import is_material
from cds_service.matching import Match


def why_no_cards(match: Match, more: Callable[[str], str], trial_id: str | None = None) -> tuple[str, ...]:
    """Three lines, for people, of all trials or of one. `match` is one of all trials, not a screened one; `more` gives
    what tells more of a trial, such as `cds-service explain sle.json --trial NCT07083349`."""
    if match.deceased:
        return ("No cards: the patient has died, and nothing is suggested.",)
    active = [one for one in standings(match, trial_id) if one.result.trial.state == "active"]
    nearest = active[0].result.trial.id if active else ""
    return (_how_many(active), _nearest(active, match), f"{_not_read(match)} More: {more(nearest)}")


def _how_many(active: list[TrialStanding]) -> str:
    if not active:
        return "No cards: no trial is active."
    fits = [s for s in active if s.result.verdict in {"likely_eligible", "possibly_eligible"}]
    if fits:
        which = "1 fits" if len(fits) == 1 else f"{len(fits)} fit"
        return f"No cards: of {_trials(len(active))} {which}, and none of these is shown."
    unsure = sum(s.result.verdict == "undetermined" for s in active)
    diseases = sum(s.open_gates > 0 and s.result.verdict == "not_eligible" for s in active)
    counts = [
        f"{diseases} ask for a disease that is not on record" if diseases else "",
        f"{unsure} can't be judged" if unsure else "",
    ]
    said = ", ".join(filter(None, counts))
    return f"No cards: of {_trials(len(active))} none fits" + (f"; {said}." if said else ".")


def _about_another(standing: TrialStanding, match: Match) -> bool:
    """Whether a trial asks for diseases of which the record has none. One that may be there is none of another's."""
    gates = [judged.result for judged in standing.counted if judged.result.criterion.gate]
    names = {match.library.catalogue.fact_of(ref.name) or ref.name for gate in gates for ref in gate.facts}
    values = [match.sheet[name].value for name in names if name.startswith("condition.")]
    return any(gate.outcome == "fail" for gate in gates) and all(isinstance(v, Events) and not v.items for v in values)


def _nearest(active: list[TrialStanding], match: Match) -> str:
    if not active:
        return "Nearest miss: none."
    if all(_about_another(standing, match) for standing in active):
        return "Nearest miss: none; no trial is about this patient's diseases."
    words = PlainWords(match)
    best = active[0]
    trial, judged = best.result.trial, best.decisive
    head = f"{trial.id} {trial.short_title}"
    if best.result.verdict in {"likely_eligible", "possibly_eligible"}:
        return f"Nearest: {head} {VERDICT_WORDS[best.result.verdict]}; its status is {trial.status.replace('_', ' ')}."
    if judged is None:
        return f"Nearest miss: {head}."
    return f"Nearest miss: {head}: {in_the_way(best, words)}."


def in_the_way(standing: TrialStanding, words: PlainWords) -> str:
    """The one criterion that decides against a trial, or is open first, with its value; `and 2 more` of its kind.

    Such as `excluded by exc-08, Active autoimmune disease (systemic lupus erythematosus since 2016-05-18)`. Empty where
    nothing is.
    """
    judged = standing.decisive
    if judged is None:
        return _gap(standing)
    why, more = words.why(judged), len(standing.having(judged.result.outcome)) - 1
    said = f"{_outcome(judged)} {judged.id}, {judged.result.criterion.text}"
    return said + (f" ({why})" if why else "") + (f", and {more} more" if more else "")


def in_short(standing: TrialStanding, words: PlainWords) -> str:
    """The same for a line of a table: `inc-06: antinuclear antibody (ANA) titre: no result on record`."""
    judged = standing.decisive
    if judged is None:
        return _gap(standing)
    return f"{judged.id}: {words.why(judged) or judged.result.criterion.text}"


def _outcome(judged: CriterionStanding) -> str:
    return OUTCOME_WORDS[judged.result.criterion.kind][judged.result.outcome]


def _gap(standing: TrialStanding) -> str:
    gaps = standing.result.trial.gap_texts
    return f"open: {gaps[0]}" if gaps else ""


def _not_read(match: Match) -> str:
    broken = sum(map(is_material, match.issues))
    unread = len(unread_entries(match))
    counts = [
        f"{_entries(broken)} could not be read" if broken else "",
        f"{_entries(unread)} {'is' if unread == 1 else 'are'} not understood" if unread else "",
    ]
    said = ", ".join(filter(None, counts))
    return f"Of the record {said}." if said else "All of the record was read."


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _trials(count: int) -> str:
    return "1 trial" if count == 1 else f"{count} trials"
