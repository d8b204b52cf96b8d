"""Commands for rule authors: begin a trial, compare two versions of the rules, write the JSON Schemas."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cds_service.cli.as_of import AsOfOption
from cds_service.cli.as_of import as_of as day_asked
from cds_service.cli.output import command_group, is_json, must_exist, print_json, settings_or_stop, show_findings, stop
from cds_service.errors import RecordError, RulesError

if TYPE_CHECKING:
    from cds_service.fhir import Record
    from cds_service.library import Library
    from cds_service.rule_tools.changes import RulesSide

desk_app = command_group()

RulesDir = Annotated[Path | None, typer.Option("--rules", help="A rules folder; CDS_RULES_DIR unless given.")]


@desk_app.command("new")
def rules_new(
    trial: Annotated[str, typer.Argument(help="The registry's number, such as NCT07083349.")],
    condition: Annotated[
        str | None, typer.Option(help="The fact that the trial is about, such as condition.sle.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="The trial's title in your own words. In a terminal it is asked for.")
    ] = None,
    rules_dir: RulesDir = None,
) -> None:
    """Begin a trial: a sound draft with test cases, to be filled in."""
    folder = _folder(rules_dir)

    from cds_service.rule_tools import ScaffoldError, check_number, new_trial

    try:
        check_number(trial)
    except ScaffoldError as problem:
        stop(str(problem))
    if title is None and sys.stdin.isatty():
        title = typer.prompt("The trial's title in your own words", default=f"Trial {trial}")
    catalogue = _library(folder).catalogue
    try:
        files = new_trial(
            folder, catalogue, trial, condition=condition, title=title or f"Trial {trial}", as_of=day_asked(None)
        )
    except ScaffoldError as problem:
        stop(str(problem))
    for path in files:
        typer.echo(f"wrote {path}")
    typer.echo(f"\nNext: fill them in, then `cds-service rules check` and `cds-service rules test {trial}`.")


@desk_app.command("diff")
def rules_diff(
    old: Annotated[Path, typer.Argument(help="A rules folder, or a trial file.")],
    new: Annotated[Path, typer.Argument(help="The same, as it is now.")],
    patients: Annotated[Path | None, typer.Option(help="A folder of Bundles: whose verdict flips?")] = None,
    as_of: AsOfOption = None,
    rules_dir: RulesDir = None,
    format: Annotated[str, typer.Option("--format", help="json or text.")] = "text",
) -> None:
    """Say what differs in meaning between two versions of the rules, and which patients it concerns."""
    as_json = is_json(format)
    for given in (old, new, patients, rules_dir):
        must_exist(given)

    from cds_service.rule_tools.changes import flip_json, library_change, verdict_flips

    before, after = (_version(path, rules_dir) for path in (old, new))
    change = library_change(before, after)
    records = {} if patients is None else _records(patients)
    day = day_asked(as_of)
    flips = verdict_flips(records, before.library, after.library, day)
    if as_json:
        document: dict[str, Any] = change.as_json()
        if patients is not None:
            document |= {"as_of": day.isoformat(), "patients": len(records), "flips": [flip_json(f) for f in flips]}
        print_json(document)
        return

    from cds_service.cli.show_changes import show_change, show_flips

    show_change(change)
    if patients is not None:
        show_flips(flips, len(records))


@desk_app.command("digest")
def rules_digest(
    folder: Annotated[Path | None, typer.Argument(help="A rules folder; CDS_RULES_DIR unless given.")] = None,
) -> None:
    """Print the digest of the rules, for CDS_EXPECTED_RULES: the same for the same files, on every machine."""
    chosen = _folder(folder)

    from cds_service.store import RuleSet

    typer.echo(RuleSet.of(_library(chosen).files).digest)


@desk_app.command("schema")
def rules_schema(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 where one is out of date.")
    ] = False,
    rules_dir: RulesDir = None,
) -> None:
    """Write the JSON Schemas of the rules folder, which editors use, from the models and the fact catalogue."""
    folder = _folder(rules_dir)

    from cds_service.rule_tools import outdated_schemas, write_schemas

    library = _library(folder)
    names = outdated_schemas(library, folder) if check else write_schemas(library, folder)
    for name in names:
        typer.echo(f"{'out of date' if check else 'wrote'}: schema/{name}")
    if not names:
        typer.echo("The schemas are up to date.")
    elif check:
        raise typer.Exit(1)


def _records(folder: Path) -> "dict[str, Record]":
    """The Bundles of a folder by the name of their file; one that can't be read is said and left out."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        stop(f"{folder} holds no *.json")

    from cds_service.fhir import read_bundle

    records = {}
    for path in paths:
        try:
            records[path.stem] = read_bundle(path.read_bytes())
        except (OSError, RecordError) as problem:
            typer.echo(f"{path}: left out: {problem}", err=True)
    return records


def _version(path: Path, rules_dir: Path | None) -> "RulesSide":
    from cds_service.rule_tools.changes import load_version

    try:
        return load_version(path, path if path.is_dir() else _folder(rules_dir))
    except RulesError as problem:
        show_findings(problem.findings)
        stop(f"{path} can't be compared until this is mended.")


def _folder(rules_dir: Path | None) -> Path:
    must_exist(rules_dir)
    return rules_dir or settings_or_stop().rules_dir


def _library(folder: Path) -> "Library":
    from cds_service.library import load_library

    try:
        return load_library(folder)
    except RulesError as problem:
        show_findings(problem.findings, folder)
        stop("The rules can't be used until this is mended.")
