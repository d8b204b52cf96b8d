"""What differs between two rules folders, or two trial files."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cds_service.errors import Finding, RulesError
from cds_service.library import Library, load_library
from cds_service.rule_files import read_file
from cds_service.rule_tools.changes.catalogue_changes import fact_changes, value_set_changes
from cds_service.rule_tools.changes.rule_changes import Change
from cds_service.rule_tools.changes.trial_changes import TrialChange, trial_change
from cds_service.rule_tools.drafts import compile_draft, trial_id_of


@dataclass(frozen=True, slots=True)
class RulesSide:
    """One side of a comparison. `folder` is None for a single trial file."""

    library: Library
    folder: Path | None


@dataclass(frozen=True, slots=True)
class LibraryChange:
    """All that differs: trials, facts by name, value sets by file."""

    trials: tuple[TrialChange, ...]
    facts: dict[str, tuple[Change, ...]]
    value_sets: dict[str, tuple[Change, ...]]

    def __bool__(self) -> bool:
        return bool(self.trials or self.facts or self.value_sets)

    def as_json(self) -> dict[str, Any]:
        """`{"trials": [{"id", "kind", "changes", "criteria"}], "facts": {...}, "value_sets": {...}}`."""
        return {
            "trials": [
                {**asdict(trial), "criteria": [_criterion(asdict(c)) for c in trial.criteria]} for trial in self.trials
            ],
            "facts": {name: [asdict(c) for c in changes] for name, changes in self.facts.items()},
            "value_sets": {name: [asdict(c) for c in changes] for name, changes in self.value_sets.items()},
        }


def load_version(path: Path, rules_dir: Path) -> RulesSide:
    """A rules folder, or a trial file whose facts are those of `rules_dir`. Raises RulesError for one with errors."""
    if path.is_dir():
        return RulesSide(load_library(path), path)
    try:
        text = read_file(path)[0].decode()
    except (OSError, UnicodeDecodeError) as problem:
        message = "neither a rules folder nor a readable trial file"
        raise RulesError((Finding(str(path), "", "unreadable-file", "error", message),)) from problem
    name = trial_id_of(text) or path.resolve().parent.name or path.stem
    draft = compile_draft(load_library(rules_dir), name, text)
    if draft.library is None or draft.errors:
        raise RulesError(draft.findings)
    return RulesSide(draft.library, None)


def library_change(old: RulesSide, new: RulesSide) -> LibraryChange:
    """From one version to the other. Facts and value sets are compared between folders only."""
    titles = {**old.library.titles(), **new.library.titles()}
    ids = dict.fromkeys(t.id for side in (old, new) for t in side.library.trials)
    trials = [trial_change(old.library.trial(id), new.library.trial(id), titles) for id in sorted(ids)]
    both = old.folder is not None and new.folder is not None
    return LibraryChange(
        tuple(t for t in trials if t is not None),
        fact_changes(old.library.catalogue, new.library.catalogue) if both else {},
        value_set_changes(old.folder, new.folder) if old.folder is not None and new.folder is not None else {},
    )


def _criterion(entry: dict[str, Any]) -> dict[str, Any]:
    cohort, id = entry.pop("place")
    return {"cohort": cohort or None, "criterion": id, **entry}
