"""Rules that follow their folder while the service runs.

One holder keeps one immutable version. Whoever answers a request takes the version once and keeps it to the end, so
that a request finishes on the rules it began with; a new version is put in place by a single assignment.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

import anyio.to_thread
from structlog.typing import FilteringBoundLogger

from cds_service.errors import Finding, RulesError
from cds_service.library import Library, load_library
from cds_service.rule_files import SITE, LayeredFolders, Layers
from cds_service.server.agreeing import cases_file, changed_trials, disagreeing
from cds_service.trials import DEFAULT_BYTES, RulesMemory

Prepared_co = TypeVar("Prepared_co", covariant=True)

INTERVAL = 1.0
"""Seconds between two looks at the folder, at least."""
SHARE = 20
"""The wait between two looks is this many times as long as the last one took, so that a large folder costs no more."""
_PAUSE = 0.0005
"""Seconds between two trials that are read, or two cases that run: whoever only computes keeps others waiting."""
_MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class LoadedRules(Generic[Prepared_co]):
    """Rules as they were loaded: the `number`th since the start, with what was `prepared` from them."""

    number: int
    library: Library
    prepared: Prepared_co
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """A version of the folder that can't be used; the previous version is still served."""

    since: datetime
    findings: tuple[Finding, ...]

    def errors(self) -> list[dict[str, str]]:
        """The first errors, for those who run the service."""
        return errors_in(self.findings)


def errors_in(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """The first errors among findings: place, code and message of each."""
    found = [f for f in findings if f.severity == "error"][:_MOST_FINDINGS]
    return [
        {"place": f.file + ("#" + f.pointer if f.pointer else ""), "code": f.code, "message": f.message} for f in found
    ]


def _pause() -> None:
    """Let the answering threads go first."""
    time.sleep(_PAUSE)


class _StoppedError(Exception):
    """The service is stopping: background work is given up."""


class LiveRules(Generic[Prepared_co]):
    """The rules in use, and the folder that they come from, with the folder that a site lays over them.

    An active trial whose test cases come out differently is not taken over while the service runs: the version before
    goes on, as with any error. At the start it is used, and `look_at_cases` logs it.

    What is wrong in a site's folder at the start is left out, and an expansion that can't be read is unread; later the
    folder as it was before goes on, as with rules.

    `prepare` makes what a version needs to be served; `now` is the clock. Raises RulesError if `folder` can't be used
    at the start. Without a folder the rules never change. `tell` is called after each later look at changed rules,
    with whether they can be used. `memory` is for the start alone: what changes later is always checked.
    `compiled_bytes` bounds what the compiled trials of all versions take together.
    """

    def __init__(
        self,
        folder: Path | None,
        prepare: Callable[[Library], Prepared_co],
        now: Callable[[], datetime],
        log: FilteringBoundLogger,
        library: Library | None = None,
        *,
        tell: Callable[[bool], None] = lambda _: None,
        memory: RulesMemory | None = None,
        compiled_bytes: int = DEFAULT_BYTES,
        site_dir: Path | None = None,
    ) -> None:
        self.folder = folder
        self._site_dir = site_dir
        self._tell = tell
        self._prepare = prepare
        self._now = now
        self._log = log
        # Taken before loading: what changes meanwhile is seen at the first look.
        self._files = None if folder is None else LayeredFolders(Layers(folder, site_dir))
        self._took = 0.0
        self._loaded = self._seen = {} if self._files is None else self._files.stamps()
        if library is None:
            if folder is None:
                raise RulesError((Finding("", "", "no-rules-folder", "error", "there is no rules folder"),))
            library = load_library(
                folder, stamps=self._loaded, memory=memory, compiled_bytes=compiled_bytes, site_dir=site_dir
            )
        self.current = LoadedRules(1, library, prepare(library), now())
        self.rejected: Rejected | None = None
        self.doubts: tuple[Finding, ...] = ()
        """What the test cases of trials in use say against them."""
        self._stopped = False
        self._tell_of_places(library)
        if library.lost:
            log.error("expansions_lost", places=[error["place"] for error in errors_in(library.lost)])
        errors = errors_in(library.about_site)
        if errors:
            log.error("site_read_in_part", places=[error["place"] for error in errors])

    def look(self) -> bool:
        """Load the folder if it has changed and has stood still since the last look; whether there is a new version.

        Never raises: a version that can't be used is in `rejected`, and the rules in use stay.
        """
        if self.folder is None or self._files is None:
            return False
        began = time.monotonic()
        found = self._files.stamps()
        self._took = time.monotonic() - began
        if found != self._seen:  # somebody is still writing
            self._seen = found
            return False
        if found == self._loaded:
            return False
        self._loaded = found
        try:
            current = self.current.library
            library = load_library(self.folder, current, found, _pause, site_dir=self._site_dir)
            of_site = [f for f in library.about_site if f.file.startswith(SITE)]
            if library.site_files != current.site_files and errors_in(of_site):
                raise RulesError(library.about_site)  # the site's folder as it was before goes on, and so do the rules
            if not set(library.lost) <= set(current.lost):
                raise RulesError(library.lost)  # the last good expansions go on
            changed = changed_trials(current, library)
            against = disagreeing(library, self.folder, changed, _pause)
            if against:
                raise RulesError(against)
            version = LoadedRules(self.current.number + 1, library, self._prepare(library), self._now())
        except RulesError as problem:
            self._reject(problem.findings)
            return False
        except Exception as error:  # the watch must outlive any fault of a file
            kind = type(error).__name__
            self._reject((Finding("", "", "unreadable-file", "error", f"the rules could not be loaded: {kind}"),))
            return False
        agreeing = {*map(cases_file, changed)}
        held = {cases_file(one.id) for one in library.stored if one.state == "active"} - agreeing
        self.doubts = tuple(one for one in self.doubts if one.file in held)
        self.current, self.rejected = version, None
        self._tell(True)
        self._tell_of_places(library)
        self._log.info("rules_reloaded", rules=version.number, trials=len(library.trials))
        return True

    def look_at_cases(self) -> None:
        """Run the test cases of all active trials in use, and log the differences. Never raises."""
        if self.folder is None:
            return
        version = self.current
        try:
            trials = changed_trials(None, version.library)
            found = disagreeing(version.library, self.folder, trials, self._pause_or_stop)
        except _StoppedError:
            return
        except Exception as error:  # no answer depends on it
            self._log.error("cases_not_run", rules=version.number, error=type(error).__name__)
            return
        if self.current is version:
            self.doubts = found
        errors = errors_in(found)
        if errors:
            self._log.warning("cases_differ", rules=version.number, places=[error["place"] for error in errors])

    async def tell_of_cases(self, after: float = INTERVAL) -> None:
        """Run the test cases once, some seconds after the start: nobody waits for them."""
        try:
            await asyncio.sleep(after)
            await anyio.to_thread.run_sync(self.look_at_cases, abandon_on_cancel=True)
        except asyncio.CancelledError:
            self._stopped = True
            raise

    def _pause_or_stop(self) -> None:
        if self._stopped:
            raise _StoppedError
        _pause()

    async def watch(self, interval: float = INTERVAL) -> None:
        """Look again and again, until cancelled."""
        wait = interval
        while True:
            await asyncio.sleep(wait)
            await anyio.to_thread.run_sync(self.look)
            wait = max(interval, SHARE * self._took)

    def _tell_of_places(self, library: Library) -> None:
        """Log findings about files that are not read or lie elsewhere: who runs the service sees no others."""
        places = [f"{one.code} {one.file}" for one in library.about_places[:_MOST_FINDINGS]]
        if places:
            self._log.warning("rules_not_in_place", places=places)

    def _reject(self, findings: tuple[Finding, ...]) -> None:
        self.rejected = Rejected(self._now(), findings)
        self._tell(False)
        errors = self.rejected.errors()
        self._log.error("rules_rejected", rules=self.current.number, places=[error["place"] for error in errors])
