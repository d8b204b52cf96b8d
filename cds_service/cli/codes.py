"""Commands about codes and words: which of them a site's feed holds, and what became of each."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.codes_check import codes_check
from cds_service.cli.codes_diff import codes_diff
from cds_service.cli.output import command_group, print_json, settings_or_stop, show_findings, stop
from cds_service.cli.terminology import codes_compile, codes_migrate
from cds_service.errors import RulesError

if TYPE_CHECKING:
    from cds_service.facts import FactReaders
    from cds_service.feed import UnreadPlace
    from cds_service.terminology.seen import SightingTable, Survey

codes_app = command_group("The codes of value sets and maps, and which codes and words a site's feed holds.")

_FORMATS = ("text", "tsv", "json")
_MOST_PROBLEMS = 100
_DRAFTS = ("conceptmaps/draft.json", "phrases/draft.json")


codes_app.command("check")(codes_check)
codes_app.command("compile")(codes_compile)
codes_app.command("diff")(codes_diff)
codes_app.command("migrate")(codes_migrate)


@codes_app.command("seen")
def codes_seen(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE...", help="Files or folders: JSON, NDJSON, .gz, .zip; '-' is standard input."),
    ],
    format: Annotated[str, typer.Option("--format", help="text, tsv or json.")] = "text",
    draft: Annotated[
        Path | None,
        typer.Option("--map", help="A folder for the drafts conceptmaps/draft.json and phrases/draft.json."),
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option("--fail-under", min=0, max=100, help="Exit code 1 where a smaller share, in %, is understood."),
    ] = None,
    min_patients: Annotated[
        int, typer.Option("--min-patients", min=1, help="What people typed is shown where so many patients have it.")
    ] = 3,
    words: Annotated[
        bool, typer.Option("--words", help="Show everything that was typed: it may hold names of patients.")
    ] = False,
) -> None:
    """List what a feed holds, by frequency: code, words, unit, value in words, and what became of it.

    No patient's data is in it. What can't be read is named on standard error, with its place.
    """
    if format not in _FORMATS:
        stop(f"--format is text, tsv or json, not {format!r}")
    files = [] if draft is None else [draft / name for name in _DRAFTS]
    for file in files:
        if file.exists():
            stop(f"{file} is there already, and somebody may have worked on it: name another folder")
    for source in sources:
        if source != "-" and not Path(source).exists():
            stop(f"{source}: there is no such file or folder")
    from cds_service.terminology.seen import Survey

    knowledge = _knowledge()
    problems = _Problems()
    survey = Survey(knowledge, min_patients, problems.note)
    read = _go_over(sources, survey, problems)
    table = _shown(survey, knowledge, words=words)
    _print(table, format, read, problems.number, min_patients)
    if draft is not None:
        _write(table, files)
    share = table.share
    if fail_under is not None and (share is None or share < fail_under):
        found = "nothing could be read" if share is None else f"{share:.2f} % are understood"
        typer.echo(f"cds-service: {found}; --fail-under asks for {fail_under:g} %", err=True)
        raise typer.Exit(1)


class _Problems:
    """Says what could not be read as it is met: the first of them one by one, then how many more."""

    def __init__(self) -> None:
        self.number = 0

    def note(self, problem: "UnreadPlace") -> None:
        self.number += 1
        if self.number <= _MOST_PROBLEMS:
            typer.echo(f"{problem.place}: {problem.message}", err=True)

    def close(self) -> None:
        if self.number > _MOST_PROBLEMS:
            typer.echo(f"… and {self.number - _MOST_PROBLEMS} more that could not be read", err=True)


def _go_over(sources: list[str], survey: "Survey", problems: _Problems) -> int:
    """Count all there is in the sources; how many files were read."""
    from cds_service.feed import read_feed

    read = 0

    def note(problem: "UnreadPlace") -> None:
        problems.note(problem)
        survey.lost()

    for _, documents in read_feed(sources, note):
        read += 1
        for document in documents:
            survey.add(document)
    problems.close()
    return read


def _shown(survey: "Survey", knowledge: "FactReaders", *, words: bool) -> "SightingTable":
    from cds_service.terminology.seen import table_of

    return table_of(survey.finish(), knowledge, words=words)


def _print(table: "SightingTable", format: str, files: int, problems: int, min_patients: int) -> None:
    from cds_service.cli.show_codes import as_json, as_tsv, show_table

    match format:
        case "json":
            print_json(as_json(table, files, problems, min_patients))
        case "tsv":
            typer.echo(as_tsv(table), nl=False)
        case _:
            show_table(table, files, problems, min_patients)


def _write(table: "SightingTable", files: list[Path]) -> None:
    from cds_service.terminology.seen import concept_map, phrases

    for file, content in zip(files, (concept_map(table), phrases(table)), strict=True):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as problem:
            stop(f"{file}: {problem.strerror}")
        typer.echo(f"{file}: to be completed by hand (docs/codes.md)", err=True)


def _knowledge() -> "FactReaders":
    from cds_service.facts import load_facts
    from cds_service.facts.catalogue import stops
    from cds_service.rule_files import is_of_a_site

    settings = settings_or_stop()
    knowledge, findings = load_facts(settings.rules_dir, site_dir=settings.site_dir)
    # What of a site's folder or of a map is broken is left out, and told by `site check` and `codes check`.
    findings = tuple(finding for finding in findings if not is_of_a_site(finding.file))
    show_findings([finding for finding in findings if finding.severity == "error"])
    if any(map(stops, findings)):
        stop(str(RulesError(findings)).partition("\n")[0] + ": the rules can't be used until this is mended.")
    return knowledge
