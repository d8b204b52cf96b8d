"""A rules folder with thousands of trials, made by varying the criteria of the five in `rules/`.

    python -m benchmarks.invented_library FOLDER --trials 20000 [--seed 20261124]

The folder has what `rules/` has, the five trials included, and beside it facts and value sets for invented diagnoses
(one to about five trials) and drugs (one to about forty). Their codes are of the example system `SYSTEM`, so that
nothing in the folder says anything about real diseases.

How candidates are distributed: an invented trial is about one invented diagnosis, a few about either of two. The first
diagnosis has about a hundred trials of 20,000, the last about two (weight of the nth: (n + 5)^-0.6). No invented trial
is about a diagnosis of the five, so a patient with one of those has as many candidates as with five trials; with an
invented diagnosis (`request_for`) there are as many as `Written.by_diagnosis` says, less what age and sex rule out.
"""

import argparse
import json
import random
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cds_service.facts import load_facts
from cds_service.logic import Vocabulary
from cds_service.logic.check import read_rule
from cds_service.trials import vocabulary_of

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261124
SYSTEM = "http://example.org/invented"
FACTOR = (0.5, 0.6, 0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
"""What the limits of a criterion are multiplied with. Trials agree on round limits more often than not."""
_COMPARISONS = frozenset({"<", "<=", ">", ">="})
_TIMES = frozenset({"d", "wk", "mo", "a"})
_COUNTRIES = ("CN", "US", "DE", "FR", "GB", "IT", "JP", "KR", "BR", "IN")

Json = Any


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: how many invented trials, and how many of them are about each diagnosis (its code)."""

    trials: int
    by_diagnosis: Mapping[str, int]


def write_library(folder: Path, trials: int, seed: int = SEED) -> Written:
    """Write a rules folder with the five trials and `trials` invented ones. The same seed writes the same files."""
    return _Writer(folder, trials, seed).write()


def request_for(code: str, sample: Path = ROOT / "fhir_samples" / "requests" / "patient-view-sle.json") -> bytes:
    """The hook request of a sample patient who has an invented diagnosis in place of her first condition."""
    request = json.loads(sample.read_bytes())
    condition = request["prefetch"]["conditions"]["entry"][0]["resource"]
    condition["code"] = {"coding": [{"system": SYSTEM, "code": code, "display": _title(code)}]}
    return json.dumps(request).encode()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Write a rules folder with many invented trials.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(arguments)
    written = write_library(options.folder, options.trials, options.seed)
    counts = sorted(written.by_diagnosis.values())
    middle = counts[len(counts) // 2] if counts else 0
    print(  # noqa: T201
        f"{written.trials} invented trials about {len(counts)} diagnoses, {middle} on the median one,"
        f" {max(counts, default=0)} on the first"
    )


@dataclass(slots=True)
class _Template:
    """A criterion of the five trials, and what came of varying it."""

    criterion: dict[str, Json]
    varied: dict[float, dict[str, Json] | None] = field(default_factory=dict)


class _Writer:
    def __init__(self, folder: Path, trials: int, seed: int) -> None:
        self.folder = folder
        self.count = trials
        self.rng = random.Random(seed)
        diagnoses = max(1, trials // 5)
        self.diagnoses = [f"diagnosis-{n:04}" for n in range(1, diagnoses + 1)]
        self.weights = [(n + 5) ** -0.6 for n in range(1, diagnoses + 1)]
        self.drugs = [f"drug-{n:03}" for n in range(1, max(1, trials // 40) + 1)]
        self.templates = _templates()
        self.vocabulary: Vocabulary | None = None

    def write(self) -> Written:
        """Write everything."""
        self._copy()
        self._systems()
        self._facts()
        self.vocabulary = vocabulary_of(load_facts(self.folder)[0].catalogue)
        about: Counter[str] = Counter()
        for number in range(1, self.count + 1):
            trial, diagnoses = self._trial(f"INV{number:06}")
            about.update(diagnoses)
            _put(self.folder / "trials" / trial["id"] / "trial.json", trial)
        return Written(self.count, {code: about[code] for code in self.diagnoses})

    def _copy(self) -> None:
        rules = ROOT / "rules"
        for part in sorted(rules.iterdir()):
            if part.is_file():
                shutil.copy(part, self.folder)
            elif part.name != "trials":
                shutil.copytree(part, self.folder / part.name, dirs_exist_ok=True)
        for trial in sorted((rules / "trials").glob("*/trial.json")):
            target = self.folder / "trials" / trial.parent.name
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(trial, target)

    def _systems(self) -> None:
        path = self.folder / "facts" / "systems.json"
        table = json.loads(path.read_bytes())
        table["systems"][SYSTEM] = []
        _put(path, table)

    def _facts(self) -> None:
        facts = []
        for resource, codes in (("Condition", self.diagnoses), ("Medication", self.drugs)):
            for number, code in enumerate(codes):
                facts.append(
                    {
                        "name": _fact(code),
                        "kind": "events",
                        "resource": resource,
                        "title": _title(code),
                        "valueset": f"invented-{code}",
                        "absence": "presumed_absent",
                    }
                )
                hints = [{"url": "urn:cds-service:text-hint", "valueString": _title(code)}]
                concepts = [{"code": code, "display": _title(code)}]
                lasting = {"lasts": "chronic", "lasts_reason": "Invented."}
                value_set = {
                    "resourceType": "ValueSet",
                    "id": f"invented-{code}",
                    "url": f"urn:cds-service:valueset:invented-{code}",
                    "title": _title(code),
                    "status": "active",
                    "extension": hints if number % 3 == 0 else [],
                    "compose": {"include": [{"system": SYSTEM, **lasting, "concept": concepts}]},
                }
                _put(self.folder / "valuesets" / f"invented-{code}.json", value_set)
        _put(self.folder / "facts" / "invented.json", {"$schema": "../schema/facts.schema.json", "facts": facts})

    def _trial(self, trial_id: str) -> tuple[dict[str, Json], list[str]]:
        rng = self.rng
        diagnosis, other = rng.choices(self.diagnoses, self.weights, k=2)
        gates, diagnoses = self._gates(diagnosis, other)
        wanted = rng.randint(15, 40)
        criteria = [*self._demography(), *gates, *self._exclusions()]
        while len(criteria) < wanted:
            template = rng.choice(self.templates)
            varied = self._varied(template, rng.choice(FACTOR))
            if varied is not None:
                criteria.append(varied)
        cohorts = [self._cohort(n) for n in range(1, rng.randint(2, 4) + 1)] if rng.random() < 0.1 else []
        start = rng.randint(2023, 2026)
        trial = {
            "$schema": "../../schema/trial.schema.json",
            "id": trial_id,
            "title": f"Invented trial {trial_id} of {rng.choice(self.drugs)} in {_title(diagnosis).lower()}",
            "short_title": f"Invented {trial_id[3:]} in {_title(diagnosis).lower()}",
            "status": rng.choice(("recruiting",) * 6 + ("not_yet_recruiting", "active_not_recruiting", "completed")),
            "phase": rng.choice((None, "Phase 1", "Phase 2", "Phase 3")),
            "enrollment": rng.randint(10, 900),
            "sponsor": f"Invented sponsor {rng.randint(1, 400)}",
            "registry": {"url": f"https://example.org/trials/{trial_id}", "last_updated": f"{start}-06-01"},
            "dates": {"start": f"{start}-01-15", "completion": f"{start + rng.randint(2, 6)}-12-31"},
            "interventions": [{"name": f"Invented intervention {rng.randint(1, 2_000)}", "type": "drug"}],
            "sites": [
                {"name": f"Invented hospital {rng.randint(1, 900)}", "city": "Invented city", "country": country}
                for country in rng.sample(_COUNTRIES, rng.randint(1, 5))
            ],
            "state": rng.choices(("active", "draft", "retired"), (94, 3, 3))[0],
            "rules_version": "1.0.0",
            "criteria": _numbered(criteria),
            "cohorts": cohorts,
        }
        return trial, diagnoses

    def _gates(self, diagnosis: str, other: str) -> tuple[list[dict[str, Json]], list[str]]:
        here = {"var": _fact(diagnosis)}
        draw = self.rng.random()
        if draw < 0.75:
            return [_gate(here, diagnosis)], [diagnosis]
        if draw < 0.85:
            return [_gate({"var": f"{_fact(diagnosis)}.active"}, diagnosis)], [diagnosis]
        if draw < 0.92 and other != diagnosis:
            return [_gate({"or": [here, {"var": _fact(other)}]}, diagnosis)], [diagnosis, other]
        drug = {"within": [{"var": _fact(self.rng.choice(self.drugs))}, {"quantity": [2, "a"]}]}
        return [_gate(here, diagnosis), _gate(drug, "treated")], [diagnosis]

    def _demography(self) -> list[dict[str, Json]]:
        rng = self.rng
        least = rng.choice((0, 2, 12, 18, 18, 18, 18, 40))
        most = rng.choice((12, 17)) if least < 12 else rng.choice((65, 70, 75, 80, 100))
        age = {"<=": [{"quantity": [least, "a"]}, {"var": "patient.age"}, {"quantity": [most, "a"]}]}
        found = [_criterion("inclusion", f"Age {least} to {most} years", age)]
        if rng.random() < 0.12:
            sex = rng.choice(("female", "male"))
            found.append(_criterion("inclusion", f"Sex {sex}", {"==": [{"var": "patient.sex"}, sex]}))
        return found

    def _exclusions(self) -> list[dict[str, Json]]:
        """Other invented diagnoses and drugs."""
        rng = self.rng
        found = []
        for code in rng.sample(self.diagnoses, min(len(self.diagnoses), rng.randint(0, 3))):
            months = rng.choice((3, 6, 12))
            rule = rng.choice(
                (
                    {"var": f"{_fact(code)}.history"},
                    {"var": _fact(code)},
                    {"within": [{"var": _fact(code)}, {"quantity": [months, "mo"]}]},
                )
            )
            found.append(_criterion("exclusion", f"{_title(code)} beside the disease of the trial", rule))
        for code in rng.sample(self.drugs, min(len(self.drugs), rng.randint(0, 2))):
            weeks = rng.choice((2, 4, 8, 12))
            rule = {"within": [{"var": _fact(code)}, {"quantity": [weeks, "wk"]}]}
            found.append(_criterion("exclusion", f"{_title(code)} within {weeks} weeks", rule))
        return found

    def _cohort(self, number: int) -> dict[str, Json]:
        criteria = []
        if self.rng.random() < 0.5:
            most = 20 * number + 10
            age = {"<": [{"var": "patient.age"}, {"quantity": [most, "a"]}]}
            criteria.append(_criterion("inclusion", f"Younger than {most} years", age))
        varied = self._varied(self.rng.choice(self.templates), self.rng.choice(FACTOR))
        if varied is not None:
            criteria.append(varied)
        named = [{**criterion, "id": f"c{number}-{n:02}"} for n, criterion in enumerate(criteria, 1)]
        return {"id": f"C{number}", "title": f"Cohort {number}", "criteria": named}

    def _varied(self, template: _Template, factor: float) -> dict[str, Json] | None:
        """The criterion with other limits; None where it could then never be true, or never false."""
        if factor not in template.varied:
            assert self.vocabulary is not None
            made = dict(template.criterion)
            for key in ("logic", "screen"):
                if key in made:
                    made[key] = _scaled(made[key], factor)
                    if read_rule(made[key], self.vocabulary)[0] is None:
                        made = {}
            template.varied[factor] = made or None
        return template.varied[factor]


def _templates() -> list[_Template]:
    """Every criterion of the five trials but the gates and what asks for the age."""
    found = []
    for path in sorted((ROOT / "rules" / "trials").glob("*/trial.json")):
        trial = json.loads(path.read_bytes())
        for criterion in (*trial["criteria"], *(c for cohort in trial.get("cohorts", ()) for c in cohort["criteria"])):
            if not criterion.get("gate") and "patient.age" not in json.dumps(criterion):
                found.append(_Template({key: value for key, value in criterion.items() if key != "id"}))
    return found


def _scaled(rule: Json, factor: float, *, limit: bool = False) -> Json:
    """The rule with its limits multiplied. Lengths of time stay whole."""
    match rule:
        case {"quantity": [value, unit]}:
            number = max(1, round(value * factor)) if unit in _TIMES else float(f"{value * factor:.3g}")
            return {"quantity": [number, unit]}
        case dict():
            return {key: _scaled(part, factor, limit=key in _COMPARISONS) for key, part in rule.items()}
        case list():
            return [_scaled(part, factor, limit=limit) for part in rule]
        case int() | float() if limit and not isinstance(rule, bool):
            return float(f"{rule * factor:.3g}")
    return rule


def _numbered(criteria: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """The criteria with their ids, inclusions first."""
    found = []
    for kind, prefix in (("inclusion", "inc"), ("exclusion", "exc")):
        ours = [criterion for criterion in criteria if criterion["kind"] == kind]
        found += [{"id": f"{prefix}-{n:02}", **criterion} for n, criterion in enumerate(ours, 1)]
    return found


def _criterion(kind: str, text: str, rule: Json) -> dict[str, Json]:
    return {"kind": kind, "text": text, "logic": rule}


def _gate(rule: Json, text: str) -> dict[str, Json]:
    return {**_criterion("inclusion", _title(text), rule), "gate": True}


def _fact(code: str) -> str:
    kind, number = code.split("-")
    return f"{'condition' if kind == 'diagnosis' else 'medication'}.invented_{number}"


def _title(code: str) -> str:
    return f"Invented {code.replace('-', ' ')}"


def _put(path: Path, content: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
