"""`cds-service codes diff`: what a new release adds to value sets and drops, and whose sample verdicts flip."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.output import is_json, must_exist, print_json, show_findings, stop
from cds_service.cli.terminology import opened
from cds_service.errors import RulesError

if TYPE_CHECKING:
    from cds_service.rule_tools.changes import VerdictFlip
    from cds_service.terminology.diff import CodesSide


def codes_diff(
    old: Annotated[Path, typer.Argument(help="A rules folder, or a folder of expansions.")],
    new: Annotated[Path, typer.Argument(help="The same from another release.")],
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="ID", help="Compare this set only.")] = None,
    specs: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="KIND:PLACE", help="A release with names, such as rf2:DIR or table:FILE."),
    ] = None,
    samples: Annotated[Path | None, typer.Option("--samples", help="The folder of sample patients.")] = None,
    format: Annotated[str, typer.Option("--format", help="json or text.")] = "text",
) -> None:
    """Say by value set what NEW has more and less than OLD, with names, and which sample verdicts flip.

    Verdicts are compared between two rules folders, over all sets. Exit code 1 where something can't be compared.
    """
    as_json = is_json(format)
    must_exist(samples)

    from cds_service.cli.show_changes import show_flips
    from cds_service.cli.show_set_changes import difference_json, show_difference
    from cds_service.facts.catalogue import CodeSystems
    from cds_service.rule_tools.changes import flip_json
    from cds_service.terminology.diff import FolderError, codes_difference, open_side
    from cds_service.terminology.sources import ReleasedCodes

    released = ReleasedCodes(opened(specs or []), CodeSystems())
    try:
        before, after = open_side(old), open_side(new)
        found = codes_difference(before, after, frozenset(sets) if sets else None)
    except FolderError as problem:
        stop(str(problem))
    except KeyError as problem:
        stop(f"neither {old} nor {new} has a value set {problem.args[0]!r}")
    flips, patients, reason = _flips(before, after, samples)
    folders = str(old), str(new)
    if as_json:
        verdicts = {"not_compared": reason} if reason else {"patients": patients, "flips": list(map(flip_json, flips))}
        print_json(difference_json(found, folders, released) | {"samples": verdicts})
    else:
        show_difference(found, folders, released)
        if reason:
            typer.echo(f"The samples' verdicts are not compared: {reason}", err=True)
        else:
            show_flips(flips, patients)
    if found.not_compared or (reason and before.is_rules_folder and after.is_rules_folder):
        raise typer.Exit(1)


def _flips(old: "CodesSide", new: "CodesSide", samples: Path | None) -> "tuple[tuple[VerdictFlip, ...], int, str]":
    """Whose verdict differs, among how many; or why that can't be told."""
    if not (old.is_rules_folder and new.is_rules_folder):
        return (), 0, "that takes two rules folders"

    from cds_service.library import load_library
    from cds_service.rule_tools import default_samples_dir, sample_records, samples_day
    from cds_service.rule_tools.changes import verdict_flips

    folder = samples or default_samples_dir()
    day, records = samples_day(folder), sample_records(folder)
    if day is None or not records:
        return (), 0, f"{folder} has no patients/*.json, or no samples.json with their day"
    libraries = []
    for side in (old, new):
        try:
            libraries.append(load_library(side.rules_dir))
        except RulesError as problem:
            show_findings(problem.findings, side.rules_dir)
            return (), 0, f"the rules of {side.folder} can't be used"
    before, after = libraries
    return verdict_flips(records, before, after, day), len(records), ""
