"""What people have, given to `match` and `explain` in a terminal: files, folders, archives, exports, hook requests."""

import csv
import gzip
import io
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cds_service.cli import app

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "cli_golden"
DAY = ("--as-of", "2026-11-24")


def run(*arguments: str | Path, text: str | bytes | None = None) -> Result:
    environment = {"COLUMNS": "80", "CDS_TIMEZONE": "UTC"}
    return CliRunner().invoke(app, [*map(str, arguments), *DAY], env=environment, input=text)


def sample(story: str) -> Path:
    return ROOT / "fhir_samples" / "patients" / f"{story}.json"


def resources(story: str) -> list[dict[str, object]]:
    return [entry["resource"] for entry in json.loads(sample(story).read_text())["entry"]]


def export(folder: Path, *stories: str) -> Path:
    """A bulk export: a file of NDJSON for each resource type."""
    folder.mkdir()
    for resource in [one for story in stories for one in resources(story)]:
        with (folder / f"{resource['resourceType']}.ndjson").open("a") as file:
            file.write(json.dumps(resource) + "\n")
    return folder


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def answer(result: Result) -> object:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def sle() -> object:
    """The response for the sample as `--bundle` has always given it."""
    return answer(run("match", "--bundle", sample("sle")))


def test_one_patient_in_whatever_it_comes_gets_the_same_answer(sle: object, tmp_path: Path) -> None:
    chart = sample("sle").read_bytes()
    packed = tmp_path / "sle.json.gz"
    packed.write_bytes(gzip.compress(chart))
    archive = zip_of(tmp_path / "sle.zip", {"charts/sle.json": chart})
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "sle.json").write_bytes(chart)
    ways = [sample("sle"), packed, archive, tmp_path / "folder", export(tmp_path / "export", "sle")]
    for way in ways:
        assert answer(run("match", way)) == sle, way
    assert answer(run("match", "-", text=chart)) == sle


def test_a_chart_and_new_results_beside_it_are_one_record(tmp_path: Path) -> None:
    every = resources("sle-likely")
    old = [one for one in every if one["resourceType"] != "Observation"]
    new = [one for one in every if one["resourceType"] == "Observation"]
    (tmp_path / "chart.json").write_text(json.dumps(old))
    (tmp_path / "results.json").write_text(json.dumps(new))
    whole = answer(run("match", sample("sle-likely")))
    assert answer(run("match", tmp_path / "chart.json", tmp_path / "results.json")) == whole
    assert answer(run("match", tmp_path / "chart.json")) != whole


def test_a_hook_request_is_read_as_the_hook_reads_it() -> None:
    request = ROOT / "fhir_samples" / "requests" / "patient-view-sle.json"
    found = answer(run("match", request))
    assert [card["source"]["topic"]["code"] for card in found["cards"]] == ["NCT06676631", "NCT07083349"]
    assert answer(run("explain", request, "--format", "json"))["patient"] == "sle"


def test_a_hook_request_without_conditions_gets_no_answer(tmp_path: Path) -> None:
    request = json.loads((ROOT / "fhir_samples" / "requests" / "patient-view-sle.json").read_text())
    del request["prefetch"]["conditions"]
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    result = run("match", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{path}: prefetch.conditions: the conditions cannot be had" in result.stderr


STORIES = ("sle", "no-sle", "sma-likely")


@pytest.mark.parametrize("command", ["match", "explain"])
def test_several_patients_are_a_table_by_who_fits_best(command: str, tmp_path: Path) -> None:
    result = run(command, export(tmp_path / "export", *STORIES))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split()[:3] == ["patient", "trial", "verdict"]
    assert lines[1].split() == ["sma-likely", "NCT07617779", "likely", "fits"]
    assert re.match(r"sle +NCT07083349  may fit +inc-06: antinuclear antibody", lines[2])
    assert all(len(line) <= 80 for line in lines)
    assert "3 patients, 2 with a trial that fits or may fit" in lines[-1]


def test_the_table_as_json_is_one_document_and_as_csv_has_a_heading(tmp_path: Path) -> None:
    folder = export(tmp_path / "export", *STORIES)
    document = answer(run("match", folder, "--format", "json"))
    assert (document["as_of"], document["patients"], document["not_read"]) == ("2026-11-24", 3, 0)
    rows = list(csv.DictReader(io.StringIO(run("match", folder, "--format", "csv").stdout)))
    assert len(rows) == len(document["rows"]) == 15
    assert rows[0] | {"source": ""} == {
        "patient": "sma-likely",
        "trial": "NCT07617779",
        "title": "NKG001 gene therapy in SMA",
        "verdict": "likely_eligible",
        "open": "0",
        "first_missing": "",
        "source": "",
    }
    sick = next(row for row in document["rows"] if (row["patient"], row["trial"]) == ("sle", "NCT07083349"))
    assert (sick["verdict"], sick["open"]) == ("possibly_eligible", 5)
    assert sick["first_missing"].startswith("open inc-06, Antinuclear antibody titre")


def test_one_of_several_is_chosen_and_gets_what_one_alone_gets(sle: object, tmp_path: Path) -> None:
    folder = export(tmp_path / "export", *STORIES)
    assert answer(run("match", folder, "--patient", "sle", "--format", "json")) == sle
    refused = run("match", folder, "--patient", "nobody")
    assert refused.exit_code == 2
    assert "there is sle, no-sle, sma-likely" in refused.stderr


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1"])
def test_a_cell_that_a_spreadsheet_would_compute_is_text(evil: str, tmp_path: Path) -> None:
    chart = tmp_path / "chart.json"
    chart.write_text(json.dumps({"resourceType": "Patient", "id": evil}))
    rows = list(csv.DictReader(io.StringIO(run("match", chart, "--format", "csv").stdout)))
    assert {row["patient"] for row in rows} == {f"'{evil}"}


def test_what_can_not_be_read_is_named_the_rest_goes_on_and_the_exit_code_says_so(tmp_path: Path) -> None:
    for story in STORIES[:2]:
        (tmp_path / f"{story}.json").write_bytes(sample(story).read_bytes())
    (tmp_path / "broken.json").write_text('{"resourceType": "Bundle", "entry": [')
    result = run("match", tmp_path, tmp_path / "nowhere.json", "--format", "json")
    assert result.exit_code == 2
    assert f"{tmp_path}/broken.json: the record is not JSON" in result.stderr
    assert f"{tmp_path}/nowhere.json: No such file or directory" in result.stderr
    document = json.loads(result.stdout)
    assert (document["patients"], document["not_read"]) == (2, 2)
    # A chart for each patient: what was lost is another one's, and what is absent stays absent.
    verdicts = {row["verdict"] for row in document["rows"] if row["patient"] == "no-sle"}
    assert verdicts == {"not_eligible"}


def test_a_line_that_is_lost_of_an_export_leaves_open_what_it_may_have_said(tmp_path: Path) -> None:
    folder = export(tmp_path / "export", "no-sle")
    whole = answer(run("explain", folder, "--format", "json"))
    assert {trial["verdict"] for trial in whole["trials"]} == {"not_eligible"}
    with (folder / "Condition.ndjson").open("a") as file:
        file.write('{"resourceType": "Condition", "subj\n')
    result = run("explain", folder, "--format", "json")
    assert result.exit_code == 2
    assert re.search(r"Condition\.ndjson line \d+: the record is not JSON", result.stderr)
    lupus = next(t for t in json.loads(result.stdout)["trials"] if t["id"] == "NCT06676631")
    gate = next(c for c in lupus["criteria"] if c["id"] == "inc-02")
    assert (gate["outcome"], gate["facts"][0]["reason"]) == ("unknown", "incomplete_record")


def test_no_files_no_patient_and_an_unknown_format_are_said() -> None:
    rows = [
        (("match",), "name a file or a folder"),
        (("explain", "-"), "standard input: there is no Patient in the record"),
        (("match", sample("sle"), "--format", "xml"), "--format is text, json, table or csv, not 'xml'"),
        (("explain", ROOT / "fhir_samples" / "patients", "--facts"), "--patient says whose facts"),
    ]
    for arguments, message in rows:
        result = run(*arguments, text="[]")
        assert result.exit_code == 2, arguments
        assert message in result.stderr


NO_CARDS = [
    (
        "no-sle",
        "5 ask for a disease that is not on record",
        "Nearest miss: none; no trial is about this patient's diseases.",
        "All of the record was read.",
    ),
    ("als-advanced", "of 5 trials none fits", "1302 days, needs ≤ 2 years", "All of the record was read."),
    ("lupus-steroid-only", "none fits", "not met inc-04a", "--trial NCT07083349"),
]


@pytest.mark.parametrize(("story", "how_many", "nearest", "rest"), NO_CARDS, ids=[row[0] for row in NO_CARDS])
def test_no_cards_says_why(story: str, how_many: str, nearest: str, rest: str) -> None:
    said = " ".join(run("match", sample(story), "--format", "text").stdout.split())
    assert said.startswith("No cards: of 5 trials")
    for part in (how_many, "Nearest miss: ", nearest, rest, "More: cds-service explain "):
        assert part in said


def test_no_cards_says_what_could_not_be_read() -> None:
    bundle = json.loads(sample("no-sle").read_text())
    bundle["entry"].append({"resource": {"resourceType": "Procedure", "id": "x", "code": 5}})
    said = run("match", "-", "--format", "text", text=json.dumps(bundle)).stdout
    assert "Of the record 1 entry could not be read." in " ".join(said.split())


@pytest.mark.parametrize("story", ["sle", "sma-treated"])
def test_explain_reads_as_it_is_held(story: str) -> None:
    """`UPDATE_GOLDEN=1 pytest tests/test_cli_patients.py` writes them again: read the difference aloud."""
    shown = run("explain", "-", text=sample(story).read_bytes()).stdout
    path = GOLDEN / f"explain-{story}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown)
    assert shown == path.read_text()


@pytest.mark.parametrize("story", ["sle", "sma-treated", "aml-transplanted"])
def test_explain_for_people(story: str) -> None:
    shown = run("explain", sample(story)).stdout
    lines = shown.splitlines()
    document = answer(run("explain", sample(story), "--format", "json"))
    # Verdicts first, one line for each trial.
    heads = lines[lines.index("") + 1 :][: len(document["trials"])]
    verdict = r"(likely fits|may fit|undetermined|does not fit) +(NCT\d{8})  \S"
    found = [re.match(verdict, line) for line in heads]
    assert sorted(head[2] for head in found if head) == sorted(trial["id"] for trial in document["trials"])
    assert all(len(line) <= 80 for line in lines), max(lines, key=len)
    assert "\x1b" not in shown
    assert " pass" not in shown
    codes = {fact["reason"] for trial in document["trials"] for c in trial["criteria"] for fact in c["facts"]}
    for code in filter(lambda reason: "_" in (reason or ""), codes):
        assert code not in shown
    assert not re.search(r"\d\.\d{4,}", shown)
    for trial in document["trials"]:
        for source in (f["source"] for c in trial["criteria"] for f in c["facts"] if f["source"]):
            assert all(part in shown for part in source.split(", ")), source


def test_ages_are_said_as_people_say_them() -> None:
    assert "age 29 months" in run("explain", sample("sma-treated"), "--trial", "NCT07617779").stdout
    assert "age 41 years" in run("explain", sample("sle"), "--trial", "NCT07083349").stdout


def test_short_is_the_verdicts_and_what_is_open() -> None:
    shown = run("explain", sample("sle"), "--short").stdout
    assert re.search(r"may fit +NCT07083349  NK510 in refractory SLE; 5 open, 5 to judge", shown)
    assert re.search(r"inc-06 +Antinuclear antibody titre of at least 1:80", shown)
    assert "hepatitis B surface antigen (HBsAg): too old (Negative, 2025-02-11)" in " ".join(shown.split())
    assert "not excluded" not in shown


def test_one_criterion_whole() -> None:
    shown = run("explain", sample("sle"), "--trial", "NCT07083349", "--criterion", "inc-05").stdout
    for part in (
        "SLEDAI-2K",
        "outcome     met",
        "Observation/sle-12",
        '"var": "score.sledai_2k"',
        "gov/study/NCT07083349",
    ):
        assert part in shown
    assert "inc-06" not in shown
    refused = run("explain", sample("sle"), "--trial", "NCT07083349", "--criterion", "inc-99")
    assert refused.exit_code == 2
    assert "there is no criterion 'inc-99'; known: inc-01, inc-02" in refused.stderr


def facts_of(*arguments: str) -> dict[str, Any]:
    found = run("explain", sample("sle"), "--facts", *arguments, "--format", "json")
    assert found.exit_code == 0, found.stderr
    return {fact["name"]: fact for fact in json.loads(found.stdout)["facts"]}


def test_the_facts_of_one_criterion_are_those_that_it_reads() -> None:
    assert list(facts_of("--trial", "NCT07083349", "--criterion", "inc-01")) == ["patient.age"]
    of_all = facts_of("--criterion", "inc-01")
    assert "patient.age" in of_all
    assert len(of_all) < len(facts_of("--trial", "NCT07083349")) < len(facts_of())


def test_a_criterion_that_is_not_there_has_no_facts() -> None:
    found = run("explain", sample("sle"), "--facts", "--criterion", "inc-99")
    assert found.exit_code == 2
    assert "there is no criterion 'inc-99'; known: " in found.stderr


def test_facts_have_three_significant_digits() -> None:
    said = run("explain", sample("sle"), "--facts").stdout
    evidence = re.compile(r"https?://\S+|\b\d{4}-\d\d-\d\d\S*")
    numbers = re.findall(r"(?<![\w./-])\d+\.\d+(?![\w./-])", evidence.sub("", said))
    assert numbers
    assert all(len(n.replace(".", "").lstrip("0")) <= 3 for n in numbers), numbers
