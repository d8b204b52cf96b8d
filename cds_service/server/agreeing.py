"""The check of a changed active trial against its own test cases, before it is served."""

from collections.abc import Callable, Iterator
from pathlib import Path

from cds_service.errors import Finding
from cds_service.library import Library
from cds_service.rule_files import CASES_FILE, TRIALS, Layers


def cases_file(trial_id: str) -> str:
    """The name of a trial's cases in the stamps of a rules folder."""
    return f"{TRIALS}/{trial_id}/{CASES_FILE}"


def changed_trials(before: Library | None, after: Library) -> tuple[str, ...]:
    """The active trials with test cases that changed since `before`, or whose cases did; all of them if None.

    A trial has changed, too, where facts or value sets have: then it was read anew.
    """
    return tuple(_changed(before, after))


def _changed(before: Library | None, after: Library) -> Iterator[str]:
    known = {} if before is None else {one.id: one for one in before.stored}
    for one in after.stored:
        file = cases_file(one.id)
        if one.state != "active" or file not in after.stamps:
            continue
        same = known.get(one.id) is one and before is not None and before.stamps.get(file) == after.stamps[file]
        if not same:
            yield one.id


def disagreeing(
    library: Library, rules_dir: Path, trial_ids: tuple[str, ...], pause: Callable[[], None]
) -> tuple[Finding, ...]:
    """Run the cases of these trials: a finding for each kind of difference, and for what can't be read of the cases.

    `pause` is called before each case.
    """
    if not trial_ids:
        return ()
    # What only rule authors need is loaded when a rule has changed.
    from cds_service.rule_tools import default_samples_dir, placed_in, sample_reader  # noqa: PLC0415
    from cds_service.rule_tools.cases import UNKNOWN_SAMPLE, run_all_cases  # noqa: PLC0415

    samples = default_samples_dir()
    read = sample_reader(library, samples)
    run = run_all_cases(trial_ids, library.compiled, rules_dir, library.catalogue, read, pause=pause)
    # Where a service has no sample patients with it, cases that name one are not run.
    findings = [one for one in run.findings if one.code != UNKNOWN_SAMPLE or samples.is_dir()]
    return placed_in((one for one in findings if one.severity == "error"), Layers(rules_dir))
