"""What the pages show, as plain values: pure functions of a record, a library and a day."""

from cds_service.workbench.views.checked import DraftCheck, DraftProblem, check
from cds_service.workbench.views.completions import completions
from cds_service.workbench.views.criteria import CriterionView, criteria_views
from cds_service.workbench.views.ehr import (
    HookAnswer,
    accepted,
    answer_of,
    done_words,
    folded,
    hook_request,
    overridden,
    reasons_of,
)
from cds_service.workbench.views.matrix import SHOWN, Cell, Column, Matrix, MatrixRow, Wanted, groups
from cds_service.workbench.views.nearest import Turn, nearest
from cds_service.workbench.views.outcomes import OutcomeView, outcomes
from cds_service.workbench.views.patient_chart import (
    ChartDrug,
    ChartEntry,
    ChartResult,
    Disease,
    Panel,
    PatientChart,
    ResultSection,
    patient_chart,
)
from cds_service.workbench.views.plot import on_scale, plot
from cds_service.workbench.views.series import Point, Series, all_series, describe
from cds_service.workbench.views.sheet import SheetLine, sheet, telling
from cds_service.workbench.views.thresholds import thresholds
from cds_service.workbench.views.unread import UnreadQuestion, map_draft, objections, questions, read_by_words
from cds_service.workbench.views.verdicts import SIGNS, TONES, told, who, word
from cds_service.workbench.views.what_if import TrialFlip, changeable, flips, stated, statement, today

__all__ = [
    "SHOWN",
    "SIGNS",
    "TONES",
    "Cell",
    "ChartDrug",
    "ChartEntry",
    "ChartResult",
    "Column",
    "CriterionView",
    "Disease",
    "DraftCheck",
    "DraftProblem",
    "HookAnswer",
    "Matrix",
    "MatrixRow",
    "OutcomeView",
    "Panel",
    "PatientChart",
    "Point",
    "ResultSection",
    "Series",
    "SheetLine",
    "TrialFlip",
    "Turn",
    "UnreadQuestion",
    "Wanted",
    "accepted",
    "all_series",
    "answer_of",
    "changeable",
    "check",
    "completions",
    "criteria_views",
    "describe",
    "done_words",
    "flips",
    "folded",
    "groups",
    "hook_request",
    "map_draft",
    "nearest",
    "objections",
    "on_scale",
    "outcomes",
    "overridden",
    "patient_chart",
    "plot",
    "questions",
    "read_by_words",
    "reasons_of",
    "sheet",
    "stated",
    "statement",
    "telling",
    "thresholds",
    "today",
    "told",
    "who",
    "word",
]
