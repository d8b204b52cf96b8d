"""Trial results made up for a test, without a record behind them."""

from collections.abc import Sequence
from typing import Any

from cds_service.trials import Criterion, CriterionResult, Outcome, Trial, TrialResult, trial_result
from tests.cards.small_library import trial


def result(id: str, outcomes: Sequence[Outcome] = ("pass",), gate: Outcome = "pass", **fields: Any) -> TrialResult:
    """A trial's result with a gate and these criteria; `fields` are the trial's."""
    made = Trial.model_validate(trial(id, **fields))
    [diagnosis] = made.criteria
    criteria = [CriterionResult(diagnosis, gate, "documented", ())]
    for number, outcome in enumerate(outcomes, 2):
        review = {"review": "Ask"} if outcome == "review" else {"logic": None}
        criterion = Criterion.model_validate(
            {"id": f"inc-{number:02}", "kind": "inclusion", "text": f"Criterion {number}", **review}
        )
        criteria.append(CriterionResult(criterion, outcome, "documented", ()))
    return trial_result(made, criteria, ())
