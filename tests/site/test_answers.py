"""An entry's words answered for good: what is written, what is refused and why, from both faces the same."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cds_service.cli import app as command_line
from cds_service.fhir import read_bundle
from cds_service.library import Library, load_library
from cds_service.rule_tools import (
    EntryAnswer,
    Ground,
    answer_entry,
    check_answer,
    choices,
    default_samples_dir,
    languages,
    sample_records,
    samples_day,
)
from tests.site.folders import AS_OF, RULES, condition, told, write

SAMPLES = default_samples_dir()


def ground(site: Path, samples: Path = SAMPLES, rules: Path = RULES) -> Ground:
    return Ground(rules, site, samples, sample_records(samples), samples_day(samples) or AS_OF)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(command_line, ["site", "answer", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_none_of_these_leaves_nothing_waiting_in_any_chart(library: Library, tmp_path: Path) -> None:
    text = "Zwirbelding 4x (finding)"
    assert told(library, "condition.sle", condition(text))[0] == "unknown"
    report = answer_entry(EntryAnswer((text,), "en"), ground(tmp_path), library)
    assert (report.sound, report.path) == (True, tmp_path / "phrases" / "site.json")
    after = load_library(RULES, library, site_dir=tmp_path)
    assert told(after, "condition.sle", condition("ZWIRBELDING 4x"))[0] == "presumed"
    assert told(after, "condition.sle", condition("Zwirbelding 5x"))[0] == "unknown", "other words stay open"


def test_it_is_a_value_set_leaves_the_others_read(library: Library, tmp_path: Path) -> None:
    entry = condition("Schmetterling 3b")
    report = answer_entry(EntryAnswer(("Schmetterling 3b",), "de", "sle"), ground(tmp_path), library)
    assert report.path is not None
    after = load_library(RULES, library, site_dir=tmp_path)
    assert told(after, "condition.sle", entry)[0] == "unknown", "a person confirms what no code says"
    assert told(after, "condition.other_autoimmune_disease", entry)[0] == "presumed"
    assert told(after, "condition.diabetes", entry)[0] == "presumed"


def test_a_doubt_in_answered_words_stays_one(library: Library, tmp_path: Path) -> None:
    entry = condition("Verdacht auf Zwirbel 3b", "http://hl7.org/fhir/sid/icd-10", "M32.9")
    before = told(library, "condition.sle", entry)
    answer_entry(EntryAnswer(("Verdacht auf Zwirbel 3b",), "de"), ground(tmp_path), library)
    assert told(load_library(RULES, library, site_dir=tmp_path), "condition.sle", entry) == before


REFUSED = [
    # texts | value set | the finding
    ((), "", "phrase-empty"),
    (("", "Zwirbel"), "", "phrase-empty"),
    (("?!",), "sle", "phrase-empty"),
    (("pain",), "sle", "phrase-everyday"),
    (("癌",), "malignancy", "phrase-everyday"),
    (("kidney transplant",), "sle", "phrase-of-another-set"),
    (("talk of kidney transplant",), "", "phrase-of-another-set"),
    (("Zwirbel " * 300,), "", "phrase-not-found"),
    (("Zwirbel " * 300,), "sle", "phrase-not-found"),
    (("Zwirbel",), "no-such-set", "phrase-unknown-valueset"),
]


@pytest.mark.parametrize(("texts", "value_set", "code"), REFUSED)
def test_what_is_refused(library: Library, tmp_path: Path, texts: tuple[str, ...], value_set: str, code: str) -> None:
    report = answer_entry(EntryAnswer(texts, "en", value_set), ground(tmp_path), library)
    assert {f.code for f in report.findings} == {code}
    assert (report.sound, report.path, list(tmp_path.iterdir())) == (False, None, [])


def test_one_answer_does_not_contradict_another(library: Library, tmp_path: Path) -> None:
    write(tmp_path, phrases__mine={"phrases": {"sle": {"de": ["Zwirbel"]}}})
    report = answer_entry(
        EntryAnswer(("zwirbel",), "de"), ground(tmp_path), load_library(RULES, library, site_dir=tmp_path)
    )
    assert [f.code for f in report.findings] == ["phrase-contradicts"]
    assert not (tmp_path / "phrases" / "site.json").exists()


def test_a_folder_with_an_error_is_mended_first_as_the_service_would_not_follow_it(
    library: Library, tmp_path: Path
) -> None:
    write(tmp_path, site={"country": "UK"})
    report = check_answer(EntryAnswer(("Zwirbel",), "en"), ground(tmp_path), library)
    assert [(f.file, f.pointer) for f in report.findings] == [("site:site.json", "/country")]


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """The sample who fits, with an entry that could not be read."""
    folder = tmp_path / "samples"
    (folder / "patients").mkdir(parents=True)
    shutil.copy(SAMPLES / "samples.json", folder)
    record = json.loads((SAMPLES / "patients" / "sle-likely.json").read_text(encoding="utf-8"))
    patient = next(e["resource"]["id"] for e in record["entry"] if e["resource"]["resourceType"] == "Patient")
    entry = {**condition("Zwirbelding 4x"), "subject": {"reference": f"Patient/{patient}"}}
    record["entry"].append({"resource": entry})
    (folder / "patients" / "sle-likely.json").write_text(json.dumps(record), encoding="utf-8")
    read_bundle(json.dumps(record).encode())
    return folder


def test_an_answer_that_changes_a_sample_or_a_case_is_refused_with_what_changes(
    library: Library, samples: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    report = answer_entry(EntryAnswer(("Zwirbelding 4x",), "en"), ground(site, samples), library)
    assert ("sle-likely", "NCT07083349") in {(flip.patient, flip.trial) for flip in report.samples}
    changed = {(c.trial, c.what, c.old, c.new) for c in report.cases}
    assert ("NCT07083349", "verdict", "possibly_eligible", "likely_eligible") in changed
    assert not site.exists()
    code, out, _ = run("Zwirbelding 4x", "--none", "--site", str(site), "--samples", str(samples), "--format", "json")
    document = json.loads(out)
    assert (code, document["written"], site.exists()) == (1, False, False)
    assert document["samples"][0]["patient"] == "sle-likely"
    assert {"trial", "case", "what", "old", "new"} == set(document["cases"][0])


def test_choices_are_what_facts_of_the_kind_read_by_title(library: Library) -> None:
    conditions = choices(library, "Condition")
    assert conditions["lupus-nephritis"] == "Lupus nephritis"
    assert "riluzole" not in conditions
    assert choices(library, "Medication")["riluzole"] == "Riluzole"
    titles = list(conditions.values())
    assert titles == sorted(titles, key=str.casefold)
    assert len(set(titles)) == len(titles), "a title says which set is meant"


@pytest.mark.parametrize(
    ("text", "listed", "expected"),
    [
        ("Lupusniere", [], ("en",)),
        ("Lupusniere", ["de", "en"], ("de", "en")),
        ("狼疮肾", [], ("zh",)),
        ("狼疮肾", ["en", "zh-Hans"], ("zh-Hans", "en")),
        ("狼疮肾", ["en"], ("zh", "en")),
        ("Lupus", ["zh-Hans", "en"], ("en", "zh-Hans")),
        ("ループス腎炎", ["zh"], ("ja", "zh")),
    ],
)
def test_the_language_is_guessed_by_the_script(
    library: Library, tmp_path: Path, text: str, listed: list[str], expected: tuple[str, ...]
) -> None:
    write(tmp_path, site={"languages": listed})
    assert languages(load_library(RULES, library, site_dir=tmp_path), (text,)) == expected


def test_the_command_writes_and_says_where(tmp_path: Path, library: Library) -> None:
    code, out, err = run("Zwirbel 3b", "Schmetterling 3b", "--is", "sle", "--language", "de", "--site", str(tmp_path))
    assert (code, err) == (0, "")
    assert "phrases/site.json" in out
    content: Any = json.loads((tmp_path / "phrases" / "site.json").read_text(encoding="utf-8"))
    assert content == {"phrases": {"sle": {"de": ["Zwirbel 3b", "Schmetterling 3b"]}}}


WRONG = [
    (["Zwirbel"], "--is VALUESET, or --none"),
    (["Zwirbel", "--is", "sle", "--none"], "--is VALUESET, or --none"),
    (["Zwirbel", "--is", "slee"], "did you mean 'sle'?"),
    (["Zwirbel", "--is", "Lupus nephritis"], "did you mean 'lupus-nephritis'?"),
    (["Zwirbel", "--none", "--language", "german"], "BCP 47"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG)
def test_a_command_that_is_wrong_is_told_so(tmp_path: Path, arguments: list[str], says: str) -> None:
    code, _, err = run(*arguments, "--site", str(tmp_path))
    assert (code, says in err, list(tmp_path.iterdir())) == (2, True, [])


def test_without_a_folder_it_is_said_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDS_SITE_DIR", raising=False)
    code, _, err = run("Zwirbel", "--none")
    assert (code, "CDS_SITE_DIR" in err) == (2, True)


def test_explain_shows_each_text_that_a_phrase_is_made_of(tmp_path: Path) -> None:
    entry = condition("Zwirbel; ding", "urn:example:dx", "17")
    entry["code"]["coding"][0]["display"] = "Wirbel 3b"
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1980-03-15"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in (patient, entry)]}
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(bundle), encoding="utf-8")
    asked = ["explain", "--bundle", str(path), "--as-of", date(2026, 11, 24).isoformat()]
    result = CliRunner().invoke(command_line, [*asked, "--format", "json"])
    [unread] = json.loads(result.stdout)["unread"]
    assert unread["texts"] == ["Wirbel 3b", "Zwirbel; ding"]
    assert "cds-service site answer" in CliRunner().invoke(command_line, asked).stdout
