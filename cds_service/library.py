"""Everything that a rules folder holds, loaded and checked: what is known about facts, and the trials."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cds_service.errors import Finding, RulesError
from cds_service.facts.catalogue import Catalogue
from cds_service.facts.knowledge import FactKnowledge, load_facts
from cds_service.facts.valuesets import load_valuesets
from cds_service.logic.explain import Explainer
from cds_service.logic.model import Condition
from cds_service.trials.case_runs import titles_of
from cds_service.trials.cases import check_cases
from cds_service.trials.library import TRIALS, CompiledTrial, TrialLibrary, load_trials

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Library:
    """A rules folder, ready for matching. Immutable but for what it remembers, so that threads share it."""

    facts: FactKnowledge
    compiled: TrialLibrary
    files: Mapping[str, str] = field(default_factory=dict)
    """What the rules folder holds: each file that an answer may depend on, and the SHA-256 of its content."""
    _explainers: dict[int, Explainer] = field(default_factory=dict, compare=False, repr=False)

    @property
    def trials(self) -> tuple[CompiledTrial, ...]:
        """Every trial, whatever its state, in the order of their numbers."""
        return self.compiled.trials

    @property
    def catalogue(self) -> Catalogue:
        """The fact catalogue."""
        return self.facts.catalogue

    @property
    def facts_read(self) -> frozenset[str]:
        """The catalogue's names of all facts that some rule reads."""
        return self.compiled.facts_read

    def trial(self, trial_id: str) -> CompiledTrial | None:
        """The trial of that number, or None."""
        return next((t for t in self.trials if t.id == trial_id), None)

    def titles(self) -> dict[str, str]:
        """What each fact is called, the time since a date included."""
        return titles_of(self.catalogue)

    def explainer(self, rule: Condition) -> Explainer:
        """What explains a rule of one of the trials. It is compiled part by part the first time it is asked for."""
        # By identity: to hash a rule means to walk it, and the trials keep their rules alive.
        found = self._explainers.get(id(rule))
        if found is None:
            found = self._explainers.setdefault(id(rule), Explainer(rule, self.titles()))
        return found


def load_library(rules_dir: Path) -> Library:
    """Load `rules_dir`. Raises RulesError, with every finding, when one of them is an error."""
    library, findings = check_library(rules_dir)
    if library is None or any(f.severity == "error" for f in findings):
        raise RulesError(findings)
    return library


def check_library(rules_dir: Path) -> tuple[Library | None, tuple[Finding, ...]]:
    """Load as much of `rules_dir` as is sound, with all findings. None where there is no such folder."""
    if not rules_dir.is_dir():
        return None, _no_folder(rules_dir)
    for _ in range(_ATTEMPTS):
        files = _digests(rules_dir)
        facts, about_facts = load_facts(rules_dir)
        compiled, about_trials = load_trials(rules_dir, facts.catalogue)
        # Somebody may be editing: the digests must be those of what was loaded.
        if _digests(rules_dir) == files:
            break
    return Library(facts, compiled, files), (*about_facts, *about_trials)


def check_rules(
    target: Path, default_facts: Callable[[], tuple[FactKnowledge, tuple[Finding, ...]]]
) -> tuple[Library | None, tuple[Finding, ...]]:
    """Check what a rule author works on, test cases included: what is sound of it, and all findings.

    `target` is a rules folder, its `trials/`, one trial's folder or one trial file. Without `facts/` of its own it is
    checked with those of `default_facts`, whose findings count too. Files are named from the rules folder on.
    """
    root, paths = _located(target.resolve())
    if not root.is_dir() or (paths and not paths[0].is_file()):
        return None, _no_folder(target)
    if (root / "facts").is_dir():
        facts, about_facts = load_facts(root)
    else:
        facts, about_facts = default_facts()
        # Value sets without facts change nothing, but a fault in them is one all the same.
        about_facts += load_valuesets(root, facts.systems)[1]
    compiled, about_trials = load_trials(root, facts.catalogue, paths)
    cases = check_cases(compiled.trials, root, facts.catalogue)
    return Library(facts, compiled), (*about_facts, *about_trials, *cases)


def _located(target: Path) -> tuple[Path, list[Path] | None]:
    """The rules folder that a file or folder is in (or would be), and the trial files that are meant if not all."""
    if target.name == TRIALS:
        return target.parent, None
    file = target / "trial.json" if target.is_dir() else target
    if not target.is_dir() or file.is_file():
        in_place = file.parent.parent.name == TRIALS
        return (file.parents[2] if in_place else file.parent), [file]
    loose = sorted(target.glob("*/trial.json"))
    return target, loose or None


def _no_folder(path: Path) -> tuple[Finding, ...]:
    hint = "name a rules folder, a folder of trials or a trial.json; see also CDS_RULES_DIR"
    return (Finding(str(path), "", "no-rules-folder", "error", "there is no such file or folder", hint),)


def _digests(rules_dir: Path) -> dict[str, str]:
    """Of all JSON but what is for authors alone: schemas and test cases."""
    paths = ((path.relative_to(rules_dir), path) for path in sorted(rules_dir.rglob("*.json")))
    found = {}
    for name, path in paths:
        if name.parts[0] != "schema" and name.name != "cases.json":
            # A file may go while we look.
            with suppress(FileNotFoundError):
                found[name.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
