"""Commands for rule authors: run the test cases, write boundary Bundles, show trials in plain words."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.as_of import AsOfOption
from cds_service.cli.as_of import as_of as day_asked
from cds_service.cli.output import command_group, is_json, must_exist, print_json, settings_or_stop, show_findings, stop
from cds_service.errors import Finding

if TYPE_CHECKING:
    from cds_service.library import Library
    from cds_service.rule_tools.cases import CaseReport, MutationReport
    from cds_service.trials import CompiledTrial

authoring_app = command_group()

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
    as_json = is_json(format)
    for given in (rules_dir, samples):
        must_exist(given)

    from cds_service.rule_tools import default_samples_dir, sample_reader
    from cds_service.rule_tools.cases import case_report_json, load_cases, mutate, run_cases
    from cds_service.trials import titles_of

    folder, library, findings = _load(rules_dir)
    read = sample_reader(library, samples or default_samples_dir())
    titles = titles_of(library.catalogue)
    reports: list[tuple[CaseReport, MutationReport | None]] = []
    for trial in _chosen(library, trials):
        report = run_cases(load_cases(trial, folder, library.catalogue), library.compiled, titles, read)
        mutated = mutate(report, library.compiled.vocabulary, library.catalogue) if mutation else None
        reports.append((report, mutated))
        findings = (*findings, *report.findings, *(mutated.findings if mutated else ()))
    if as_json:
        print_json(case_report_json(reports, findings))
    else:
        from cds_service.cli.show_rules import show_case_report

        for report, mutated in reports:
            show_case_report(report, mutated)
        show_findings(findings, folder)
    if any(report.mismatches for report, _ in reports) or any(f.severity == "error" for f in findings):
        raise typer.Exit(1)


@authoring_app.command("show")
def rules_show(
    trial: Annotated[str | None, typer.Argument(help="A registry number; every trial and fact unless given.")] = None,
    rules_dir: RulesDir = None,
    format: Format = "text",
) -> None:
    """Show a trial in plain words with the facts that it reads; without a trial, list the trials and all facts."""
    as_json = is_json(format)
    must_exist(rules_dir)

    from dataclasses import asdict

    from cds_service.cli.show_rules import show_known_facts, show_trial, show_trials
    from cds_service.rule_tools.docs import RulesReference
    from cds_service.trials import coverage_of

    folder, library, findings = _load(rules_dir)
    show_findings(findings, folder)
    reference = RulesReference(library, folder)
    if trial is None:
        facts = reference.facts()
        if as_json:
            tallies = {t.id: asdict(coverage_of(t.trial)) for t in library.trials}
            print_json({"trials": tallies, "facts": list(map(asdict, facts))})
        else:
            show_trials(library.trials)
            show_known_facts(facts)
        return
    [chosen] = _chosen(library, [trial])
    in_words = reference.trial(chosen)
    if as_json:
        gaps = list(chosen.trial.gap_texts)
        tallied = {"id": chosen.id, "tally": asdict(coverage_of(chosen.trial)), "source_gaps": gaps}
        print_json(tallied | in_words.as_json())
    else:
        show_trial(chosen, in_words)


@authoring_app.command("boundaries")
def rules_boundaries(
    trials: Annotated[list[str], typer.Argument(help="Registry numbers.")],
    criterion: Annotated[str | None, typer.Option("--criterion", help="Only the criterion of that id.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where to write; one folder for each trial.")] = Path("boundaries"),
    as_of: AsOfOption = None,
    rules_dir: RulesDir = None,
) -> None:
    """Write FHIR Bundles around every threshold of a trial, with what each must come to in manifest.json."""
    must_exist(rules_dir)

    from cds_service.rule_tools.cases import places_of
    from cds_service.trials import titles_of

    try:
        from tools.boundaries.bundles import files, write
        from tools.boundaries.probes import ProbeMaker
    except ModuleNotFoundError:
        stop("Boundary Bundles are made by a developers' tool that is no part of the package: use a checkout (tools/).")

    folder, library, findings = _load(rules_dir)
    show_findings(findings, folder)
    day = day_asked(as_of).plain()
    maker = ProbeMaker(library, folder, day)
    titles = titles_of(library.catalogue)
    for trial in _chosen(library, trials):
        places = {place: c for place, c in places_of(trial).items() if criterion in (None, place[1])}
        if not places:
            stop(f"{trial.id} has no criterion {criterion!r}.")
        made = {place: maker.probes(place, compiled) for place, compiled in places.items()}
        untried = [{"criterion": place[1], "pointer": at} for place, found in made.items() for at in found.untried]
        probes = [probe for found in made.values() for probe in found.probes]
        count = write(out / trial.id, trial, day, files(probes, titles), untried)
        text = f"{out / trial.id}: {count} Bundles as of {day}, and manifest.json"
        typer.echo(text + (f"; {len(untried)} parts of rules are not tried" if untried else ""))


@authoring_app.command("docs")
def rules_docs(
    out: Annotated[Path | None, typer.Option("--out", help="A file to write; standard output unless given.")] = None,
    codes: Annotated[bool, typer.Option("--findings", help="The codes of findings instead.")] = False,
    facts: Annotated[bool, typer.Option("--facts", help="Every fact instead, below what FILE says by hand.")] = False,
    rules_dir: RulesDir = None,
) -> None:
    """Write the page with all trials in plain words (docs/trials.md), of all findings or of all facts."""
    must_exist(rules_dir)
    if codes:
        from cds_service.rule_tools.docs import findings_page

        page = findings_page()
    else:
        from cds_service.rule_tools.docs import RulesReference, facts_page, trials_page

        folder, library, findings = _load(rules_dir)
        show_findings(findings, folder)
        if any(f.severity == "error" for f in findings):
            stop("The page would be incomplete.")
        reference = RulesReference(library, folder)
        written = out.read_text(encoding="utf-8") if out is not None and out.is_file() else ""
        page = facts_page(reference, written) if facts else trials_page(reference)
    if out is None:
        typer.echo(page, nl=False)
    else:
        out.write_text(page, encoding="utf-8")


def _load(rules_dir: Path | None) -> tuple[Path, "Library", tuple[Finding, ...]]:
    """The rules folder as far as it is sound, so that one broken file does not keep the others from being tested."""
    from cds_service.library import check_library

    folder = rules_dir or settings_or_stop().rules_dir
    library, findings = check_library(folder)
    if library is None:
        show_findings(findings, folder)
        stop("There is nothing to test.")
    return folder, library, findings


def _chosen(library: "Library", ids: list[str] | None) -> "list[CompiledTrial]":
    known = {trial.id: trial for trial in library.trials}
    for id in ids or ():
        if id not in known:
            stop(f"There is no sound trial {id!r}. Known: {', '.join(known)}.")
    return [known[id] for id in ids] if ids else list(known.values())
