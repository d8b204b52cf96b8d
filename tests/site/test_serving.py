"""A site's folder while the service runs: followed as the rules are, told, and never in the way of an answer."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service.app import create_app
from cds_service.cds_hooks import open_log
from cds_service.cli import app as command_line
from cds_service.library import Library, load_library
from cds_service.server import LiveRules
from cds_service.settings import Settings
from cds_service.trials import RulesMemory
from tests.cards.small_library import library_of, trial
from tests.site.folders import LAB, RULES, concept_map, condition, haemoglobin, told, write

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PHRASES = {"phrases": {"sle": {"de": ["Schmetterling 3b"]}}}
BROKEN = {"phrases": {"sel": {"de": ["Schmetterling 3b"]}}}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A small rules folder."""
    library_of(tmp_path, trial("NCT00000001"), trial("NCT00000002"))
    [folder] = tmp_path.glob("rules-*")
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write(tmp_path / "site", site={"country": "DE"})


def live_rules(rules: Path, site: Path | None, prepare: Callable[[Library], int] = lambda _: 1) -> LiveRules[int]:
    return LiveRules(rules, prepare, lambda: NOW, open_log("error"), site_dir=site)


def looked(live: LiveRules[int]) -> bool:
    """Whether a change is used: the first look sees that something was written, the second that it is finished."""
    live.look()
    return live.look()


def test_an_edited_file_of_the_site_is_used_and_the_trials_are_not_read_again(rules: Path, site: Path) -> None:
    live = live_rules(rules, site)
    before = live.current.library
    write(site, phrases__site=PHRASES)
    assert looked(live)
    after = live.current.library
    assert (live.current.number, live.rejected) == (2, None)
    assert after.facts.site.named() == {"Schmetterling 3b": ["sle"]}
    assert after.files == before.files
    assert after.site_digest != before.site_digest
    assert all(new is old for new, old in zip(after.stored, before.stored, strict=True))
    assert after.compiled.rules is before.compiled.rules


def test_what_the_site_says_is_the_same_after_an_edit_as_after_a_start(site: Path) -> None:
    live = live_rules(RULES, site)
    write(site, phrases__site=PHRASES, conceptmaps__lab=concept_map("HB", {"code": "718-7", "equivalence": "equal"}))
    assert looked(live)
    anew = load_library(RULES, site_dir=site)
    for fact, entry in (("condition.sle", condition("Schmetterling 3b")), ("lab.hemoglobin", haemoglobin(LAB, "HB"))):
        assert told(live.current.library, fact, entry) == told(anew, fact, entry)
        assert told(anew, fact, entry)[0] != "presumed"


def test_a_broken_edit_keeps_what_was_there_until_it_is_mended(rules: Path, site: Path) -> None:
    write(site, phrases__site=PHRASES)
    live = live_rules(rules, site)
    good = live.current
    write(site, phrases__site=BROKEN)
    assert not looked(live)
    assert live.current is good
    assert live.rejected is not None
    assert [error["place"] for error in live.rejected.errors()] == ["site:phrases/site.json#/phrases/sel"]
    write(site, phrases__site={"phrases": {"sle": {"de": ["Wolf 3b"]}}})
    assert looked(live)
    assert live.rejected is None
    assert live.current.library.facts.site.named() == {"Wolf 3b": ["sle"]}


def test_a_folder_that_is_broken_at_the_start_counts_in_part(rules: Path, site: Path) -> None:
    write(site, phrases__site=BROKEN, phrases__more=PHRASES)
    live = live_rules(rules, site)
    assert live.rejected is None
    assert live.current.library.facts.site.named() == {"Schmetterling 3b": ["sle"]}
    assert [f.code for f in live.current.library.about_site] == ["phrase-unknown-valueset"]
    # Rules go on being followed meanwhile.
    path = rules / "trials" / "NCT00000001" / "trial.json"
    path.write_text(path.read_text().replace("Short", "Brief"))
    assert looked(live)
    assert (live.current.number, live.rejected) == (2, None)


def test_a_folder_that_comes_later_is_used(rules: Path, tmp_path: Path) -> None:
    live = live_rules(rules, tmp_path / "later")
    assert [f.code for f in live.current.library.about_site] == ["no-site-folder"]
    write(tmp_path / "later", phrases__site=PHRASES)
    assert looked(live)
    assert live.current.library.about_site == ()


def test_a_folder_that_goes_away_is_told(rules: Path, site: Path) -> None:
    live = live_rules(rules, site)
    shutil.rmtree(site)
    assert not looked(live)
    assert live.rejected is not None
    assert [error["code"] for error in live.rejected.errors()] == ["no-site-folder"]
    assert live.current.library.site.settings.country == "DE"


def test_remembered_rules_are_those_of_the_same_site(rules: Path, site: Path, tmp_path: Path) -> None:
    memory = RulesMemory.below(tmp_path / "cache")
    write(site, phrases__site=BROKEN)
    found = {}
    for _ in range(2):  # the second time all of it is remembered
        for name, folder in (("site", site), ("none", None), ("nowhere", tmp_path / "nowhere")):
            library = load_library(rules, memory=memory, site_dir=folder)
            found.setdefault(name, []).append([f.code for f in library.about_site])
    assert found == {
        "site": [["phrase-unknown-valueset"]] * 2,
        "none": [[]] * 2,
        "nowhere": [["no-site-folder"]] * 2,
    }
    write(site, phrases__site=PHRASES)
    assert load_library(rules, memory=memory, site_dir=site).facts.site.named() == {"Schmetterling 3b": ["sle"]}


def served(rules: Path, folder: Path, site: Path | None, **settings: Any) -> TestClient:
    address = f"sqlite:///{folder / 'store.db'}"
    given = Settings(
        rules_dir=rules, site_dir=site, rules_reload=False, log_level="error", database_url=address, **settings
    )
    return TestClient(create_app(given))


def test_the_service_says_which_site_it_runs(rules: Path, site: Path, tmp_path: Path) -> None:
    with served(rules, tmp_path, site) as client:
        ready, version = client.get("/readyz").json(), client.get("/version").json()
    assert (ready["status"], ready["site"]) == ("ok", "current")
    library = load_library(rules, site_dir=site)
    assert version["site"] == {"digest": library.site_digest, "errors": []}


def test_without_a_site_it_says_none(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for site in (None, tmp_path / "empty"):
        with served(rules, tmp_path, site) as client:
            assert client.get("/readyz").json()["site"] == "none"
            assert client.get("/version").json()["site"] is None


def test_what_does_not_count_is_told_and_the_service_is_ready(rules: Path, site: Path, tmp_path: Path) -> None:
    write(site, phrases__site=BROKEN)
    with served(rules, tmp_path, site) as client:
        ready = client.get("/readyz")
        [error] = client.get("/version").json()["site"]["errors"]
    assert (ready.status_code, ready.json()["status"], ready.json()["site"]) == (200, "degraded", "read in part")
    assert (error["place"], error["code"]) == ("site:phrases/site.json#/phrases/sel", "phrase-unknown-valueset")


def test_expected_rules_are_those_of_the_rules_folder_alone(rules: Path, site: Path, tmp_path: Path) -> None:
    with served(rules, tmp_path, None) as client:
        digest = client.get("/version").json()["rule_set"]
    with served(rules, tmp_path, site, expected_rules=(digest,)) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/version").json()["rule_set"] == digest


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(command_line, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.stdout, result.stderr


def test_the_check_counts_what_is_sound(rules: Path, site: Path) -> None:
    write(site, phrases__site=PHRASES, systems={"systems": {"http://loinc.org": ["LABOR"]}})
    code, out, err = run("site", "check", "--site", str(site), "--rules", str(rules))
    assert (code, err) == (0, "")
    assert out == f"{site}: 3 files, 1 phrase, 0 mapped codes, no findings\n"


def test_the_check_takes_its_folders_from_the_settings(
    rules: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_RULES_DIR", str(rules))
    assert run("site", "check")[0] == 2
    monkeypatch.setenv("CDS_SITE_DIR", str(site))
    write(site, site={"country": "UK"})
    code, out, err = run("site", "check")
    assert (code, out) == (1, "")
    assert err.startswith("site:site.json#/country: error: bad-value: 'UK' is no country's code")
    code, out, _ = run("site", "check", "--format", "json")
    [found] = json.loads(out)
    assert (code, found["file"], found["pointer"]) == (1, "site:site.json", "/country")


def test_a_folder_that_is_not_there_is_an_error(rules: Path, tmp_path: Path) -> None:
    code, _, err = run("site", "check", "--site", str(tmp_path / "nowhere"), "--rules", str(rules))
    assert code == 1
    assert "no-site-folder" in err
    assert "there is no such folder" in err


def test_warnings_alone_are_no_failure(rules: Path, site: Path) -> None:
    write(site, notes={"of": "ours"})
    code, _, err = run("site", "check", "--site", str(site), "--rules", str(rules))
    assert (code, "site:notes.json: warning: site-unknown-file" in err) == (0, True)


def test_a_command_says_what_of_the_site_does_not_count_and_goes_on(
    rules: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_RULES_DIR", str(rules))
    monkeypatch.setenv("CDS_RULES_CACHE", "false")
    monkeypatch.setenv("CDS_SITE_DIR", str(write(site, phrases__site=BROKEN)))
    sample = RULES.parent / "fhir_samples" / "patients" / "sle.json"
    code, out, err = run("explain", "--bundle", str(sample), "--as-of", "2026-11-24", "--format", "json")
    assert code == 0
    assert "site:phrases/site.json#/phrases/sel: error: phrase-unknown-valueset" in err
    assert json.loads(out)["site"] == load_library(rules, site_dir=site).site_digest


CHECKED = [
    ({"phrases": {"sle": {"en": ["Pain"]}}}, [("/phrases/sle/en/0", "phrase-everyday", "error")]),
    ({"phrases": {"sle": {"zh": ["疼痛"]}}}, [("/phrases/sle/zh/0", "phrase-everyday", "error")]),
    ({"phrases": {"sle": {"zh": ["癌"]}}}, [("/phrases/sle/zh/0", "phrase-everyday", "error")]),
    ({"harmless": {"en": ["chronic"]}}, [("/harmless/en/0", "phrase-everyday", "error")]),
    ({"phrases": {"sle": {"en": [" "]}}}, [("/phrases/sle/en/0", "phrase-empty", "error")]),
    ({"phrases": {"lupus": {"en": ["LE systemic"]}}}, [("/phrases/lupus", "phrase-unknown-valueset", "error")]),
    ({"phrases": {"sle": {"en": ["kidney transplant"]}}}, [("/phrases/sle/en/0", "phrase-of-another-set", "warning")]),
    ({"harmless": {"en": ["kidney transplant talk"]}}, [("/harmless/en/0", "phrase-of-another-set", "warning")]),
    ({"phrases": {"sle": {"en": ["Schmetterling 3b"]}}, "harmless": {"en": ["parking ticket"]}}, []),
    ({"phrases": {"sle": {"en": ["systemic lupus"]}}}, []),
]


def test_phrases_are_checked_against_what_trials_read(tmp_path: Path) -> None:
    site = write(tmp_path, **{f"phrases__{row}": content for row, (content, _) in enumerate(CHECKED)})
    status, out, _ = run("site", "check", "--site", str(site), "--rules", str(RULES), "--format", "json")
    found: dict[str, list[tuple[str, str, str]]] = {}
    for one in json.loads(out):
        found.setdefault(one["file"], []).append((one["pointer"], one["code"], one["severity"]))
    for row, (content, expected) in enumerate(CHECKED):
        assert found.get(f"site:phrases/{row}.json", []) == expected, content
    assert status == 1


TARGETS = [
    ("http://loinc.org", "718-7", True),  # a result
    ("http://snomed.info/sct", "10828004", True),  # an answer
    ("http://snomed.info/sct", "26643006", True),  # a route
    ("http://snomed.info/sct", "55464009", True),  # a diagnosis
    ("ICD-10", "M32.9", True),  # below a prefix
    ("http://loinc.org", "1-8", False),
    ("http://snomed.info/sct", "125605004", False),
]


def test_a_map_leads_to_what_something_reads(tmp_path: Path) -> None:
    target = {"equivalence": "equal"}
    maps = {
        f"conceptmaps__{row}": concept_map(f"X{row}", {"code": code, **target}, target=system)
        for row, (system, code, _) in enumerate(TARGETS)
    }
    status, _, err = run("site", "check", "--site", str(write(tmp_path, **maps)), "--rules", str(RULES))
    assert status == 0
    for row, (system, code, is_read) in enumerate(TARGETS):
        place = f"site:conceptmaps/{row}.json#/group/0/element/0/target/0: warning: conceptmap-target-unread"
        assert (place in err) is not is_read, (system, code)


def test_a_map_leads_to_a_system_that_is_read(tmp_path: Path) -> None:
    nowhere = concept_map("X", {"code": "718-7", "equivalence": "equal"}, target="urn:example:nowhere")
    status, _, err = run("site", "check", "--site", str(write(tmp_path, conceptmaps__x=nowhere)), "--rules", str(RULES))
    assert (status, err.startswith("site:conceptmaps/x.json#/group/0/target: warning: conceptmap-unknown")) == (0, True)
