"""Test cases beside a trial: given facts, runs, mutants."""

from cds_service.rule_tools.cases.cases import (
    Case,
    CaseFile,
    EquivalentMutant,
    Expectations,
    Place,
    check_cases,
    load_cases,
    places_of,
    said,
)
from cds_service.rule_tools.cases.differing import CasesRun, differences, run_all_cases
from cds_service.rule_tools.cases.mutants import mutants
from cds_service.rule_tools.cases.mutation import MutationReport, mutate
from cds_service.rule_tools.cases.report import case_report_json
from cds_service.rule_tools.cases.runs import (
    TESTED,
    UNKNOWN_SAMPLE,
    CaseReport,
    CriterionCases,
    Mismatch,
    ReadSample,
    run_cases,
)
from cds_service.rule_tools.cases.stated import Documents, StatementError, documents, documents_of, read_fact
from cds_service.rule_tools.cases.stated_events import WORDS, State, StatedRecord, unknown_events

__all__ = [
    "TESTED",
    "UNKNOWN_SAMPLE",
    "WORDS",
    "Case",
    "CaseFile",
    "CaseReport",
    "CasesRun",
    "CriterionCases",
    "Documents",
    "EquivalentMutant",
    "Expectations",
    "Mismatch",
    "MutationReport",
    "Place",
    "ReadSample",
    "State",
    "StatedRecord",
    "StatementError",
    "case_report_json",
    "check_cases",
    "differences",
    "documents",
    "documents_of",
    "load_cases",
    "mutants",
    "mutate",
    "places_of",
    "read_fact",
    "run_all_cases",
    "run_cases",
    "said",
    "unknown_events",
]
