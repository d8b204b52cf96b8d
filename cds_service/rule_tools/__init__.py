"""For rule authors: checks, drafts, schemas, samples."""

from cds_service.rule_tools.answers import (
    AnswerReport,
    CaseChange,
    EntryAnswer,
    Ground,
    answer_entry,
    check_answer,
    choices,
    languages,
)
from cds_service.rule_tools.check import RulesReport, check_rules, report_on_rules
from cds_service.rule_tools.drafts import TRIAL_FILE, Draft, compile_draft
from cds_service.rule_tools.places import line_of, placed, placed_in
from cds_service.rule_tools.redated import redated
from cds_service.rule_tools.samples import (
    default_samples_dir,
    sample_bundle,
    sample_people,
    sample_reader,
    sample_records,
    sample_request,
    samples_day,
)
from cds_service.rule_tools.scaffold import ScaffoldError, check_number, new_trial
from cds_service.rule_tools.schemas import (
    FOLDER,
    cases_schema,
    outdated_schemas,
    schemas,
    trial_schema,
    write_schemas,
)
from cds_service.rule_tools.site_check import SiteReport, check_site, phrase_findings
from cds_service.rule_tools.source_claims import Clause, check_source, source_findings, unclaimed

__all__ = [
    "FOLDER",
    "TRIAL_FILE",
    "AnswerReport",
    "CaseChange",
    "Clause",
    "Draft",
    "EntryAnswer",
    "Ground",
    "RulesReport",
    "ScaffoldError",
    "SiteReport",
    "answer_entry",
    "cases_schema",
    "check_answer",
    "check_number",
    "check_rules",
    "check_site",
    "check_source",
    "choices",
    "compile_draft",
    "default_samples_dir",
    "languages",
    "line_of",
    "new_trial",
    "outdated_schemas",
    "phrase_findings",
    "placed",
    "placed_in",
    "redated",
    "report_on_rules",
    "sample_bundle",
    "sample_people",
    "sample_reader",
    "sample_records",
    "sample_request",
    "samples_day",
    "schemas",
    "source_findings",
    "trial_schema",
    "unclaimed",
    "write_schemas",
]
