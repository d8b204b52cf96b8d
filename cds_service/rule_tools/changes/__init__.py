"""What differs between two versions of the rules, and whose verdict flips."""

from cds_service.rule_tools.changes.flips import OutcomeChange, VerdictFlip, flip_json, outcome_changes, verdict_flips
from cds_service.rule_tools.changes.library_changes import LibraryChange, RulesSide, library_change, load_version
from cds_service.rule_tools.changes.rule_changes import Change
from cds_service.rule_tools.changes.trial_changes import CriterionChange, TrialChange, trial_change

__all__ = [
    "Change",
    "CriterionChange",
    "LibraryChange",
    "OutcomeChange",
    "RulesSide",
    "TrialChange",
    "VerdictFlip",
    "flip_json",
    "library_change",
    "load_version",
    "outcome_changes",
    "trial_change",
    "verdict_flips",
]
