"""A rules folder, loaded and checked: the fact readers and the trials."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from cds_service.errors import Finding, RulesError
from cds_service.facts import FactReaders, load_facts, types_read
from cds_service.facts.catalogue import Catalogue, ValueSets, load_icd, stops
from cds_service.rule_files import (
    SITE,
    LayeredFolders,
    Layers,
    Stamp,
    about_places,
    few_of_each,
    is_of_a_site,
    read_file,
    stamp_at,
)
from cds_service.site import LocalSite, load_site
from cds_service.trials import (
    DEFAULT_BYTES,
    TRIALS,
    CompiledTrial,
    Kept,
    KeptTrials,
    RememberedRules,
    RuleChecker,
    RulesMemory,
    StoredTrial,
    TrialLibrary,
    read_trials,
    titles_of,
)

T = TypeVar("T")

_ATTEMPTS = 3


@dataclass(frozen=True)
class Library:
    """A rules folder, ready for matching. Immutable but for what it remembers, so that threads share it."""

    facts: FactReaders
    compiled: TrialLibrary
    files: Mapping[str, str] = field(default_factory=dict)
    """What the rules folder holds: each file that an answer may depend on, and the SHA-256 of its content."""
    stamps: Mapping[str, Stamp] = field(default_factory=dict, compare=False, repr=False)
    """Each file of the folders, as it was when it was loaded."""
    about_facts: tuple[Finding, ...] = field(default=(), compare=False, repr=False)
    """The findings about everything but the trials and `site.json`."""
    site: LocalSite = field(default_factory=LocalSite)
    """What the site's `site.json` says."""
    site_files: Mapping[str, str] = field(default_factory=dict)
    """As `files`, of the site's folder, under the names that they have there."""
    about_places: tuple[Finding, ...] = field(default=(), compare=False, repr=False)
    """The findings about what lies in the rules folder and is not read, or lies elsewhere."""
    about_site: tuple[Finding, ...] = field(default=(), compare=False, repr=False)
    """The findings about the site's folder, and about the maps of codes in the rules folder: none of them stops
    anything, and what they are about does not count."""

    @property
    def trials(self) -> Sequence[CompiledTrial]:
        """Every trial, whatever its state, in the order of their numbers. Each is compiled at its first use."""
        return self.compiled.trials

    @property
    def stored(self) -> Sequence[StoredTrial]:
        """As `trials`, but each as it is stored, not compiled."""
        return self.compiled.stored

    @property
    def catalogue(self) -> Catalogue:
        """The fact catalogue."""
        return self.facts.catalogue

    @property
    def facts_read(self) -> frozenset[str]:
        """The catalogue's names of all facts that some rule reads."""
        return self.compiled.facts_read

    @property
    def lost(self) -> tuple[Finding, ...]:
        """The errors about the rules with which they are used all the same (`catalogue.NEVER_STOPS`)."""
        return tuple(f for f in self.about_facts if f.severity == "error" and not f.file.startswith(SITE))

    @cached_property
    def types_read(self) -> frozenset[str]:
        """The FHIR resource types that its rules rest on."""
        return types_read(self.catalogue, self.facts_read)

    @cached_property
    def site_digest(self) -> str | None:
        """SHA-256 over the names and contents of the site's files; None where it has none."""
        if not self.site_files:
            return None
        return hashlib.sha256(json.dumps(sorted(self.site_files.items())).encode()).hexdigest()

    def trial(self, trial_id: str) -> CompiledTrial | None:
        """The trial of that number, or None."""
        return self.compiled.trial(trial_id)

    def titles(self) -> dict[str, str]:
        """What each fact is called, the time since a date included."""
        return titles_of(self.catalogue)


def load_library(
    rules_dir: Path,
    previous: Library | None = None,
    stamps: Mapping[str, Stamp] | None = None,
    pause: Callable[[], None] = lambda: None,
    *,
    memory: RulesMemory | None = None,
    compiled_bytes: int = DEFAULT_BYTES,
    site_dir: Path | None = None,
) -> Library:
    """Load `rules_dir`, and over it `site_dir`. Raises RulesError, with every finding, when one about the rules is an
    error that stops (`catalogue.stops`): a lost expansion is in `about_facts`. What is wrong with the site's folder, or
    with a map of codes, stops nothing and is in `about_site`.

    `previous`, `stamps`, `pause` and `compiled_bytes` as for `check_library`. `memory` spares the checks of what was
    checked before, and remembers what was not; it is not used where there is a `previous` library to start from.
    """
    layers = Layers(rules_dir, site_dir)
    if memory is not None and previous is None and rules_dir.is_dir():
        stamps_now = LayeredFolders(layers).stamps() if stamps is None else stamps
        remembered = _remembered(layers, stamps_now, memory, Kept(compiled_bytes))
        if remembered is not None:
            return remembered
    library, findings = check_library(rules_dir, previous, stamps, pause, compiled_bytes, site_dir=site_dir)
    if library is None or any(map(stops, findings)):
        raise RulesError(tuple(f for f in findings if not is_of_a_site(f.file)))
    # What was read must be what was hashed, however quick somebody's edits are: this outlives the process.
    if memory is not None and previous is None:
        files = _all_files(library)
        if _digests(layers, files) == files:
            rules = RememberedRules.of(library.facts.valuesets, library.about_facts, library.stored)
            memory.keep(files, rules)
    return library


def check_library(
    rules_dir: Path,
    previous: Library | None = None,
    stamps: Mapping[str, Stamp] | None = None,
    pause: Callable[[], None] = lambda: None,
    compiled_bytes: int = DEFAULT_BYTES,
    *,
    site_dir: Path | None = None,
) -> tuple[Library | None, tuple[Finding, ...]]:
    """Load as much of `rules_dir` and `site_dir` as is valid, with all findings. None where there are no rules.

    What has not changed since `previous` was loaded from the same folders is taken from there. `stamps` are the
    folders' files where somebody has just looked, and `pause` is called between trials, for other threads' sake.

    The trials that are compiled at the moment take about `compiled_bytes` of memory at most, together with those of
    `previous`: where there is one, its bound stays.
    """
    if not rules_dir.is_dir():
        return None, no_rules_folder(rules_dir)
    layers = Layers(rules_dir, site_dir)
    stamps = LayeredFolders(layers).stamps() if stamps is None else stamps
    kept: KeptTrials = Kept(compiled_bytes) if previous is None else previous.compiled.kept
    for _ in range(_ATTEMPTS):
        library, findings, read = _load(layers, stamps, previous, pause, kept)
        # Somebody may be editing: the digests must be those of what was loaded.
        if all(stamp_at(layers.path(name)) == stamps[name] for name in read):
            break
        previous, stamps = library, LayeredFolders(layers).stamps()
    return library, findings


def _remembered(layers: Layers, stamps: Mapping[str, Stamp], memory: RulesMemory, kept: KeptTrials) -> Library | None:
    """The library of exactly these files, if an earlier check found no error in them; None otherwise."""
    trials, others = _parted(stamps)
    files = _digests(layers, [*others, *trials])
    if len(files) < len(others) + len(trials):
        return None  # a file that can't be read becomes a finding of whoever loads it
    found = memory.find(files)
    if found is None:
        return None
    stored = found.stored_trials(layers.rules)
    checked = ValueSets(found.tables, icd=load_icd(layers.rules, check=False)[0]), found.about_facts
    facts, about_facts = load_facts(layers.rules, checked, site_dir=layers.site)
    if list(stored) != trials or any(
        stamp_at(layers.path(name)) != stamp for name, stamp in stamps.items() if name in files
    ):
        return None  # somebody is editing
    compiled = TrialLibrary(list(stored.values()), RuleChecker(facts.catalogue), kept=kept)
    library = _library(layers, (facts, about_facts), compiled, files, stamps)
    return None if any(map(stops, library.about_places)) else library


def _load(
    layers: Layers,
    stamps: Mapping[str, Stamp],
    previous: Library | None,
    pause: Callable[[], None],
    kept: KeptTrials,
) -> tuple[Library, tuple[Finding, ...], list[str]]:
    """The library of the files with these stamps, the findings, and the files read. What `previous` has with the same
    stamps is taken from there."""
    trials, others = _parted(stamps)
    known: dict[str, StoredTrial] = {}
    read: list[str] = []
    same = previous is not None and bool(others) and others == _parted(previous.stamps)[1]
    if previous is not None and same:
        facts, about_facts = previous.facts, previous.about_facts
        files = {name: digest for name, digest in _all_files(previous).items() if name in others}
    else:
        read += others
        files = _digests(layers, others)
        facts, about_facts = load_facts(layers.rules, site_dir=layers.site)
    before = None
    # Trials are checked by the catalogue, of which nothing in a site's folder changes anything.
    if previous is not None and (same or _rules_only(others) == _rules_only(_parted(previous.stamps)[1])):
        before, rules = previous.compiled, previous.compiled.rules
        known = {one.file: one for one in previous.stored if stamps.get(one.file) == one.stamp}
    else:
        rules = RuleChecker(facts.catalogue)
    read += [name for name in trials if name not in known]
    compiled, about_trials = read_trials(layers.rules, trials, rules, before, known=known, pause=pause, kept=kept)
    files |= {one.file: one.digest for one in compiled.stored}
    library = _library(layers, (facts, about_facts), compiled, files, stamps)
    rest = tuple(f for f in about_facts if not is_of_a_site(f.file))
    return library, few_of_each((*rest, *about_trials, *library.about_places, *library.about_site)), read


def _library(
    layers: Layers,
    loaded: tuple[FactReaders, tuple[Finding, ...]],
    compiled: TrialLibrary,
    files: Mapping[str, str],
    stamps: Mapping[str, Stamp],
) -> Library:
    facts, about_facts = loaded
    site, about_site = load_site(layers, facts.catalogue, stamps)
    places = tuple(about_places(layers, stamps))
    return Library(
        facts,
        compiled,
        _rules_only(files),
        stamps,
        about_facts,
        about_places=tuple(f for f in places if not is_of_a_site(f.file)),
        site=site,
        site_files={name.removeprefix(SITE): digest for name, digest in files.items() if name.startswith(SITE)},
        about_site=few_of_each((*about_site, *(f for f in (*about_facts, *places) if is_of_a_site(f.file)))),
    )


def _all_files(library: Library) -> dict[str, str]:
    """The files of all layers under the names that they have together."""
    return {**library.files, **{SITE + name: digest for name, digest in library.site_files.items()}}


def _rules_only(named: Mapping[str, T]) -> dict[str, T]:
    """What belongs to the rules folder."""
    return {name: value for name, value in named.items() if not name.startswith(SITE)}


def no_rules_folder(path: Path) -> tuple[Finding, ...]:
    """The finding for a path where nothing is."""
    hint = "name a rules folder, a folder of trials or a trial.json; see also CDS_RULES_DIR"
    return (Finding(str(path), "", "no-rules-folder", "error", "there is no such file or folder", hint),)


def _parted(stamps: Mapping[str, Stamp]) -> tuple[list[str], dict[str, Stamp]]:
    """The trial files, and the other files that an answer may depend on: schemas, and what lies beside a trial, are for
    authors."""
    trials = []
    others = {}
    for name, stamp in stamps.items():
        if name.endswith("/trial.json") and name.startswith(f"{TRIALS}/") and name.count("/") == 2:
            trials.append(name)
        elif not name.startswith(("schema/", f"{TRIALS}/")):
            others[name] = stamp
    return trials, others


def _digests(layers: Layers, names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        # A file may go while we look; one that can't be read is a finding of who reads it.
        folder, own = (layers.site, name.removeprefix(SITE)) if name.startswith(SITE) else (layers.rules, name)
        with suppress(OSError):
            found[name] = hashlib.sha256(read_file(f"{folder}/{own}")[0]).hexdigest()
    return found
