"""Pages that are generated from the rules."""

from cds_service.rule_tools.docs.facts_page import FORMULAS, MARK, facts_page
from cds_service.rule_tools.docs.findings_page import SECTIONS, findings_page
from cds_service.rule_tools.docs.reference import CriterionInWords, FactInWords, RulesReference, TrialInWords
from cds_service.rule_tools.docs.trials_page import trials_page

__all__ = [
    "FORMULAS",
    "MARK",
    "SECTIONS",
    "CriterionInWords",
    "FactInWords",
    "RulesReference",
    "TrialInWords",
    "facts_page",
    "findings_page",
    "trials_page",
]
