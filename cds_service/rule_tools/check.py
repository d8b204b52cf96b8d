"""Checking what a rule author works on: facts, value sets, trials and their test cases."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cds_service.errors import Finding
from cds_service.facts import FactReaders, load_facts
from cds_service.facts.catalogue import load_valuesets
from cds_service.library import Library, no_rules_folder
from cds_service.rule_files import LayeredFolders, Layers, about_places, few_of_each, is_there, trial_paths
from cds_service.rule_tools.cases import CasesRun, check_cases, run_all_cases
from cds_service.rule_tools.places import placed_in
from cds_service.rule_tools.samples import sample_reader
from cds_service.trials import TRIALS, load_trials


@dataclass(frozen=True, slots=True)
class RulesReport:
    """What of the rules is sound (None where there are none), all findings with their lines, and how many test cases
    ran; None where none were asked to."""

    library: Library | None
    findings: tuple[Finding, ...]
    cases: int | None = None


def check_rules(
    target: Path, default_facts: Callable[[], tuple[FactReaders, tuple[Finding, ...]]]
) -> tuple[Library | None, tuple[Finding, ...]]:
    """As `report_on_rules`, with the cases read and not run: what is sound, and all findings."""
    report = report_on_rules(target, default_facts)
    return report.library, report.findings


def report_on_rules(
    target: Path,
    default_facts: Callable[[], tuple[FactReaders, tuple[Finding, ...]]],
    samples_dir: Path | None = None,
) -> RulesReport:
    """Check what a rule author works on, test cases included. They are run, too, where `samples_dir`, the folder of the
    sample patients that they may name, is given.

    `target` is a rules folder, its `trials/`, one trial's folder or one trial file. Without `facts/` of its own it is
    checked with those of `default_facts`, whose findings count too. Files are named from the rules folder on.
    """
    root, paths = _located(target.resolve())
    if not root.is_dir() or (paths and not is_there(paths[0])):
        return RulesReport(None, no_rules_folder(target))
    if (root / "facts").is_dir():
        facts, about_facts = load_facts(root)
    else:
        facts, about_facts = default_facts()
        # Value sets without facts change nothing, but a fault in them is one all the same.
        about_facts += load_valuesets(root, facts.systems)[1]
    compiled, about_trials = load_trials(root, facts.catalogue, paths)
    library = Library(facts, compiled)
    layers = Layers(root)
    places = about_places(layers, LayeredFolders(layers).stamps()) if paths is None else ()
    run = _cases(library, root, samples_dir)
    findings = few_of_each((*about_facts, *about_trials, *places, *run.findings))
    return RulesReport(library, placed_in(findings, layers), run.ran if samples_dir is not None else None)


def _cases(library: Library, root: Path, samples_dir: Path | None) -> CasesRun:
    if samples_dir is None:
        return CasesRun(0, check_cases(library.compiled.trials, root, library.catalogue))
    read = sample_reader(library, samples_dir)
    ids = [trial.id for trial in library.stored]
    return run_all_cases(ids, library.compiled, root, library.catalogue, read)


def _located(target: Path) -> tuple[Path, list[Path] | None]:
    """The rules folder that a file or folder is in (or would be), and the trial files that are meant if not all."""
    if target.name == TRIALS:
        return target.parent, None
    file = target / "trial.json" if target.is_dir() else target
    if not target.is_dir() or is_there(file):
        in_place = file.parent.parent.name == TRIALS
        return (file.parents[2] if in_place else file.parent), [file]
    return target, trial_paths(target) or None
