"""The figures of docs/terminology.md: what is counted, that they can be written again, and what stays as it is."""

import json
import zipfile
from pathlib import Path

import pytest

from cds_service.facts import FactReaders, load_facts
from cds_service.library import Library
from tests.facts.small_rules import (
    ICD10,
    LOINC,
    RXNORM,
    SNOMED,
    codes,
    events,
    quantity,
    under,
    valueset,
    write_rules,
)
from tools.codes_report.__main__ import PAGE, main
from tools.codes_report.cost import of_remembered
from tools.codes_report.coverage import all_codes, covered
from tools.codes_report.records import ArchiveError, collections_in

OTHER = "urn:oid:1.2.3"
SETS = [
    valueset("lupus", codes(SNOMED, "55464009", "95609003"), under(ICD10, "M32")),
    valueset("kidney", codes(SNOMED, "68815009"), codes(OTHER, "N1")),
    valueset("both", {"valueSet": ["urn:cds-service:valueset:lupus"]}, codes(SNOMED, "68815009"),
             exclude=[codes(SNOMED, "95609003")]),
    valueset("perhaps", codes(SNOMED, "239889006", "55464009")),
    valueset("drug", codes(RXNORM, "8640|prednisone")),
]  # fmt: skip
FACTS = [
    events("condition.both", "Condition", valueset="both", hints="perhaps"),
    events("condition.kidney", "Condition", valueset="kidney"),
    events("medication.drug", "Medication", valueset="drug"),
    quantity("lab.hemoglobin", "718-7", "g/L", {"g/L": "1"}),
]
COUNTED = [
    ("a set of another, less one code; a hint besides", "condition.both", {SNOMED: 2, ICD10: 1}, {SNOMED: 1}),
    ("a system that the tables bring themselves", "condition.kidney", {SNOMED: 1, OTHER: 1}, {}),
    ("a drug", "medication.drug", {RXNORM: 1}, {}),
    ("a result", "lab.hemoglobin", {LOINC: 1}, {}),
]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules"), FACTS, SETS)


@pytest.fixture(scope="module")
def knowledge(rules: Path) -> FactReaders:
    return load_facts(rules)[0]


@pytest.mark.parametrize(("fact", "sure", "perhaps"), [row[1:] for row in COUNTED], ids=[row[0] for row in COUNTED])
def test_the_codes_of_a_fact(fact: str, sure: dict[str, int], perhaps: dict[str, int], knowledge: FactReaders) -> None:
    found = {one.fact: one for one in covered(knowledge)}
    assert (found[fact].sure, found[fact].perhaps) == (sure, perhaps)


def test_a_code_of_several_facts_is_one_code(knowledge: FactReaders) -> None:
    assert all_codes(knowledge) == {SNOMED: 3, ICD10: 1, OTHER: 1, RXNORM: 1, LOINC: 1}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Records of a collection that is listed, and of one that is not."""
    lupus = {"resourceType": "Condition", "code": {"coding": [{"system": SNOMED, "code": "55464009"}]}}
    unread = {"resourceType": "Condition", "code": {"text": "Zwirbelknorz"}}
    path = tmp_path / "records.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("fhir/synthea_r4/R4/a.json", json.dumps(lupus))
        made.writestr("fhir/synthea_r4/R4/b.ndjson", f"{json.dumps(lupus)}\n{json.dumps(unread)}\n{{broken\n")
        made.writestr("fhir/new_one/deeper/c.json", json.dumps(unread))
        made.writestr("fhir/new_one/readme.txt", "no record")
    return path


def test_what_became_of_records_by_collection(archive: Path, library: Library) -> None:
    listed, other = collections_in(archive, library.facts)
    assert (listed.title, listed.files, listed.unreadable) == ("Synthea", 2, 1)
    assert listed.tally.outcomes == {"fact": 2, "unread": 1, "malformed": 1}
    assert (other.title, other.files, other.tally.outcomes) == ("fhir/new_one", 1, {"unread": 1})


def test_an_archive_that_is_none_is_told(tmp_path: Path, knowledge: FactReaders) -> None:
    for path in (tmp_path / "nowhere.zip", Path(__file__)):
        with pytest.raises(ArchiveError, match=path.name):
            collections_in(path, knowledge)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page with a place for each part."""
    marks = ("systems", "records", "cost", "facts")
    text = "".join(f"# {name}\n<!-- figures: {name} -->\nold {name}\n<!-- end: {name} -->\n" for name in marks)
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_second_run_changes_nothing(page: Path, rules: Path, archive: Path) -> None:
    asked = ["--rules", str(rules), "--page", str(page), "--records", str(archive), "--no-cost"]
    assert main(asked) == 0
    first = page.read_text(encoding="utf-8")
    assert "| Synthea " in first
    assert "old cost" in first
    assert not any(f"old {name}" in first for name in ("systems", "records", "facts"))
    assert main(asked) == 0
    assert page.read_text(encoding="utf-8") == first


def test_without_an_archive_its_figures_stay(page: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rules", str(rules), "--page", str(page), "--no-cost"]) == 0
    text = page.read_text(encoding="utf-8")
    assert "old records" in text
    assert "`condition.both`" in text
    assert "stay as they are" in capsys.readouterr().err


def test_a_place_that_is_missing_is_told(page: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page.write_text("# Nothing here\n", encoding="utf-8")
    assert main(["--rules", str(rules), "--page", str(page), "--no-cost"]) == 1
    assert "has no place for systems" in capsys.readouterr().err


def test_what_the_tables_cost_is_measured_in_a_process_of_its_own(library: Library) -> None:
    # How much is no test: the page says it.
    assert of_remembered(library.facts.valuesets.tables).megabytes > 1


def test_the_page_has_every_place_filled() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in ("systems", "records", "cost", "facts"):
        filled = text.partition(f"<!-- figures: {name} -->\n")[2].partition(f"<!-- end: {name} -->\n")[0]
        assert filled.count("\n| ") > 2, name
