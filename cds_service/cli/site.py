"""Commands about a site's own folder (CDS_SITE_DIR)."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.output import command_group, is_json, must_exist, print_json, settings_or_stop, show_findings, stop
from cds_service.errors import CdsError, Finding, RulesError

if TYPE_CHECKING:
    from cds_service.library import Library
    from cds_service.rule_tools import AnswerReport

site_app = command_group("Check the site's own folder (CDS_SITE_DIR), and teach it what an entry is.")

SiteDir = Annotated[Path | None, typer.Option("--site", help="A site's folder; CDS_SITE_DIR unless given.")]
RulesDir = Annotated[Path | None, typer.Option("--rules", help="A rules folder; CDS_RULES_DIR unless given.")]
Format = Annotated[str, typer.Option("--format", help="json or text.")]
_NO_FOLDER = "There is no site's folder: name one with --site or CDS_SITE_DIR."


@site_app.command("check")
def site_check(
    site: SiteDir = None,
    rules_dir: RulesDir = None,
    format: Format = "text",
) -> None:
    """Check every file of the site's folder against the rules. Exit code 1 when something is wrong."""
    as_json, settings = is_json(format), settings_or_stop()
    must_exist(rules_dir)
    folder = site or settings.site_dir
    if folder is None:
        stop(_NO_FOLDER)

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


@site_app.command("answer")
def site_answer(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="An entry's texts, as `explain` shows them.")],
    value_set: Annotated[str | None, typer.Option("--is", metavar="VALUESET", help="The value set they name.")] = None,
    none: Annotated[bool, typer.Option("--none", help="They name nothing that a value set means.")] = False,
    language: Annotated[str | None, typer.Option("--language", help="BCP 47; guessed unless given.")] = None,
    site: SiteDir = None,
    rules_dir: RulesDir = None,
    samples: Annotated[Path | None, typer.Option("--samples", help="The folder of sample patients.")] = None,
    format: Format = "text",
) -> None:
    """Say for good what words of an entry are: written into the site's phrases, if they change nothing else.

    Exit code 1, and nothing is written, where a check speaks against it.
    """
    as_json, settings = is_json(format), settings_or_stop()
    for given in (rules_dir, samples):
        must_exist(given)
    folder = site or settings.site_dir
    if folder is None:
        stop(_NO_FOLDER)
    if (value_set is None) is not none:
        stop("Say what it is: --is VALUESET, or --none.")

    from cds_service.library import load_library
    from cds_service.rule_tools import (
        EntryAnswer,
        Ground,
        answer_entry,
        default_samples_dir,
        languages,
        sample_records,
        samples_day,
    )
    from cds_service.site import is_language

    if language is not None and not is_language(language):
        stop(f"{language!r} is no language tag of BCP 47, such as de or zh-Hans.")
    rules, samples = rules_dir or settings.rules_dir, samples or default_samples_dir()
    try:
        library = load_library(rules, site_dir=folder)
        _must_be_read(library, value_set)
        today = datetime.now().astimezone().date()
        ground = Ground(rules, folder, samples, sample_records(samples), samples_day(samples) or today)
        answer = EntryAnswer(tuple(texts), language or languages(library, texts)[0], value_set or "")
        report = answer_entry(answer, ground, library)
    except RulesError as problem:
        show_findings(problem.findings)
        stop("The rules can't be used.")
    except CdsError as problem:
        stop(str(problem))
    if as_json:
        print_json(report.as_json())
    else:
        _show_answer(report)
    if report.path is None:
        raise typer.Exit(1)


def _must_be_read(library: "Library", value_set: str | None) -> None:
    from cds_service.rule_files import nearest
    from cds_service.rule_tools import choices

    known = choices(library)
    if value_set is not None and value_set not in known:
        by_title = {title.casefold(): set_id for set_id, title in known.items()}
        hint = f"did you mean {by_title[value_set.casefold()]!r}?" if value_set.casefold() in by_title else ""
        hint = hint or nearest(value_set, known) or "`cds-service rules show` lists the facts"
        stop(f"No fact is read from a value set {value_set!r}; {hint}")


def _show_answer(report: "AnswerReport") -> None:
    show_findings(report.findings)
    for flip in report.samples:
        because = ", ".join(f"{c.place[1]}: {c.old} -> {c.new}" for c in flip.because)
        typer.echo(f"sample {flip.patient}, {flip.trial}: {flip.old} -> {flip.new} ({because})", err=True)
    for case in report.cases:
        typer.echo(f"case {case.trial} {case.case}: {case.what}: {case.old} -> {case.new}", err=True)
    texts = ", ".join(f"“{text}”" for text in report.answer.texts)
    if report.path is None:
        typer.echo(f"Not written: what stands above speaks against it, or would change with it. {texts}", err=True)
    else:
        said = report.answer.value_set or "none of the value sets"
        typer.echo(f"{report.path}: {texts} ({report.answer.language}): {said}")
