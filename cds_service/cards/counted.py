"""The criteria of a trial that count on a card: its own and those of its best cohort."""

from cds_service.trials import BEST_FIRST, CohortResult, CriterionResult, TrialResult


def best_cohort(result: TrialResult) -> CohortResult | None:
    """The cohort with the best verdict, among equals the one with the fewest open questions; None without cohorts."""

    def rank(cohort: CohortResult) -> tuple[int, int]:
        return BEST_FIRST.index(cohort.verdict), sum(c.outcome == "unknown" for c in cohort.criteria)

    return min(result.cohorts, key=rank, default=None)


def counted(result: TrialResult) -> tuple[CriterionResult, ...]:
    """The criteria that the verdict rests on."""
    best = best_cohort(result)
    return (*result.criteria, *(best.criteria if best is not None else ()))


def computed(result: TrialResult) -> tuple[CriterionResult, ...]:
    """Those of `counted` that a rule decides."""
    return tuple([c for c in counted(result) if c.outcome != "review"])
