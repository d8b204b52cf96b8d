"""The rules that a command works with, or its end where they can't be used."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cds_service.cli.output import show_findings, stop
from cds_service.errors import Finding, RulesError

if TYPE_CHECKING:
    from cds_service.library import Library
    from cds_service.settings import Settings


def library_or_stop(settings: "Settings") -> "Library":
    """The rules of the settings. Ends the command, with every finding, where one about the rules is an error."""
    from cds_service.library import load_library
    from cds_service.trials import RulesMemory

    try:
        remembered = RulesMemory.below(settings.rules_cache)
        library = load_library(
            settings.rules_dir,
            memory=remembered,
            compiled_bytes=settings.compiled_bytes,
            site_dir=settings.site_dir,
        )
    except RulesError as problem:
        refuse_rules(problem.findings, settings.rules_dir)
    # Nothing of a site's folder stops a command, nor does a lost expansion, but what does not count is said.
    show_findings([*library.lost, *(finding for finding in library.about_site if finding.severity == "error")])
    return library


def refuse_rules(findings: tuple[Finding, ...], rules_dir: Path) -> NoReturn:
    """End the command: the rules can't be used."""
    show_findings(findings, rules_dir)
    stop("The rules can't be used until this is mended.")
