"""Matches whose verdicts are made up: any outcome for any criterion, and hostile words wherever words may come from."""

import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from cds_service.library import Library
from cds_service.matching import Match
from cds_service.trials import (
    CohortResult,
    CompiledCriterion,
    CompiledTrial,
    Contact,
    CriterionResult,
    Site,
    TrialResult,
    trial_result,
    verdict_of,
)
from tests.cards.hostile import visible
from tests.cards.small_library import condition, criterion, lab, library_of, matched, rituximab, trial

STATUSES = (
    *("recruiting", "recruiting", "not_yet_recruiting", "enrolling_by_invitation", "active_not_recruiting"),
    *("unknown", "completed", "suspended"),
)
CRITERIA = [
    criterion("inc-02", {">=": [{"var": "lab.hemoglobin"}, {"quantity": [80, "g/L"]}]}, lookback="P7D"),
    criterion("inc-03", {"or": [{"<=": [{"var": "lab.creatinine.x_uln"}, 1.5]}, {"<=": [{"var": "score.ecog"}, 1]}]}),
    criterion("inc-04", {"==": [{"var": "result.ana"}, "positive"]}, review="Confirm that it is so; or not"),
    {"id": "inc-05", "kind": "inclusion", "text": "Consent", "review": "The study team obtains consent"},
    criterion("exc-01", {"within": [{"var": "medication.biologic"}, {"quantity": [4, "wk"]}]}),
    criterion("exc-02", {"within": [{"var": "condition.stroke"}, {"quantity": [6, "mo"]}]}, review="Ask about strokes"),
    criterion("exc-03", {"or": [{"var": "procedure.surgery"}, None]}),
    criterion("exc-04", {">": [{"var": "patient.age"}, {"quantity": [70, "a"]}]}),
]
COHORTS = [
    {"id": "A", "title": "Cohort A", "criteria": [criterion("inc-11", {">=": [{"var": "lab.ana_titer"}, 80]})]},
    {"id": "B", "title": "Cohort B", "criteria": []},
]
IDS = tuple(f"NCT0000000{n}" for n in range(1, 7))
DAYS = ("2026-11-20", "2026-01", "2025", "2026-11-20T08:00:00+01:00")


@lru_cache(1)
def library() -> Library:
    trials = [trial(id, *CRITERIA, cohorts=COHORTS if n % 2 else []) for n, id in enumerate(IDS)]
    return library_of(Path(tempfile.mkdtemp()), *trials)


@dataclass(frozen=True)
class Made:
    """A match made from a seed, with some of these words wherever there are words."""

    seed: int
    words: Sequence[str]
    match: Match = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "match", _Maker(random.Random(self.seed), self.words).match())


makings = st.builds(Made, st.integers(0, 2**32), st.lists(visible, max_size=6))


class _Maker:
    def __init__(self, chance: random.Random, words: Sequence[str]) -> None:
        self.chance = chance
        self.pool = ["Plain words", "Systemic lupus erythematosus", *words]

    def match(self) -> Match:
        resources = [self.resource() for _ in range(self.chance.randrange(6))]
        found = matched(library(), *resources)
        return replace(found, trials=tuple(self.result(compiled) for compiled in library().trials))

    def words(self) -> str:
        """Up to three of the words, as a trial file or a record may hold them."""
        text = " ".join(self.chance.choices(self.pool, k=self.chance.randint(1, 3)))[:2000]
        # Half a surrogate pair is no text that a file can hold.
        return text.encode(errors="ignore").decode()

    def resource(self) -> dict[str, Any]:
        day = self.chance.choice(DAYS)
        resource = self.chance.choice(
            [
                lab("718-7", 78, "g/L", day),
                lab("718-7", self.words(), day=day),
                lab("2160-0", 60, self.words(), day),
                lab("8061-4", self.words(), day=day),
                lab("89247-1", 2, "", day),
                condition("230690007", day),
                {**condition("230690007", day), "code": {"text": f"stroke {self.words()}"}},
                rituximab(day, "2026-11-10"),
            ]
        )
        for coding in (resource.get("code") or resource.get("medicationCodeableConcept") or {}).get("coding", ()):
            coding["display"] = self.words()
        return resource

    def result(self, compiled: CompiledTrial) -> TrialResult:
        contact = Contact(name=self.words(), phone=self.words(), email=self.words())
        site = Site(name=self.words(), city=self.words(), contacts=(contact,))
        changed = compiled.trial.model_copy(
            update={
                "title": self.words(),
                "short_title": self.words()[:60],
                "status": self.chance.choice(STATUSES),
                "sponsor": self.chance.choice([None, self.words()]),
                "phase": self.chance.choice([None, self.words()]),
                "source_gaps": self.chance.choice([(), (), (self.words()[:200],), (self.words()[:200], "Cut off.")]),
                "sites": self.chance.choice([(), (site,), (site,) * 5]),
            }
        )
        own = [self.criterion(c) for c in compiled.criteria]
        cohorts = []
        for cohort, criteria in compiled.cohorts:
            extra = tuple(self.criterion(c) for c in criteria)
            named = cohort.model_copy(update={"title": self.words()})
            cohorts.append(CohortResult(named, verdict_of(changed, [*own, *extra]), extra))
        return trial_result(changed, own, cohorts)

    def criterion(self, compiled: CompiledCriterion) -> CriterionResult:
        said = compiled.criterion
        changed = {"text": self.words()} | ({"review": self.words()} if said.review is not None else {})
        outcomes = ["pass"] * 6 + ["unknown"] * 3 + ["fail"] * (not said.gate)
        outcome: Any = self.chance.choice(outcomes) if said.has_logic else "review"
        basis: Any = self.chance.choice(["documented", "presumed"])
        return CriterionResult(said.model_copy(update=changed), outcome, basis, compiled.facts)
