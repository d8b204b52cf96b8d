"""The library of trials: files loaded, checked and compiled; facts turned into a verdict, criterion by criterion."""

from cds_service.rule_files import CASES_FILE, TRIALS
from cds_service.trials.cache_folder import CacheFolder
from cds_service.trials.checked import RuleChecker
from cds_service.trials.compiled import CompiledCriterion, CompiledTrial, TrialExplainer
from cds_service.trials.coverage import Decides, coverage_of, decides
from cds_service.trials.exceptions import excepted, typed_with_exception
from cds_service.trials.findings import CASE_FINDINGS, FILE_FINDINGS, TRIAL_FINDINGS
from cds_service.trials.index import IndexedPatient, outside
from cds_service.trials.library import CHUNK, KeptTrials, TrialLibrary, load_trials, read_trials
from cds_service.trials.model import Contact, Criterion, CriterionException, Site, SourceSpan, SourceText, Text, Trial
from cds_service.trials.prefilter import AGE, NEVER, NOTHING, SEX, Prefilter, necessary_conditions
from cds_service.trials.remembered_rules import RememberedRules, RulesMemory
from cds_service.trials.stored import StoredTrial
from cds_service.trials.verdicts import (
    BEST_FIRST,
    EXCEPTION,
    SOURCE_GAP,
    CohortResult,
    CriterionResult,
    Outcome,
    TrialResult,
    Verdict,
    outcome_of,
    trial_result,
    verdict_of,
)
from cds_service.trials.vocabulary import titles_of, vocabulary_of
from cds_service.trials.weighted_cache import DEFAULT_BYTES, Kept, Weight

__all__ = [
    "AGE",
    "BEST_FIRST",
    "CASES_FILE",
    "CASE_FINDINGS",
    "CHUNK",
    "DEFAULT_BYTES",
    "EXCEPTION",
    "FILE_FINDINGS",
    "NEVER",
    "NOTHING",
    "SEX",
    "SOURCE_GAP",
    "TRIALS",
    "TRIAL_FINDINGS",
    "CacheFolder",
    "CohortResult",
    "CompiledCriterion",
    "CompiledTrial",
    "Contact",
    "Criterion",
    "CriterionException",
    "CriterionResult",
    "Decides",
    "IndexedPatient",
    "Kept",
    "KeptTrials",
    "Outcome",
    "Prefilter",
    "RememberedRules",
    "RuleChecker",
    "RulesMemory",
    "Site",
    "SourceSpan",
    "SourceText",
    "StoredTrial",
    "Text",
    "Trial",
    "TrialExplainer",
    "TrialLibrary",
    "TrialResult",
    "Verdict",
    "Weight",
    "coverage_of",
    "decides",
    "excepted",
    "load_trials",
    "necessary_conditions",
    "outcome_of",
    "outside",
    "read_trials",
    "titles_of",
    "trial_result",
    "typed_with_exception",
    "verdict_of",
    "vocabulary_of",
]
