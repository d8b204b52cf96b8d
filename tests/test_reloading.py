"""Rules that follow their folder: swapped whole, kept on a fault, and told."""

import json
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.cds_hooks import open_log
from cds_service.errors import RulesError
from cds_service.library import Library
from cds_service.rule_tools import default_samples_dir, sample_request
from cds_service.server import LiveRules, reloading
from cds_service.settings import Settings, default_rules_dir

pytestmark = pytest.mark.slow

HOOK = "/cds-services/clinical-trial-match"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TRIAL = Path("trials") / "NCT07083349" / "trial.json"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_rules_dir(), tmp_path / "rules"))


def live_rules(rules: Path) -> LiveRules[int]:
    return LiveRules(rules, lambda library: len(library.trials), lambda: NOW, open_log("error"))


def edit(rules: Path, old: str, new: str) -> None:
    path = rules / TRIAL
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def version_of(library: Library) -> str:
    trial = library.trial("NCT07083349")
    assert trial is not None
    return trial.rules_version


def test_what_has_not_changed_is_not_loaded_again(rules: Path) -> None:
    live = live_rules(rules)
    before = live.current
    assert not live.look()
    assert not live.look()
    assert live.current is before


def test_a_change_is_used_once_it_has_stood_still(rules: Path) -> None:
    live = live_rules(rules)
    began = live.current
    edit(rules, '"rules_version": "1.1.0"', '"rules_version": "1.2.0"')
    assert not live.look(), "somebody may still be writing"
    assert live.look()
    assert (live.current.number, version_of(live.current.library)) == (2, "1.2.0")
    assert version_of(began.library) == "1.1.0", "who began with the old version finishes with it"


def test_a_change_that_keeps_size_and_time_is_seen(rules: Path) -> None:
    live = live_rules(rules)
    path = rules / TRIAL
    times = path.stat()
    new = path.with_suffix(".new")
    new.write_text(path.read_text(encoding="utf-8").replace("1.1.0", "1.1.9"), encoding="utf-8")
    os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
    new.replace(path)
    live.look()
    assert live.look()


def test_broken_rules_are_not_used_and_are_told_until_they_are_mended(rules: Path) -> None:
    live = live_rules(rules)
    good = live.current
    edit(rules, '"condition.sle"', '"condition.lse"')
    live.look()
    assert not live.look()
    assert live.current is good
    assert live.rejected is not None
    [error] = live.rejected.errors()
    assert error["code"] == "unknown-fact"
    assert error["place"].startswith("trials/NCT07083349/trial.json#/criteria/1/logic")
    edit(rules, '"condition.lse"', '"condition.sle"')
    live.look()
    assert live.look()
    assert live.rejected is None


def test_a_file_that_is_half_written_is_not_used_however_long_it_stands_still(rules: Path) -> None:
    """Cut at every tenth of its length, and answers go on by the old one until it is whole."""
    live = live_rules(rules)
    before, path = live.current, rules / TRIAL
    whole = path.read_bytes().replace(b'"rules_version": "1.1.0"', b'"rules_version": "1.2.0"')
    for tenth in range(10):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        assert [live.look() for _ in range(3)] == [False] * 3
        assert live.current is before
        assert live.rejected is not None
    path.write_bytes(whole)
    assert [live.look() for _ in range(2)] == [False, True]
    assert (live.rejected, version_of(live.current.library)) == (None, "1.2.0")


def test_an_active_trial_whose_cases_come_out_differently_is_not_used(rules: Path) -> None:
    live = live_rules(rules)
    good = live.current
    edit(rules, '{"var": "score.sledai_2k"}, 8]', '{"var": "score.sledai_2k"}, 7]')
    live.look()
    assert not live.look()
    assert live.current is good
    assert live.rejected is not None
    [error] = live.rejected.errors()
    assert error["code"] == "case-differs"
    assert error["place"].startswith("trials/NCT07083349/cases.json#/cases/")
    assert "the rule says pass, expected fail" in error["message"]
    edit(rules, '{"var": "score.sledai_2k"}, 7]', '{"var": "score.sledai_2k"}, 8]')
    live.look()
    assert live.look()
    assert live.rejected is None


@pytest.mark.parametrize("state", ["draft", "retired"])
def test_what_gives_no_card_may_be_unfinished(rules: Path, state: str) -> None:
    live = live_rules(rules)
    edit(rules, '{"var": "score.sledai_2k"}, 8]', '{"var": "score.sledai_2k"}, 7]')
    edit(rules, '"state": "active"', f'"state": "{state}"')
    live.look()
    assert live.look()
    edit(rules, f'"state": "{state}"', '"state": "active"')
    live.look()
    assert not live.look(), "but it does not become active so"


def test_cases_that_are_changed_alone_are_run_too(rules: Path) -> None:
    live = live_rules(rules)
    path = (rules / TRIAL).with_name("cases.json")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"expect": {"*": "pass"}', '"expect": {"*": "fail"}', 1), encoding="utf-8")
    live.look()
    assert not live.look()
    path.write_text("{", encoding="utf-8")
    live.look()
    assert not live.look(), "what can't be read agrees with nothing"
    path.unlink()
    live.look()
    assert live.look(), "without cases nothing speaks against it"


def test_only_the_cases_of_changed_trials_are_run(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = live_rules(rules)
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(reloading, "disagreeing", lambda _, __, trials, ___: asked.append(trials) or ())
    edit(rules, '"rules_version": "1.1.0"', '"rules_version": "1.2.0"')
    live.look()
    assert live.look()
    assert asked == [("NCT07083349",)]


def test_at_the_start_cases_that_differ_are_a_warning(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(rules, '{"var": "score.sledai_2k"}, 8]', '{"var": "score.sledai_2k"}, 7]')
    settings = Settings(rules_dir=rules, rules_reload=False, database_url=f"sqlite:///{tmp_path / 'store.db'}")
    app = create_app(settings)
    live: LiveRules[Any] = app.state.live_rules
    with TestClient(app) as client:
        assert client.get("/readyz").json()["cases"] == "none differs"
        live.look_at_cases()
        ready = client.get("/readyz").json()
        assert (ready["rules"], ready["cases"]) == ("current", "differ: NCT07083349")
        edit(rules, '{"var": "score.sledai_2k"}, 7]', '{"var": "score.sledai_2k"}, 8]')
        live.look()
        live.look()
        assert client.get("/readyz").json()["cases"] == "none differs"
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "cases_differ" in line]
    assert told[0]["places"][0].startswith("trials/NCT07083349/cases.json#/cases/")


def test_a_preparation_that_fails_keeps_the_good_version(rules: Path) -> None:
    def prepare(library: Library) -> int:
        if version_of(library) != "1.1.0":
            raise ZeroDivisionError("secret text")
        return 1

    live = LiveRules(rules, prepare, lambda: NOW, open_log("error"))
    edit(rules, '"rules_version": "1.1.0"', '"rules_version": "1.2.0"')
    live.look()
    assert not live.look()
    assert live.rejected is not None
    assert "secret" not in str(live.rejected.errors())


def test_a_folder_that_vanishes_does_not_stop_the_service(rules: Path) -> None:
    live = live_rules(rules)
    shutil.rmtree(rules)
    live.look()
    assert not live.look()
    assert live.rejected is not None


def test_rules_that_are_broken_at_the_start_stop_it(rules: Path) -> None:
    edit(rules, '"condition.sle"', '"condition.lse"')
    with pytest.raises(RulesError):
        live_rules(rules)


def test_the_service_says_which_rules_it_runs_and_why_not_newer_ones(rules: Path, tmp_path: Path) -> None:
    settings = Settings(
        rules_dir=rules, rules_reload=False, log_level="error", database_url=f"sqlite:///{tmp_path / 'store.db'}"
    )
    app = create_app(settings)
    live: LiveRules[Any] = app.state.live_rules
    with TestClient(app) as client:
        before = client.get("/version").json()
        assert before["rules_loaded"]["number"] == 1
        edit(rules, '"condition.sle"', '"condition.lse"')
        live.look()
        live.look()
        assert client.get("/readyz").status_code == 200
        assert client.get("/readyz").json()["status"] == "degraded"
        assert client.get("/readyz").json()["rules"].startswith("rejected")
        rejected = client.get("/version").json()["rules_rejected"]
        assert rejected["errors"][0]["code"] == "unknown-fact"
        assert client.get("/version").json()["rule_set"] == before["rule_set"]
        edit(rules, '"condition.lse"', '"condition.sle"')
        edit(rules, '"rules_version": "1.1.0"', '"rules_version": "1.2.0"')
        live.look()
        live.look()
        after = client.get("/version").json()
        assert after["rules_rejected"] is None
        assert after["rules_loaded"]["number"] == 2
        assert after["rule_set"] != before["rule_set"]


def test_under_load_a_file_that_is_half_written_changes_no_answer_until_it_is_whole(
    rules: Path, tmp_path: Path
) -> None:
    settings = Settings(
        rules_dir=rules, rules_reload=False, log_level="error", database_url=f"sqlite:///{tmp_path / 'store.db'}"
    )
    request = sample_request(default_samples_dir(), "sle", "patient-view", NOW.date())
    app = create_app(settings, clock=NOW.date)
    live: LiveRules[Any] = app.state.live_rules
    whole = (rules / TRIAL).read_bytes().replace(b'"rules_version": "1.1.0"', b'"rules_version": "1.2.0"')
    over = threading.Event()
    with TestClient(app) as client, ThreadPoolExecutor(4) as threads:
        before = client.post(HOOK, json=request)
        assert before.json()["cards"]

        def ask() -> set[tuple[int, bool]]:
            seen = set()
            while not over.is_set():
                answer = client.post(HOOK, json=request)
                seen.add((answer.status_code, answer.json() == before.json()))
            return seen

        asking = [threads.submit(ask) for _ in range(4)]
        try:
            for tenth in range(1, 10):
                (rules / TRIAL).write_bytes(whole[: len(whole) * tenth // 10])
                assert [live.look() for _ in range(2)] == [False] * 2
        finally:
            over.set()
        assert set.union(*(one.result() for one in asking)) == {(200, True)}
        (rules / TRIAL).write_bytes(whole)
        live.look()
        assert live.look()
        assert client.post(HOOK, json=request).json()["cards"]
    assert version_of(live.current.library) == "1.2.0"


def test_prefetch_follows_the_rules(rules: Path, tmp_path: Path) -> None:
    settings = Settings(
        rules_dir=rules, rules_reload=False, log_level="error", database_url=f"sqlite:///{tmp_path / 'store.db'}"
    )
    app = create_app(settings)
    with TestClient(app) as client:

        def templates() -> set[str]:
            return set(client.get("/cds-services").json()["services"][0]["prefetch"])

        before = templates()
        for trial in ("NCT06027853", "NCT06598202", "NCT06676631", "NCT07617779"):
            shutil.rmtree(rules / "trials" / trial)
        app.state.live_rules.look()
        app.state.live_rules.look()
        assert templates() < before
