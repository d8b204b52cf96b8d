"""Commands for rule authors: run the test cases, write boundary Bundles, show trials in plain words."""

import json
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from cds_service.authoring.samples import default_samples_dir, sample_reader
from cds_service.errors import CdsError, Finding
from cds_service.library import Library, check_library
from cds_service.settings import load_settings
from cds_service.terminal import show_findings
from cds_service.terminal_rules import show_case_report
from cds_service.trials.case_report import case_report_json
from cds_service.trials.case_runs import CaseReport, run_cases, titles_of
from cds_service.trials.cases import load_cases
from cds_service.trials.library import CompiledTrial
from cds_service.trials.mutation import MutationReport, mutate

authoring_app = typer.Typer(no_args_is_help=True)

Trials = Annotated[list[str] | None, typer.Argument(help="Registry numbers; every trial unless given.")]
Format = Annotated[str, typer.Option("--format", help="json or text.")]
RulesDir = Annotated[Path | None, typer.Option("--rules", help="A rules folder; CDS_RULES_DIR unless given.")]


@authoring_app.command("test")
def rules_test(
    trials: Trials = None,
    mutation: Annotated[bool, typer.Option("--mutate", help="Put faults into the rules; cases must notice.")] = False,
    rules_dir: RulesDir = None,
    samples: Annotated[Path | None, typer.Option("--samples", help="The folder of sample patients.")] = None,
    format: Format = "text",
) -> None:
    """Run the test cases beside each trial. Exit code 1 when one fails, something is untested or a fault survives."""
    folder, library, findings = _load(rules_dir)
    read = sample_reader(library, samples or default_samples_dir())
    titles = titles_of(library.catalogue)
    reports: list[tuple[CaseReport, MutationReport | None]] = []
    for trial in _chosen(library, trials):
        report = run_cases(load_cases(trial, folder, library.catalogue), library.compiled, titles, read)
        mutated = mutate(report, library.compiled.vocabulary, library.catalogue) if mutation else None
        reports.append((report, mutated))
        findings = (*findings, *report.findings, *(mutated.findings if mutated else ()))
    if _is_json(format):
        _print_json(case_report_json(reports, findings))
    else:
        for report, mutated in reports:
            show_case_report(report, mutated)
        show_findings(findings)
    if any(report.mismatches for report, _ in reports) or any(f.severity == "error" for f in findings):
        raise typer.Exit(1)


def _load(rules_dir: Path | None) -> tuple[Path, Library, tuple[Finding, ...]]:
    """The rules folder as far as it is sound, so that one broken file does not keep the others from being tested."""
    try:
        folder = rules_dir or load_settings().rules_dir
    except CdsError as problem:
        _stop(str(problem))
    library, findings = check_library(folder)
    if library is None:
        show_findings(findings)
        _stop("There is nothing to test.")
    return folder, library, findings


def _chosen(library: Library, ids: list[str] | None) -> list[CompiledTrial]:
    known = {trial.id: trial for trial in library.trials}
    for id in ids or ():
        if id not in known:
            _stop(f"There is no sound trial {id!r}. Known: {', '.join(known)}.")
    return [known[id] for id in ids] if ids else list(known.values())


def _is_json(format: str) -> bool:
    if format not in ("json", "text"):
        _stop(f"--format is json or text, not {format!r}")
    return format == "json"


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _stop(message: str) -> NoReturn:
    typer.echo(f"cds-service: {message}", err=True)
    raise typer.Exit(2)
