"""Commands that make value sets of definitions and releases of code systems."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.output import must_exist, settings_or_stop, show_findings, stop

if TYPE_CHECKING:
    from cds_service.terminology.compile import Compilation
    from cds_service.terminology.sources import Source

_RulesOption = Annotated[Path | None, typer.Option("--rules", help="The rules folder, instead of CDS_RULES_DIR.")]


def codes_compile(
    specs: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="KIND:PLACE", help="A release, such as rf2:DIR; the first that can answers."),
    ] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="ID", help="Compile this set only.")] = None,
    locked: Annotated[
        bool, typer.Option("--locked", help="Write nothing; exit code 1 where the result is not what is there.")
    ] = False,
    rules_dir: _RulesOption = None,
) -> None:
    """Expand the filters of value sets from releases that you hold.

    What no source answers keeps what it gave before. Per set: what was added, dropped, and stayed.
    """
    must_exist(rules_dir)
    folder = rules_dir or settings_or_stop().rules_dir
    from cds_service.terminology.compile import compile_sets

    sources = _opened(specs or [])
    try:
        found = compile_sets(folder, sources, frozenset(sets) if sets else None)
    except KeyError as problem:
        stop(f"there is no value set {problem.args[0]!r} in {folder / 'valuesets'}")
    show_findings(found.findings)
    _show(found, frozenset(sets or ()))
    failed = any(finding.severity == "error" for finding in found.findings)
    if locked:
        different = found.differs()
        for name in different:
            typer.echo(f"{name}: not as compiled from these sources", err=True)
        if different or failed:
            raise typer.Exit(1)
        return
    try:
        found.write()
    except OSError as problem:
        stop(f"{problem.filename}: {problem.strerror}")
    if failed:
        raise typer.Exit(1)


def _opened(specs: list[str]) -> "list[Source]":
    from cds_service.terminology.sources import SourceError
    from cds_service.terminology.sources.opening import open_source

    try:
        return [open_source(spec) for spec in specs]
    except SourceError as problem:
        stop(str(problem))


def _show(found: "Compilation", only: frozenset[str]) -> None:
    for one in found.sets:
        if only and one.set_id not in only:
            continue
        if one.text is not None or one.problems or one.dropped:
            counts = f"{len(one.added)} added, {len(one.dropped)} dropped, {one.unchanged} unchanged"
            typer.echo(f"{one.set_id}: {counts}")
        for sign, members in (("+", one.added), ("-", one.dropped)):
            for system, code in members:
                typer.echo(f"  {sign} {system} {code}")
        for problem in one.problems:
            typer.echo(f"{problem.set_id}: {problem.place}: {problem.reason}", err=True)


def codes_migrate(
    rules_dir: _RulesOption = None,
    roots_dir: Annotated[
        Path | None, typer.Option("--roots", help="A folder of reviewed roots, ID.json for each set.")
    ] = None,
) -> None:
    """Rewrite value sets that list their members as definitions with expansions; every member stays.

    Names that may not be shipped are taken out; what reading needs of them goes into expansions/own-names.json.
    """
    must_exist(rules_dir)
    must_exist(roots_dir)
    folder = rules_dir or settings_or_stop().rules_dir
    from cds_service.terminology.migration import migrate

    try:
        report = migrate(folder, roots_dir)
    except OSError as problem:
        stop(f"{problem.filename}: {problem.strerror}")
    show_findings(report.findings)
    typer.echo(f"{folder}: {report.sets} value sets, {report.expansions} with an expansion, {report.changed} rewritten")
    if any(finding.severity == "error" for finding in report.findings):
        raise typer.Exit(1)
