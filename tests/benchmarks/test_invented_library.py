"""The invented library: sound, the same for the same seed, and with a candidate for each of its diagnoses."""

from datetime import date
from pathlib import Path

import pytest

from benchmarks.invented_library import Written, request_for, write_library
from cds_service.cds_hooks import PrefetchedRecord, parse_request, service_for
from cds_service.library import check_library
from cds_service.matching import match

AS_OF = date(2026, 11, 24)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    folder = tmp_path_factory.mktemp("invented")
    return folder, write_library(folder, 40, seed=7)


@pytest.mark.slow
def test_every_trial_is_sound(written: tuple[Path, Written]) -> None:
    folder, about = written
    library, findings = check_library(folder)
    assert findings == ()
    assert library is not None
    assert len(library.trials) == about.trials + 5
    counts = [len(t.all_criteria()) for t in library.trials if t.id.startswith("INV")]
    assert min(counts) >= 15
    assert max(counts) <= 60


def test_the_same_seed_writes_the_same_files(written: tuple[Path, Written], tmp_path: Path) -> None:
    folder, about = written
    assert write_library(tmp_path, 40, seed=7) == about
    for path in folder.rglob("*.json"):
        assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes()


def test_the_first_diagnosis_has_the_most_trials_and_a_patient_meets_them(written: tuple[Path, Written]) -> None:
    folder, about = written
    library, _ = check_library(folder)
    assert library is not None
    code = max(about.by_diagnosis, key=lambda one: about.by_diagnosis[one])
    request = parse_request(request_for(code), service_for("patient-view"))
    found = match(PrefetchedRecord(request, {}).record(), library, AS_OF)
    name = "condition.invented_" + code.removeprefix("diagnosis-")
    assert found.sheet[name].value is not None
    gates = [
        criterion
        for trial in found.trials
        for criterion in trial.criteria
        if criterion.criterion.gate and name in {library.catalogue.fact_of(ref.name) for ref in criterion.facts}
    ]
    assert len(gates) == about.by_diagnosis[code]
    assert any(gate.outcome == "pass" for gate in gates)
