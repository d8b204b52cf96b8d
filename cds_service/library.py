"""Everything that a rules folder holds, loaded and checked: what is known about facts, and the trials."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cds_service.errors import Finding, RulesError
from cds_service.facts import FactKnowledge, load_facts, types_read
from cds_service.facts.catalogue import Catalogue, ValueSets
from cds_service.rule_files import Folder, Stamp, stamp_of
from cds_service.trials import (
    CASES_FILE,
    DEFAULT_BYTES,
    TRIALS,
    CheckedRules,
    CompiledTrial,
    Kept,
    KeptTrials,
    RememberedRules,
    RulesMemory,
    Shelved,
    TrialLibrary,
    read_trials,
    titles_of,
)

_ATTEMPTS = 3


@dataclass(frozen=True)
class Library:
    """A rules folder, ready for matching. Immutable but for what it remembers, so that threads share it."""

    facts: FactKnowledge
    compiled: TrialLibrary
    files: Mapping[str, str] = field(default_factory=dict)
    """What the rules folder holds: each file that an answer may depend on, and the SHA-256 of its content."""
    stamps: Mapping[str, Stamp] = field(default_factory=dict, compare=False, repr=False)
    """Each file of the folder, as it was when it was loaded."""
    about_facts: tuple[Finding, ...] = field(default=(), compare=False, repr=False)
    """The findings about everything but the trials."""

    @property
    def trials(self) -> Sequence[CompiledTrial]:
        """Every trial, whatever its state, in the order of their numbers. Each is compiled when it is asked for."""
        return self.compiled.trials

    @property
    def shelf(self) -> Sequence[Shelved]:
        """As `trials`, but what is known of each without compiling it."""
        return self.compiled.shelf

    @property
    def catalogue(self) -> Catalogue:
        """The fact catalogue."""
        return self.facts.catalogue

    @property
    def facts_read(self) -> frozenset[str]:
        """The catalogue's names of all facts that some rule reads."""
        return self.compiled.facts_read

    @cached_property
    def types_read(self) -> frozenset[str]:
        """The FHIR resource types that its rules rest on."""
        return types_read(self.catalogue, self.facts_read)

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
) -> Library:
    """Load `rules_dir`. Raises RulesError, with every finding, when one of them is an error.

    `previous`, `stamps`, `pause` and `compiled_bytes` as for `check_library`. `memory` spares the checks of what was
    checked before, and remembers what was not; it is not asked where there is a `previous` library to start from.
    """
    if memory is not None and previous is None and rules_dir.is_dir():
        stamps_now = Folder(rules_dir).stamps() if stamps is None else stamps
        remembered = _remembered(rules_dir, stamps_now, memory, Kept(compiled_bytes))
        if remembered is not None:
            return remembered
    library, findings = check_library(rules_dir, previous, stamps, pause, compiled_bytes)
    if library is None or any(f.severity == "error" for f in findings):
        raise RulesError(findings)
    # What was read must be what was hashed, however quick somebody's edits are: this outlives the process.
    if memory is not None and previous is None and _digests(rules_dir, library.files) == library.files:
        rules = RememberedRules.of(library.facts.valuesets, library.about_facts, library.shelf)
        memory.keep(library.files, rules)
    return library


def check_library(
    rules_dir: Path,
    previous: Library | None = None,
    stamps: Mapping[str, Stamp] | None = None,
    pause: Callable[[], None] = lambda: None,
    compiled_bytes: int = DEFAULT_BYTES,
) -> tuple[Library | None, tuple[Finding, ...]]:
    """Load as much of `rules_dir` as is sound, with all findings. None where there is no such folder.

    What has not changed since `previous` was loaded from the same folder is taken from there. `stamps` are the folder's
    files where somebody has just looked, and `pause` is called between trials, for other threads' sake.

    The trials that are compiled at the moment take about `compiled_bytes` of memory at most, together with those of
    `previous`: where there is one, its bound stays.
    """
    if not rules_dir.is_dir():
        return None, no_rules_folder(rules_dir)
    stamps = Folder(rules_dir).stamps() if stamps is None else stamps
    kept: KeptTrials = Kept(compiled_bytes) if previous is None else previous.compiled.kept
    for _ in range(_ATTEMPTS):
        library, findings, read = _load(rules_dir, stamps, previous, pause, kept)
        # Somebody may be editing: the digests must be those of what was loaded.
        if all(_stamp(rules_dir / name) == stamps[name] for name in read):
            break
        previous, stamps = library, Folder(rules_dir).stamps()
    return library, findings


def _remembered(rules_dir: Path, stamps: Mapping[str, Stamp], memory: RulesMemory, kept: KeptTrials) -> Library | None:
    """The library of these files, where exactly they were found to be without errors before; None otherwise."""
    trials, others = _parted(stamps)
    files = _digests(rules_dir, [*others, *trials])
    found = memory.find(files)
    if found is None:
        return None
    shelf = found.shelved(rules_dir)
    facts, about_facts = load_facts(rules_dir, (ValueSets(found.tables), found.about_facts))
    if list(shelf) != trials or any(
        _stamp(rules_dir / name) != stamp for name, stamp in stamps.items() if name in files
    ):
        return None  # somebody is editing
    compiled = TrialLibrary(list(shelf.values()), CheckedRules(facts.catalogue), kept=kept)
    return Library(facts, compiled, files, stamps, about_facts)


def _load(
    rules_dir: Path,
    stamps: Mapping[str, Stamp],
    previous: Library | None,
    pause: Callable[[], None],
    kept: KeptTrials,
) -> tuple[Library, tuple[Finding, ...], list[str]]:
    """What has these stamps, loaded as far as it is not in `previous` with the same; the findings; the files read."""
    trials, others = _parted(stamps)
    known: dict[str, Shelved] = {}
    if previous is not None and others and others == _parted(previous.stamps)[1]:
        facts, about_facts = previous.facts, previous.about_facts
        before, rules = previous.compiled, previous.compiled.rules
        files = {name: digest for name, digest in previous.files.items() if name in others}
        known = {one.file: one for one in previous.shelf if stamps.get(one.file) == one.stamp}
        read = []
    else:
        read = list(others)
        files = _digests(rules_dir, others)
        facts, about_facts = load_facts(rules_dir)
        before, rules = None, CheckedRules(facts.catalogue)
    read += [name for name in trials if name not in known]
    compiled, about_trials = read_trials(rules_dir, trials, rules, before, known=known, pause=pause, kept=kept)
    files |= {one.file: one.digest for one in compiled.shelf}
    library = Library(facts, compiled, files, stamps, about_facts)
    return library, (*about_facts, *about_trials), read


def no_rules_folder(path: Path) -> tuple[Finding, ...]:
    """The finding where nothing is at a path."""
    hint = "name a rules folder, a folder of trials or a trial.json; see also CDS_RULES_DIR"
    return (Finding(str(path), "", "no-rules-folder", "error", "there is no such file or folder", hint),)


def _parted(stamps: Mapping[str, Stamp]) -> tuple[list[str], dict[str, Stamp]]:
    """The trial files, and the other files that an answer may depend on: schemas and test cases are for authors."""
    trials = []
    others = {}
    for name, stamp in stamps.items():
        if name.endswith("/trial.json") and name.startswith(f"{TRIALS}/") and name.count("/") == 2:
            trials.append(name)
        elif not (name.startswith("schema/") or name.endswith(f"/{CASES_FILE}")):
            others[name] = stamp
    return trials, others


def _stamp(path: Path) -> Stamp | None:
    try:
        return stamp_of(path.stat())
    except OSError:
        return None


def _digests(rules_dir: Path, names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        # A file may go while we look.
        with suppress(FileNotFoundError), open(f"{rules_dir}/{name}", "rb") as file:
            found[name] = hashlib.sha256(file.read()).hexdigest()
    return found
