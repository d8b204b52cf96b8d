"""`cds-service codes seen`: its formats, its drafts, its exit codes."""

import csv
import io
import json
from pathlib import Path

import pytest
from fhir.resources.R4B.conceptmap import ConceptMap
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.facts.catalogue import load_codesystems
from cds_service.library import Library
from tests.codes.feeds import LOCAL, LOINC, Entry, concept, condition, observation, write

runner = CliRunner()
pytestmark = pytest.mark.usefixtures("rules_at_hand")
HB = observation(concept((LOCAL, "HB", "Hemoglobin")), valueQuantity={"value": 7, "unit": "g/dL"})
UNREAD = [condition(concept(text="lupuss nefritis Zwirbelknorz"), f"p{n}") for n in range(3)]
CHINESE = [condition(concept(text="璀璨病"), f"p{n}") for n in range(3)]
LOCAL_CODE = condition(concept((LOCAL, "D17", "Zwirbelknorz")))
KNOWN = condition(concept((LOINC, "718-7", "no condition")))
FEED = [HB, HB, LOCAL_CODE, *UNREAD, *CHINESE, condition(concept(text="Low back pain"))]


def seen(tmp_path: Path, *options: str, entries: list[Entry] = FEED):
    feed = write(tmp_path / "feed.ndjson", entries)
    return runner.invoke(app, ["codes", "seen", str(feed), *options])


def test_the_three_formats_say_the_same(tmp_path: Path) -> None:
    document = json.loads(seen(tmp_path, "--format", "json").stdout)
    rows = list(csv.DictReader(io.StringIO(seen(tmp_path, "--format", "tsv").stdout), delimiter="\t"))
    text = " ".join(seen(tmp_path).stdout.split())
    assert [(int(row["times"]), row["code"], row["words"], row["became"]) for row in rows] == [
        (line["times"], line["code"], line["words"], line["became"]) for line in document["entries"]
    ]
    first = document["entries"][0]
    assert (first["times"], first["words"], first["became"]) == (3, "lupuss nefritis Zwirbelknorz", "unread")
    summary = document["summary"]
    assert (summary["patients"], summary["entries"], summary["judged"], summary["understood"]) == (3, 10, 10, 1)
    assert "1 file, 3 patients, 10 entries" in text
    assert "Understood: 1 of 10 that a rule could read, 10.00 %." in text


def test_a_cell_begins_like_no_formula(tmp_path: Path) -> None:
    entries = [condition(concept((LOCAL, "D17", "=HYPERLINK(1)")))]
    (row,) = csv.DictReader(io.StringIO(seen(tmp_path, "--format", "tsv", entries=entries).stdout), delimiter="\t")
    assert row["words"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize(
    ("percent", "entries", "code"),
    [("10", FEED, 0), ("10.1", FEED, 1), ("0", FEED, 0), ("1", [], 1), ("100", [HB | {"code": KNOWN["code"]}], 0)],
)
def test_fail_under(percent: str, entries: list[Entry], code: int, tmp_path: Path) -> None:
    result = seen(tmp_path, "--fail-under", percent, entries=entries)
    assert result.exit_code == code
    assert bool(result.stderr) == (code == 1)


def test_what_can_not_be_read_is_told_with_its_place_and_is_not_understood(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(
        '{"resourceType": "Condition", \n' + json.dumps(condition({"text": "pain"})) + "\n"
    )
    (tmp_path / "b.json").write_text(json.dumps({"resourceType": "Condition", "id": "c1", "code": 7}))
    result = runner.invoke(app, ["codes", "seen", str(tmp_path), "--format", "json"])
    places = [line.partition(": ")[0] for line in result.stderr.splitlines()]
    assert places == [f"{tmp_path}/a.ndjson line 1", f"{tmp_path}/b.json"]
    summary = json.loads(result.stdout)["summary"]
    assert (summary["files"], summary["unreadable"], summary["became"]["malformed"], result.exit_code) == (2, 2, 2, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [(["none"], "none: there is no such file or folder"), (["-", "--format", "xml"], "--format is text, tsv or json")],
)
def test_it_refuses_before_it_begins(options: list[str], said: str) -> None:
    result = runner.invoke(app, ["codes", "seen", *options])
    assert (result.exit_code, said in result.stderr) == (2, True)


def drafts(tmp_path: Path) -> tuple[Path, Entry, Entry]:
    folder = tmp_path / "draft"
    result = seen(tmp_path, "--map", str(folder))
    assert result.exit_code == 0, result.output
    concept_map, phrases = folder / "conceptmaps" / "draft.json", folder / "phrases" / "draft.json"
    return folder, json.loads(concept_map.read_text()), json.loads(phrases.read_text())


def test_the_concept_map_is_valid_and_maps_nothing_until_somebody_completes_it(tmp_path: Path) -> None:
    folder, content, _ = drafts(tmp_path)
    ConceptMap.model_validate(content)
    elements = {element["code"]: element for group in content["group"] for element in group["element"]}
    assert list(elements) == ["HB", "D17"]
    assert "lab.hemoglobin, 718-7" in elements["HB"]["target"][0]["comment"]
    systems, _ = load_codesystems(folder)
    assert systems.keys([ConceptCode(LOCAL, "HB")]) == ((LOCAL, "HB"),)
    (target,) = elements["HB"]["target"]
    target |= {"code": "718-7", "equivalence": "equivalent"}
    (folder / "conceptmaps" / "draft.json").write_text(json.dumps(content))
    completed, _ = load_codesystems(folder)
    assert completed.keys([ConceptCode(LOCAL, "HB")]) == ((LOCAL, "HB"), (LOINC, "718-7"))


class ConceptCode:
    def __init__(self, system: str, code: str) -> None:
        self.system, self.code = system, code


def test_the_phrases_stand_under_no_value_set_until_somebody_decides(tmp_path: Path, library: Library) -> None:
    _, _, content = drafts(tmp_path)
    assert content == {
        "phrases": {"?": {"zh": ["璀璨病"]}, "? lupus-nephritis": {"und": ["lupuss nefritis Zwirbelknorz"]}}
    }
    assert library.facts.valuesets.ids.isdisjoint(content["phrases"])


def test_a_draft_that_somebody_may_have_worked_on_is_not_written_over(tmp_path: Path) -> None:
    drafts(tmp_path)
    again = seen(tmp_path, "--map", str(tmp_path / "draft"))
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
