"""The patients that a command is given, in whatever people have: files, folders, archives, hook requests.

`match` and `explain` take the same, so the arguments, and how they are read, stand here once.
"""

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.output import stop
from cds_service.errors import CdsError, RecordError

if TYPE_CHECKING:
    from cds_service.feed import UnreadPlace
    from cds_service.fhir import ParsedDocument, Patients, Record
    from cds_service.library import Library

STANDARD_INPUT = "-"
MOST_HELD = 512 << 20
"""Bytes of JSON, unpacked, that are held at once: a patient may be spread over all the files. They take about eight
times as much memory."""
_MOST_NAMED = 20

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE...",
        help="Files or folders: FHIR R4 JSON, NDJSON, a hook request, .gz, .zip; '-' is standard input. Together they "
        "are taken to be all there is about each patient in them.",
    ),
]
BundleFiles = Annotated[
    list[str] | None, typer.Option("--bundle", metavar="FILE", help="The same as FILE; may be given several times.")
]
PatientId = Annotated[str | None, typer.Option("--patient", help="Which Patient, where the files hold several.")]
OneTrial = Annotated[str | None, typer.Option("--trial", help="Only this trial.")]
Format = Annotated[
    str | None,
    typer.Option(help="Of one patient text or json; of several table, json or csv. A table may be asked for one too."),
]
FORMATS = ("text", "json", "table", "csv")


@dataclass(frozen=True)
class Given:
    """A patient: the `id`, the `place` of the chart, and the record, once the rules are there. `by_hook`: it came as a
    hook request. `record` raises `CdsError` where there is none."""

    id: str
    place: str
    record: Callable[["Library"], "Record"]
    by_hook: bool = False


@dataclass
class People:
    """The patients found, and how much could not be read: each has been named on standard error."""

    given: list[Given] = field(default_factory=list)
    problems: int = 0

    def problem(self, place: str, message: str) -> None:
        """Name what could not be read, and go on."""
        self.problems += 1
        typer.echo(f"cds-service: {place}: {message}" if place else f"cds-service: {message}", err=True)

    def end(self) -> None:
        """End the command: with code 2 where something could not be read."""
        if self.problems:
            raise typer.Exit(2)


def named(files: Sequence[str] | None, bundles: Sequence[str] | None) -> list[str]:
    """The sources given either way. Ends the command where there is none, or none that exists."""
    sources = [*(files or ()), *(bundles or ())]
    if not sources:
        stop(f"name a file or a folder, or {STANDARD_INPUT!r} for standard input")
    if not any(source == STANDARD_INPUT or Path(source).exists() for source in sources):
        stop("; ".join(f"{source}: {os.strerror(errno.ENOENT)}" for source in sources))
    return sources


def format_of(format: str | None) -> str | None:
    """The format asked for; None where none was. Ends the command for a word that is none."""
    if format is not None and format not in FORMATS:
        stop(f"--format is {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, not {format!r}")
    return format


def people_of(sources: Sequence[str], patient: str | None) -> People:
    """All patients of the sources, or the one asked for. What can't be read is named, and the rest goes on.

    Ends the command where there is nobody, where the one asked for is not among them, and where it is too much to hold.
    """
    people = People()
    reader = _SourceReader(sources, people)
    reader.read()
    found = reader.people()
    names = list(dict.fromkeys(one.id for one in found))
    if patient is not None:
        wanted = patient.removeprefix("Patient/")
        found = [one for one in found if one.id == wanted]
        if names and not found:
            stop(f"{reader.label}: the Patient asked for is not in the record; there is {_listed(names)}")
        if len(found) > 1:
            stop(
                f"there are {len(found)} records of {wanted}: {_listed([one.place for one in found])}; give one of them"
            )
    if not found:
        if not people.problems or reader.was_read:
            stop(f"{reader.label}: there is no Patient in the record")
        raise typer.Exit(2)
    people.given = found
    return people


class _SourceReader:
    """Goes over the sources once."""

    def __init__(self, sources: Sequence[str], people: People) -> None:
        from cds_service.fhir import Patients

        self._sources, self._people = sources, people
        self._patients: Patients = Patients()
        self._requests: list[Given] = []
        self._held = 0
        self.was_read = False
        self._short = ""
        if len(sources) == 1 and not Path(sources[0]).is_dir():
            # Of one file the place within it says enough.
            self._short = "standard input" if sources[0] == STANDARD_INPUT else sources[0]

    @property
    def label(self) -> str:
        """What the sources are called together."""
        shown = ["standard input" if source == STANDARD_INPUT else source for source in self._sources]
        return _listed(shown)

    def read(self) -> None:
        """Read all of them."""
        from cds_service.feed import each_document, opened

        for place, stream in opened(self._sources, self._note):
            for read in each_document(place, stream, self._note, self._document):
                self.was_read = True
                if isinstance(read, Given):
                    self._requests.append(read)
                else:
                    self._patients.add(read)

    def people(self) -> list[Given]:
        """Who was found. A request about the same patient as another document stands for itself."""
        known = self._patients
        if known.strays:
            self._people.problem(self.label, f"{known.strays} resources are about a Patient who is not there")
        found = [Given(name, ", ".join(known.places(name)), partial(_record, known, name)) for name in known.ids]
        return found + self._requests

    def _note(self, problem: "UnreadPlace") -> None:
        self._people.problem(problem.place, problem.message)
        self._patients.lose(self._within(problem.place), problem.message)

    def _within(self, place: str) -> str:
        return place.removeprefix(self._short).strip() if self._short else place

    def _document(self, data: bytes, place: str) -> "ParsedDocument | Given":
        from cds_service.feed import is_request
        from cds_service.fhir import read_document

        self._held += len(data)
        if self._held > MOST_HELD:
            stop(f"{place}: with it there are more than {MOST_HELD >> 20} MB of records: give fewer files at a time")
        if is_request(data):
            try:
                return _request(data, place)
            except RecordError:
                raise
            except CdsError as problem:
                raise RecordError(str(problem)) from problem
        return read_document(data, self._within(place))


def _record(patients: "Patients", name: str, library: "Library") -> "Record":
    return patients.record(name)


def _request(data: bytes, place: str) -> Given:
    """The patient of a hook request, whose prefetch is read as the service reads it. Raises `CdsError`."""
    import msgspec

    from cds_service.cds_hooks import parse_request, service_for

    try:
        hook = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw]).get("hook")
        service = service_for(None if hook is None else msgspec.json.decode(hook, type=str))
    except msgspec.MsgspecError as problem:
        raise RecordError("the request names no hook") from problem
    request = parse_request(data, service)

    def record(library: "Library") -> "Record":
        from cds_service.cds_hooks import PrefetchedRecord, prefetch_templates

        templates = prefetch_templates(library.catalogue, library.facts_read, library.facts.systems)
        return PrefetchedRecord(request, {}, templates=templates).record()

    return Given(request.patient_id, place, record, by_hook=True)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
