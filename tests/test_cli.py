"""The command line: what it prints, and how it refuses."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app

ROOT = Path(__file__).parents[1]
SAMPLES = sorted(path.stem for path in (ROOT / "fhir_samples" / "patients").glob("*.json"))
runner = CliRunner()


def run(*arguments: str, rules: Path | None = None, text: str | None = None):
    environment = {"CDS_RULES_DIR": str(rules)} if rules else {}
    return runner.invoke(app, arguments, env=environment, input=text)


def sample(story: str) -> str:
    return str(ROOT / "fhir_samples" / "patients" / f"{story}.json")


@pytest.mark.slow
@pytest.mark.parametrize("story", SAMPLES)
def test_explain_gives_every_criterion_with_outcome_basis_and_evidence(story: str) -> None:
    result = run("explain", "--bundle", sample(story), "--as-of", "2026-11-24", "--format", "json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["as_of"] == "2026-11-24"
    assert document["patient"] == story
    for trial in document["trials"]:
        source = json.loads((ROOT / "rules" / "trials" / trial["id"] / "trial.json").read_text())
        assert [c["id"] for c in trial["criteria"]] == [c["id"] for c in source["criteria"]]
        for criterion, written in zip(trial["criteria"], source["criteria"], strict=True):
            assert criterion["outcome"] in {"pass", "fail", "unknown", "review"}
            assert criterion["basis"] in {"documented", "presumed"}
            assert criterion["text"] == written["text"]
            assert bool(criterion["facts"]) == ("logic" in written or "screen" in written)
            for fact in criterion["facts"]:
                assert {"name", "value", "unit", "date", "source", "reason"} <= fact.keys()
                assert (fact["value"] is None) == (fact["reason"] is not None) or fact["reason"] == "too_old"


def test_explain_as_text_and_as_fact_sheet() -> None:
    for extra in (["--trial", "NCT07083349"], ["--facts"], ["--facts", "--format", "json"]):
        result = run("explain", "--bundle", sample("sle"), "--as-of", "2026-11-24", *extra)
        assert result.exit_code == 0, result.output
    assert "lab.hemoglobin" in result.stdout


def test_match_prints_the_response_that_the_service_would_send() -> None:
    response = json.loads(run("match", "--bundle", sample("sle-likely"), "--as-of", "2026-11-24").stdout)
    assert [card["source"]["topic"]["code"] for card in response["cards"]] == ["NCT06676631", "NCT07083349"]
    assert json.loads(run("match", "--bundle", sample("no-sle"), "--as-of", "2026-11-24").stdout) == {"cards": []}


def spoilt(*conditions: dict[str, object]) -> str:
    """The sample without lupus, with these Conditions in place of its own."""
    bundle = json.loads(Path(sample("no-sle")).read_text())
    kept = [entry for entry in bundle["entry"] if entry["resource"]["resourceType"] != "Condition"]
    made = [{"resource": {"resourceType": "Condition", "id": f"c{n}", **one}} for n, one in enumerate(conditions)]
    return json.dumps({**bundle, "entry": kept + made})


SPOILT, ASTHMA = (
    {"code": 7},
    {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "195967001", "display": "Asthma"}]}},
)


def test_what_could_not_be_judged_is_told_by_match_and_explain() -> None:
    text = spoilt(SPOILT, ASTHMA)
    given = ("--bundle", "-", "--as-of", "2026-11-24")
    answer = json.loads(run("match", *given, text=text).stdout)
    told = answer["extension"]["org.cds-service.undetermined"]
    assert (answer["cards"], told["count"], told["entries"]) == ([], 4, 1)
    document = json.loads(run("explain", *given, "--format", "json", text=text).stdout)
    assert document["undetermined"] == told
    assert [issue["code"] for issue in document["issues"]] == ["malformed_resource"]
    said = "4 trials could not be judged because an entry of the record could not be read"
    for command in (("match", "--format", "text"), ("explain",)):
        shown = run(*command, *given, text=text).stdout
        assert said in " ".join(shown.split())
    whole = json.loads(run("explain", "--bundle", sample("sle"), "--as-of", "2026-11-24", "--format", "json").stdout)
    assert "undetermined" not in whole


def test_without_a_readable_condition_there_is_no_answer() -> None:
    result = run("match", "--bundle", "-", "--as-of", "2026-11-24", text=spoilt(SPOILT))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the conditions cannot be had: the only one that was sent cannot be read" in result.stderr


def test_a_bundle_is_read_from_standard_input() -> None:
    text = Path(sample("sle")).read_text()
    assert json.loads(run("match", "--bundle", "-", "--as-of", "2026-11-24", text=text).stdout)["cards"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "JSON"),
        ("[]", "Patient"),
        ('{"resourceType": "Bundle", "type": "collection"}', "Patient"),
        ('{"hello": 1}', ""),
    ],
)
def test_a_record_that_is_none_is_refused_with_the_reason(text: str, message: str) -> None:
    result = run("explain", "--bundle", "-", text=text)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_missing_file_and_an_unknown_trial_are_named() -> None:
    assert "/nowhere.json" in run("match", "--bundle", "/nowhere.json").output
    result = run("explain", "--bundle", sample("sle"), "--trial", "NCT00000000")
    assert result.exit_code == 2
    assert "NCT07083349" in result.output


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A copy of the rules folder, to be broken."""
    return shutil.copytree(ROOT / "rules", tmp_path / "rules")


def test_the_rules_that_come_with_the_service_have_no_findings() -> None:
    result = run("rules", "check")
    assert result.exit_code == 0, result.output


BROKEN = [
    ('"score.sledai_2k"', '"score.sledai2k"', "unknown-fact", "/criteria/5/logic/>/0", "score.sledai_2k"),
    ('{"quantity": [480, "ms"]}', "480", "missing-unit", "/logic/>/1", "quantity"),
    ('{"quantity": [480, "ms"]}', '{"quantity": [480, "g/L"]}', "unit-of-another-dimension", "/logic/>/1", "ms"),
    ('"gate": true', '"gaet": true', "unknown-key", "/criteria/1/gaet", "gate"),
    ('"lookback": "P7D"', '"lookback": "7 days"', "bad-value", "/lookback", ""),
    ('"enrollment": 9,', '"enrollment": 9, "enrollment": 10,', "duplicate-key", "/enrollment", ""),
    ('"id": "inc-03"', '"id": "inc-01"', "repeated-id", "/criteria/2/id", ""),
    ('"logic": {"var": "condition.sle"}', '"logic": {"var": "condition.sle", "!": []}', "not-one-key", "", ""),
    ('"state": "active"', '"state": "active"}', "json", "", "line"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "code", "pointer", "hint"), BROKEN, ids=[row[2] for row in BROKEN])
def test_a_broken_trial_file_is_found_with_its_place(rules: Path, old, new, code, pointer, hint) -> None:  # noqa: PLR0917
    path = rules / "trials" / "NCT07083349" / "trial.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    result = run("rules", "check", str(rules))
    assert result.exit_code == 1
    assert "trials/NCT07083349/trial.json" in result.output
    for expected in (code, hint):
        assert expected in result.output
    [found] = json.loads(run("rules", "check", str(rules), "--format", "json").stdout)
    assert found["pointer"].endswith(pointer)
    if found["line"] is not None:
        assert f"trial.json:{found['line']}: error: {found['code']}: " in result.output
    refused = run("match", "--bundle", sample("sle"), rules=rules)
    assert refused.exit_code == 2
    assert code in refused.output
