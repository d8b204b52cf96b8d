"""What running the cases showed, as JSON for other tools."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from cds_service.errors import Finding
from cds_service.rule_tools.cases.cases import Place
from cds_service.rule_tools.cases.mutation import MutationReport
from cds_service.rule_tools.cases.runs import TESTED, CaseReport, CriterionCases


def case_report_json(
    reports: Iterable[tuple[CaseReport, MutationReport | None]], findings: Iterable[Finding]
) -> dict[str, Any]:
    """`{"trials": [{"id", "cases", "mismatches", "coverage", "mutation"}], "findings": [...]}`."""
    return {
        "trials": [_trial(report, mutation) for report, mutation in reports],
        "findings": [asdict(finding) for finding in findings],
    }


def _trial(report: CaseReport, mutation: MutationReport | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": report.cases.trial.id,
        "cases": len(report.ran),
        "outcomes": sum(len(case.expect) for case, _ in report.ran),
        "mismatches": [asdict(mismatch) for mismatch in report.mismatches],
        "coverage": [_coverage(item) for item in report.coverage],
    }
    if mutation is not None:
        found["mutation"] = {
            "tried": mutation.tried,
            "equivalent": mutation.equivalent,
            "survivors": [
                {**_place(s.place), "pointer": s.pointer, "mutation": s.mutant.mutation} for s in mutation.survivors
            ],
        }
    return found


def _coverage(item: CriterionCases) -> dict[str, Any]:
    return {
        **_place(item.place),
        "decides": item.decides,
        "tested": {outcome: item.tested[outcome] for outcome in TESTED},
        "never": sorted(item.cannot),
        "missing": list(item.missing),
    }


def _place(place: Place) -> dict[str, str | None]:
    cohort, id = place
    return {"cohort": cohort or None, "criterion": id}
