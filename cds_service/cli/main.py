"""The command line: serve, match, explain, and checks for rule authors.

A command imports what it works with when it is called, so that none waits for what another one needs: the web framework
for `match`, the models of FHIR for `--help`.
"""

import atexit
import gc
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service import __version__
from cds_service.cli.as_of import AsOfOption
from cds_service.cli.as_of import as_of as day_asked
from cds_service.cli.authoring import desk_app
from cds_service.cli.codes import codes_app
from cds_service.cli.connect import connect_app
from cds_service.cli.doctor import doctor_app
from cds_service.cli.greeting import greet, must_be_free, when_ready
from cds_service.cli.output import (
    command_group,
    is_json,
    must_exist,
    print_json,
    settings_or_stop,
    show_findings,
    stop,
)
from cds_service.cli.patients import explain, match
from cds_service.cli.rules import authoring_app
from cds_service.cli.rules_loading import library_or_stop, refuse_rules
from cds_service.cli.site import site_app
from cds_service.cli.store import store_app
from cds_service.errors import CdsError, Finding, RulesError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from cds_service.settings import Settings

_HELP = "Which clinical trials fit a patient: the service, the same answers in a terminal, and checks for rule authors."

app = command_group(_HELP, add_completion=False, pretty_exceptions_enable=False)
rules_app = command_group("Check and show the rules folder (CDS_RULES_DIR).")
rules_app.add_typer(authoring_app)
rules_app.add_typer(desk_app)
app.add_typer(rules_app, name="rules")
app.add_typer(site_app, name="site")
app.add_typer(codes_app, name="codes")
app.add_typer(connect_app)
app.add_typer(doctor_app)
app.command()(match)
app.command()(explain)
app.add_typer(store_app)

_COLLECT_AS_USUAL = gc.get_threshold()
_COLLECT_SELDOM = (50_000, 20, 20)
"""After so many new objects Python looks for garbage while a command runs (docs/decisions/0014-start-up.md)."""


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"cds-service {__version__}")
        raise typer.Exit


@app.callback()
def _any_command(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    # What a command loads it keeps to its end: to look through it for garbage, meanwhile and once more at the end,
    # takes two fifths of its time.
    gc.set_threshold(*_COLLECT_SELDOM)
    atexit.register(gc.freeze)


@app.command()
def serve() -> None:
    """Start the service on CDS_HOST:CDS_PORT (127.0.0.1:8000 unless set).

    It takes its settings from the environment; those most used: CDS_RULES_DIR, CDS_SITE_DIR, CDS_CLIENTS_FILE,
    CDS_FHIR_SERVERS, CDS_PUBLIC_URL, CDS_DATABASE_URL, CDS_WORKERS, CDS_TIMEZONE, CDS_LOG_LEVEL, CDS_WORKBENCH,
    CDS_WORKBENCH_EDIT. `cds-service settings` prints them all, with what each means.
    """
    from cds_service.server import check_store, configured_clients, share_between_workers
    from cds_service.settings import check_bind

    settings = settings_or_stop()
    must_be_free(settings)
    application: FastAPI | None = None
    try:
        check_bind(settings)
        configured_clients(settings)
        check_store(settings)
        if settings.workers == 1:
            application = _application()
            library = application.state.live_rules.current.library
        else:  # each worker loads the rules by itself; what is wrong with them is said before
            library = library_or_stop(settings)
    except RulesError as problem:
        refuse_rules(problem.findings, settings.rules_dir)
    except CdsError as problem:
        stop(str(problem))
    gc.set_threshold(*_COLLECT_AS_USUAL)
    say = partial(greet, settings, len(library.stored))
    if application is None:
        say()
        share_between_workers()
    else:
        when_ready(application, say, offered=settings.clients_file is None)
    _run(settings, application)


def _run(settings: "Settings", application: "FastAPI | None") -> None:
    """Serve until somebody ends it; None: several worker processes make their own application."""
    import uvicorn

    from cds_service.cds_hooks import in_terminal, library_log_config
    from cds_service.server import workbench_on
    from cds_service.server.connections import bounded_protocol

    watched = in_terminal()
    # Whoever watches is told in better words that it has started.
    level = "warning" if watched and settings.log_level == "info" else settings.log_level
    uvicorn.run(
        application or "cds_service.app:app_from_environment",
        factory=application is None,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_level=level,
        log_config=library_log_config(level, for_people=watched),
        access_log=False,
        # Only the desk's pages use WebSockets.
        ws="auto" if workbench_on(settings) else "none",
        server_header=False,
        http=bounded_protocol(settings),
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_worker_healthcheck=settings.worker_seconds,
        # Whatever is being answered may be answered; then the decision log is written out.
        timeout_graceful_shutdown=math.ceil(settings.request_seconds) + 1,
    )


@app.command()
def sample(
    story: Annotated[str | None, typer.Argument(help="Which sample; without it, they are listed.")] = None,
    bundle: Annotated[bool, typer.Option("--bundle", help="The whole record, for match and explain.")] = False,
    hook: Annotated[str, typer.Option(help="Of which hook the request is.")] = "patient-view",
    as_of: AsOfOption = None,
) -> None:
    """Print a sample patient as an EHR would send it today: its dates move along, so that nothing grows too old."""
    from cds_service.rule_tools import default_samples_dir, sample_bundle, sample_people, sample_request

    samples = default_samples_dir()
    people = sample_people(samples)
    if story is None:
        width = max(map(len, people), default=0)
        for name, who in people.items():
            typer.echo(f"{name:{width}}  {who}")
        return
    day = day_asked(as_of)
    found = sample_bundle(samples, story, day) if bundle else sample_request(samples, story, hook, day)
    if found is None:
        stop(f"there is no sample {story!r} for {hook}; known: {', '.join(people)}")
    print_json(found)


@rules_app.command("check")
def rules_check(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A rules folder, a folder of trials or a trial.json; CDS_RULES_DIR unless given."),
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="The text that a trial was written from: is each of its clauses claimed?")
    ] = None,
    no_cases: Annotated[bool, typer.Option("--no-cases", help="Don't run the test cases.")] = False,
    format: Annotated[str, typer.Option(help="json or text.")] = "text",
) -> None:
    """Check every file of a rules folder and run the test cases. Exit code 1 when something is wrong.

    A folder without facts/ of its own, or a single trial.json, is checked with the facts of CDS_RULES_DIR. Of several
    trials a source belongs to the one that names its SHA-256.
    """
    must_exist(source)
    as_json = is_json(format)
    default = settings_or_stop().rules_dir
    target = folder or default

    from cds_service.facts import load_facts
    from cds_service.rule_tools import check_source, default_samples_dir, report_on_rules

    report = report_on_rules(target, lambda: load_facts(default), None if no_cases else default_samples_dir())
    library, findings = report.library, report.findings
    if source is not None and library is not None:
        try:
            findings += check_source([trial.trial for trial in library.trials], source)
        except (OSError, UnicodeDecodeError) as problem:
            stop(f"{source} can't be read as UTF-8 text: {problem}")
    if as_json:
        print_json([{k: getattr(f, k) for k in Finding.__dataclass_fields__} for f in findings])
    else:
        show_findings(findings)
        if library is not None:
            counted = [(len(library.trials), "trial"), (library.compiled.rule_count, "rule")]
            counted += [] if report.cases is None else [(report.cases, "case")]
            text = ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for number, name in counted)
            text += " run" if report.cases is not None else ""
            found = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}" if findings else "no findings"
            typer.echo(f"{target}: {text}, {found}")
    if any(f.severity == "error" for f in findings):
        raise typer.Exit(1)


def _application() -> "FastAPI":
    from cds_service.app import app_from_environment

    return app_from_environment()
