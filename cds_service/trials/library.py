"""The library of trials: each checked when it is loaded, and compiled when it is first a candidate."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, overload
from weakref import ref

from cds_service.deadline import NEVER, Deadline
from cds_service.errors import Finding
from cds_service.facts.catalogue import Catalogue
from cds_service.logic import Facts, PagedDocument, Truth3, Vocabulary, answer_together
from cds_service.rule_files import TRIALS, few_of_each, trial_paths
from cds_service.trials.checked import RuleChecker
from cds_service.trials.compiled import CompiledCriterion, CompiledTrial, compile_trial
from cds_service.trials.index import Index
from cds_service.trials.stored import StoredTrial, read_trial
from cds_service.trials.verdicts import CohortResult, CriterionResult, TrialResult, trial_result, verdict_of
from cds_service.trials.weighted_cache import Kept

KeptTrials: TypeAlias = Kept[StoredTrial, CompiledTrial]
"""The trials that are compiled at the moment."""

MOST_CHANGED = 100
"""Trials in which two libraries may differ for the one to be made from the other."""
CHUNK = 64
"""Trials whose criteria are answered in one native call."""


class TrialLibrary:
    """All trials by their place, in the order of their files. Threads share it.

    Nothing in it changes but which trials are compiled at the moment: the most recently used that fit into `kept`.
    """

    def __init__(
        self,
        stored: Sequence[StoredTrial],
        rules: RuleChecker,
        previous: "TrialLibrary | None" = None,
        kept: KeptTrials | None = None,
    ) -> None:
        """`previous`: a library with the same `rules`, of which everything still valid is taken over.

        `kept`: where compiled trials are kept, which libraries may share; the previous one's or a new one if None.
        """
        self.stored = tuple(stored)
        self.rules = rules
        if kept is None:
            kept = Kept() if previous is None else previous.kept
        self.kept: KeptTrials = kept
        changed = None if previous is None else _differing(previous.stored, self.stored)
        if previous is None or changed is None:
            self._readers = Counter(name for one in self.stored for name in one.facts)
            self._places = {one.id: place for place, one in reversed(list(enumerate(self.stored)))}
            self.index = Index(self.stored)
        else:
            self._readers = previous._readers.copy()
            self._readers.subtract(name for place in changed for name in previous.stored[place].facts)
            self._readers.update(name for place in changed for name in self.stored[place].facts)
            self._readers += Counter()
            self._places = previous._places
            self.index = previous.index.changed(self.stored, changed)
        self.facts_read = frozenset(self._readers)
        """The catalogue's names of all facts that some rule reads."""

    @property
    def trials(self) -> Sequence[CompiledTrial]:
        """Every trial, each compiled at its first use."""
        return _Trials(self)

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary that rules are checked against."""
        return self.rules.vocabulary

    @property
    def rule_count(self) -> int:
        """How many criteria have a rule."""
        return sum(one.rules for one in self.stored)

    def trial(self, trial_id: str) -> CompiledTrial | None:
        """The trial of that number, or None."""
        place = self._places.get(trial_id)
        return None if place is None else self.compiled(place)

    def only(self, trial_id: str) -> "TrialLibrary":
        """A library of the trial of that number alone, or of none."""
        place = self._places.get(trial_id)
        return TrialLibrary(() if place is None else self.stored[place : place + 1], self.rules, kept=self.kept)

    def compiled(self, place: int) -> CompiledTrial:
        """The trial at this place, compiled now if it isn't yet."""
        stored_trial = self.stored[place]
        found = self.kept.get(stored_trial)
        if found is None:
            # Nobody waits for it: at worst two threads compile the same trial.
            found = self.kept.keep(
                stored_trial, compile_trial(stored_trial, self.rules, partial(_grew, self.kept, ref(stored_trial)))
            )
        return found

    def document(self, facts: Facts, as_of: date) -> PagedDocument:
        """A fact document, for these trials to be explained over."""
        return PagedDocument(self.rules.compiler, facts, as_of)

    def facts_of(self, places: Iterable[int]) -> frozenset[str]:
        """The catalogue's names of the facts that the trials at these places read."""
        return frozenset().union(*[self.stored[place].facts for place in places])

    def evaluate(
        self,
        closed: Facts,
        opened: Facts,
        as_of: date,
        places: Sequence[int] | None = None,
        deadline: Deadline = NEVER,
        *,
        together: int = CHUNK,
    ) -> tuple[TrialResult, ...]:
        """The results of the trials at `places` (all if None) from the two fact documents of one patient.

        The `deadline` is checked before each trial but the first; once it is over, the rest is left out. `together`
        are answered in one native call, which nothing can end.
        """
        wanted = range(len(self.stored)) if places is None else places
        results: list[TrialResult] = []
        for start in range(0, len(wanted), together):
            trials: list[CompiledTrial] = []
            for place in wanted[start : start + together]:
                if (start or trials) and deadline.is_over():
                    return (*results, *_evaluated(trials, closed, opened, as_of))
                trials.append(self.compiled(place))
            results += _evaluated(trials, closed, opened, as_of)
        return tuple(results)


class _Trials(Sequence[CompiledTrial]):
    """The trials of a library, each compiled at its first use."""

    def __init__(self, library: TrialLibrary) -> None:
        self._library = library

    def __len__(self) -> int:
        return len(self._library.stored)

    def __iter__(self) -> Iterator[CompiledTrial]:
        return (self._library.compiled(place) for place in range(len(self)))

    @overload
    def __getitem__(self, place: int) -> CompiledTrial: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[CompiledTrial]: ...
    def __getitem__(self, place: int | slice) -> CompiledTrial | Sequence[CompiledTrial]:
        places = range(len(self))[place]
        if isinstance(places, range):
            return [self._library.compiled(one) for one in places]
        return self._library.compiled(places)


def load_trials(
    rules_dir: Path, catalogue: Catalogue, paths: Iterable[Path] | None = None
) -> tuple[TrialLibrary, tuple[Finding, ...]]:
    """Check every `trials/*/trial.json` under `rules_dir`: a library of the valid ones, and a finding for each fault.

    `paths` are the trial files to load instead, somewhere under `rules_dir`.
    """
    paths = trial_paths(rules_dir / TRIALS) if paths is None else paths
    return read_trials(rules_dir, [path.relative_to(rules_dir).as_posix() for path in paths], RuleChecker(catalogue))


def read_trials(
    rules_dir: Path,
    files: Sequence[str],
    rules: RuleChecker,
    previous: TrialLibrary | None = None,
    *,
    known: Mapping[str, StoredTrial] = MappingProxyType({}),
    pause: Callable[[], None] = lambda: None,
    kept: KeptTrials | None = None,
) -> tuple[TrialLibrary, tuple[Finding, ...]]:
    """As `load_trials`, for these files below `rules_dir`.

    `known` holds by file the trials that need not be read again, `previous` is a library made with the same `rules`,
    and `pause` is called after each trial that is read. `kept` as for `TrialLibrary`.
    """
    findings = list(rules.definition_findings)
    stored = []
    for name in files:
        stored_trial = known.get(name)
        if stored_trial is None:
            stored_trial, faults = read_trial(rules_dir / name, name, rules)
            findings += faults
            pause()
        else:
            findings += stored_trial.findings
        if stored_trial is not None:
            stored.append(stored_trial)
    if not files:
        findings.append(Finding(TRIALS, "", "no-trials", "error", "no trials/*/trial.json here"))
    return TrialLibrary(stored, rules, previous, kept), few_of_each(findings)


def _grew(kept: KeptTrials, stored_trial: "ref[StoredTrial]") -> None:
    key = stored_trial()
    if key is not None:
        kept.grew(key)


def _differing(old: Sequence[StoredTrial], new: Sequence[StoredTrial]) -> list[int] | None:
    """The places at which the two differ; None where they are not of the same trials, or differ a lot."""
    if len(old) != len(new):
        return None
    places = [place for place, (before, after) in enumerate(zip(old, new, strict=True)) if before is not after]
    same = all(old[place].id == new[place].id for place in places)
    return places if same and len(places) <= MOST_CHANGED else None


def _evaluated(trials: Sequence[CompiledTrial], closed: Facts, opened: Facts, as_of: date) -> Iterator[TrialResult]:
    """The results of some trials, whose criteria are answered in one native call for each world."""
    if not trials:
        return
    programs = [trial.program for trial in trials]
    pages = frozenset().union(*(program.pages for program in programs))
    compiler = programs[0].compiler
    in_closed = answer_together(programs, PagedDocument(compiler, closed, as_of).on(pages))
    in_open = answer_together(programs, PagedDocument(compiler, opened, as_of).on(pages))
    for trial, (yes, _), (openly, _) in zip(trials, in_closed, in_open, strict=True):
        truths: list[tuple[Truth3, Truth3]] = list(zip(yes, openly, strict=True))
        truths.append((None, None))  # for what has no rule
        own = _results(trial.criteria, truths)
        cohorts = []
        for cohort, criteria in trial.cohorts:
            extra = tuple(_results(criteria, truths))
            cohorts.append(CohortResult(cohort, verdict_of(trial.trial, [*own, *extra]), extra))
        yield trial_result(trial.trial, own, cohorts)


def _results(criteria: Iterable[CompiledCriterion], truths: Sequence[tuple[Truth3, Truth3]]) -> list[CriterionResult]:
    return [
        c.results[truths[c.slot]] if c.logic_slot < 0 else c.results.of(truths[c.slot], truths[c.logic_slot][0])
        for c in criteria
    ]
