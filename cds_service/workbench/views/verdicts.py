"""Verdicts and outcomes as words with a tone."""

from collections.abc import Mapping

from cds_service.cards import age_words
from cds_service.facts.fact import Age
from cds_service.matching import Match
from cds_service.trials import CriterionResult, TrialResult

TONES: Mapping[str, str] = {
    "likely_eligible": "good",
    "possibly_eligible": "fair",
    "undetermined": "open",
    "not_eligible": "bad",
    "pass": "good",
    "fail": "bad",
    "unknown": "open",
    "review": "person",
    "none": "open",
}
"""Verdict or outcome to the class that colours its badge; the word always stands in it."""

SIGNS: Mapping[str, str] = {"good": "✓", "fair": "◐", "open": "?", "bad": "✗", "person": "☞"}
"""A sign beside the word, so that colour is never all there is."""


def word(value: str | None) -> str:
    """Such as `likely eligible`."""
    return "no trial" if value is None else value.replace("_", " ")


def who(result: Match) -> str:
    """Such as `female, 34 years`, of a small child `male, 14 months`; it says where neither is known."""
    described = result.sheet.describe("patient.sex")
    sex = described[0]["value"] if described else None
    age = result.sheet["patient.age"].value if "patient.age" in result.sheet else None
    known = (sex, age_words(age.years, age.months) if isinstance(age, Age) else None)
    return ", ".join(filter(None, known)) or "Sex and age not known"


def told(result: TrialResult) -> str:
    """How a verdict came about, in a few words. Of a trial with cohorts, its own criteria and its best cohort's."""
    criteria = list(result.criteria)
    best = next((c for c in result.cohorts if c.verdict == result.verdict), None)
    if best is not None:
        criteria += best.criteria
    failing = having(criteria, "fail")
    if failing:
        return f"fails {listed([c.criterion.id for c in failing])}"
    unknown = [c.criterion.id for c in having(criteria, "unknown")]
    gap = ["source gap"] if result.trial.source_gaps else []
    if gap or unknown:
        return "; ".join([*gap, *([f"unknown {listed(unknown)}"] if unknown else [])])
    return f"{len(having(criteria, 'pass'))} pass"


def having(criteria: list[CriterionResult], outcome: str) -> list[CriterionResult]:
    """Those of that outcome."""
    return [c for c in criteria if c.outcome == outcome]


def listed(ids: list[str], most: int = 3) -> str:
    """The first few, and how many more there are."""
    more = len(ids) - most
    return ", ".join(ids[:most]) + (f" +{more}" if more > 0 else "")
