"""Commands about a site's own folder (CDS_SITE_DIR)."""

from pathlib import Path
from typing import Annotated

import typer

from cds_service.cli.output import command_group, is_json, must_exist, print_json, settings_or_stop, show_findings, stop
from cds_service.errors import Finding

site_app = command_group("Check the site's own folder (CDS_SITE_DIR).")


@site_app.callback()
def _about_a_site() -> None:
    # With a callback `check` stays a word of its own beside others to come.
    pass


@site_app.command("check")
def site_check(
    site: Annotated[Path | None, typer.Option("--site", help="A site's folder; CDS_SITE_DIR unless given.")] = None,
    rules_dir: Annotated[
        Path | None, typer.Option("--rules", help="A rules folder; CDS_RULES_DIR unless given.")
    ] = None,
    format: Annotated[str, typer.Option("--format", help="json or text.")] = "text",
) -> None:
    """Check every file of the site's folder against the rules. Exit code 1 when something is wrong."""
    as_json, settings = is_json(format), settings_or_stop()
    must_exist(rules_dir)
    folder = site or settings.site_dir
    if folder is None:
        stop("There is no site's folder: name one with --site or CDS_SITE_DIR.")

    from cds_service.rule_tools import check_site

    report = check_site(folder, rules_dir or settings.rules_dir)
    if as_json:
        print_json([{k: getattr(f, k) for k in Finding.__dataclass_fields__} for f in report.findings])
    else:
        show_findings(report.findings)
        if not report.findings:
            counted = [(report.files, "file"), (report.phrases, "phrase"), (report.mapped_codes, "mapped code")]
            text = ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for number, name in counted)
            typer.echo(f"{folder}: {text}, no findings")
    if any(f.severity == "error" for f in report.findings):
        raise typer.Exit(1)
