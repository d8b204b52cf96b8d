"""`cds-service codes check`: the codes of a rules folder and a site's maps, without network."""

from pathlib import Path
from typing import Annotated

import typer

from cds_service.cli.output import is_json, must_exist, print_json, settings_or_stop, show_findings
from cds_service.cli.terminology import opened
from cds_service.errors import Finding


def codes_check(
    rules_dir: Annotated[
        Path | None, typer.Option("--rules", help="A rules folder; CDS_RULES_DIR unless given.")
    ] = None,
    site: Annotated[Path | None, typer.Option("--site", help="A site's folder; CDS_SITE_DIR unless given.")] = None,
    specs: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="KIND:PLACE", help="A release with names, such as rf2:DIR or table:FILE."),
    ] = None,
    format: Annotated[str, typer.Option("--format", help="json or text.")] = "text",
) -> None:
    """Check every code: check digits, form, names that negate or are of another kind, sets that exclude each other,
    maps. With --source also what is retired. No network. Exit code 1 when something is wrong.
    """
    as_json, settings = is_json(format), settings_or_stop()
    for given in (rules_dir, site):
        must_exist(given)
    folder = rules_dir or settings.rules_dir

    from cds_service.terminology.check import check_codes

    report = check_codes(folder, site or settings.site_dir, opened(specs or []))
    if as_json:
        print_json([{k: getattr(f, k) for k in Finding.__dataclass_fields__} for f in report.findings])
    else:
        show_findings(report.findings)
        counted = [(report.codes, "code"), (report.sets, "value set"), (report.maps, "mapped code")]
        text = ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for number, name in counted)
        number = len(report.findings)
        found = f"{number} finding{'' if number == 1 else 's'}" if number else "no findings"
        typer.echo(f"{folder}: {text}, {found}")
    if any(f.severity == "error" for f in report.findings):
        raise typer.Exit(1)
