"""Trial files: read, checked, and stored in the least space from which they can be compiled at any time."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cds_service.errors import Finding
from cds_service.rule_files import TRIALS, Stamp, invalid, nearest, parse_json, read_file, stamp_of, unreadable
from cds_service.trials.checked import RuleCheck, RuleChecker
from cds_service.trials.exceptions import softening
from cds_service.trials.model import Criterion, Trial
from cds_service.trials.prefilter import NOTHING, Prefilter, all_of, any_of

MOST_BYTES = 5_000_000
"""Of one trial file: a hundred times the largest that was ever written."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class StoredTrial:
    """A trial that passed all checks.

    * `file`: the file's name below the rules folder, `stamp` that of the file as it was read, `digest` the SHA-256 of
      its content, and `source` the content, compressed.
    * `facts`: the catalogue's names of what its criteria read; `rules`: how many criteria have a rule.
    * `gates`: the prefilter for the gates of some cohort to be certain; `fits`: for nothing to fail there.
    """

    id: str
    rules_version: str
    state: str
    file: str
    stamp: Stamp
    digest: str
    source: bytes
    facts: tuple[str, ...]
    rules: int
    gates: Prefilter
    fits: Prefilter
    findings: tuple[Finding, ...] = ()

    def content(self) -> bytes:
        """The content of the file."""
        return zlib.decompress(self.source)


def read_trial(path: Path, name: str, rules: RuleChecker) -> tuple[StoredTrial | None, list[Finding]]:
    """Read and check a trial file, which findings call `name`. None where it has an error."""
    try:
        data, status = read_file(path, MOST_BYTES)
    except OSError as problem:
        return None, [unreadable(name, problem)]
    content, findings = parse_json(data, name)
    if content is None:
        return None, findings
    try:
        trial = Trial.model_validate(content)
    except ValidationError as problem:
        return None, findings + invalid(problem, name, Trial)
    folder = path.parent.name if path.parent.parent.name == TRIALS else None
    findings += _structure_findings(trial, name, folder)
    checked = list(_checked(trial, rules))
    for place, _, _, found in checked:
        for fault in found.findings:
            findings.append(Finding(name, place + fault.pointer, fault.code, fault.severity, fault.message, fault.hint))
    findings += _softening_findings(checked, name)
    # Nothing of a broken trial may be evaluated: dropping one criterion would make a wrong "eligible".
    if any(f.severity == "error" for f in findings):
        return None, findings
    facts = dict.fromkeys(fact for *_, found in checked for fact in found.facts)
    gates, fits = _prefilters(trial, checked)
    stored_trial = StoredTrial(
        id=trial.id,
        rules_version=trial.rules_version,
        state=trial.state,
        file=name,
        stamp=stamp_of(status),
        digest=hashlib.sha256(data).hexdigest(),
        source=zlib.compress(data),
        facts=tuple(facts),
        rules=len(checked),
        gates=gates,
        fits=fits,
        findings=tuple(findings),
    )
    return stored_trial, findings


def rule_of(criterion: Criterion) -> tuple[str, Any] | None:
    """The key of the rule that a criterion has, `logic` or `screen`, and the rule; None where it has none."""
    if criterion.has_logic:
        return "logic", criterion.logic
    return ("screen", criterion.screen) if criterion.has_screen else None


_Rule = tuple[str, int | None, Criterion, RuleCheck]
"""Where a criterion stands, the place of its cohort (None: none), itself, and the result of checking its rule."""


def _checked(trial: Trial, rules: RuleChecker) -> Iterator[_Rule]:
    groups: list[tuple[int | None, str, tuple[Criterion, ...]]] = [(None, "", trial.criteria)]
    groups += [(n, f"/cohorts/{n}", cohort.criteria) for n, cohort in enumerate(trial.cohorts)]
    for cohort, place, criteria in groups:
        for i, criterion in enumerate(criteria):
            found = rule_of(criterion)
            if found is not None:
                yield f"{place}/criteria/{i}", cohort, criterion, rules.check(criterion, found[1])


def _softening_findings(checked: list[_Rule], file: str) -> Iterator[Finding]:
    """Warnings about reviews that take back a fail: a trial that fails has no card, so nobody reads them."""
    for place, _, criterion, found in checked:
        words = softening(criterion) if found.can_fail else None
        if words is not None:
            message = f"{criterion.id} can fail, and its review says {words!r}, which nobody would read then"
            hint = "say as an 'exception' what the source excepts"
            yield Finding(file, f"{place}/review", "softening-review", "warning", message, hint)


def _prefilters(trial: Trial, checked: list[_Rule]) -> tuple[Prefilter, Prefilter]:
    """The prefilter for the gates to be certain, and the one for no criterion to fail."""
    gates: dict[int | None, list[Prefilter]] = {}
    fits: dict[int | None, list[Prefilter]] = {}
    for _, cohort, criterion, found in checked:
        if criterion.gate:
            gates.setdefault(cohort, []).append(found.if_true)
        prefilter = found.if_true if criterion.kind == "inclusion" else found.if_false
        if criterion.has_logic and (prefilter.ages or prefilter.sexes is not None):
            fits.setdefault(cohort, []).append(Prefilter(ages=prefilter.ages, sexes=prefilter.sexes))

    def together(each: dict[int | None, list[Prefilter]]) -> Prefilter:
        cohorts = [all_of(each.get(n, ())) for n in range(len(trial.cohorts))]
        return all_of([*each.get(None, ()), any_of(cohorts) if cohorts else NOTHING])

    return Prefilter(together(gates).entries), together(fits)


def _structure_findings(trial: Trial, file: str, folder: str | None) -> list[Finding]:
    """Faults that the models don't find: repeated ids, a file in the wrong folder of `trials/`, no gate."""
    findings = []

    def error(pointer: str, code: str, message: str, hint: str = "") -> None:
        findings.append(Finding(file, pointer, code, "error", message, hint))

    if folder not in (None, trial.id):
        error("/id", "wrong-folder", f"trial {trial.id!r} lies in the folder {folder!r}", "give both the same name")
    if not any(c.gate for c in trial.criteria):
        error("/criteria", "no-gate", 'no criterion has "gate": true', "mark the diagnosis that the trial is about")
    places = [(f"/criteria/{i}", c) for i, c in enumerate(trial.criteria)]
    for i, criterion in enumerate(trial.criteria):
        prefix = {"inclusion": "inc-", "exclusion": "exc-"}[criterion.kind]
        if not criterion.id.startswith(prefix):
            hint = nearest(criterion.id, [prefix + criterion.id[4:]])
            error(f"/criteria/{i}/id", "id-against-kind", f"{criterion.id!r} is an {criterion.kind}", hint)
    if len({c.id for c in trial.cohorts}) != len(trial.cohorts):
        error("/cohorts", "repeated-id", "two cohorts have the same id")
    own = set()
    for place, criterion in places:
        if criterion.id in own:
            error(f"{place}/id", "repeated-id", f"{criterion.id!r} stands here more than once")
        own.add(criterion.id)
    for n, cohort in enumerate(trial.cohorts):
        seen = set(own)
        for i, criterion in enumerate(cohort.criteria):
            if criterion.id in seen:
                place = f"/cohorts/{n}/criteria/{i}/id"
                error(place, "repeated-id", f"{criterion.id!r} stands in this cohort or its trial more than once")
            seen.add(criterion.id)
    return findings
