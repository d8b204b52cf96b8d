"""The benchmark compares like with like: a plain twin gives its rule's answer, and what is left out is told."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import datalogic_py
import pytest

from benchmarks import logic, peer_engines
from benchmarks.installing import NoPeerError
from benchmarks.peer_engines import Peer
from benchmarks.workloads import AS_OF, Workload, criteria, invented, nested
from cds_service.library import Library
from cds_service.logic import Program

ROOT = Path(__file__).parents[2]
ENGINE = datalogic_py.Engine()


def workloads(library: Library) -> tuple[Workload, Workload]:
    return criteria(library, 1, 6), invented(library, 1, 60, 6)


def plain_engine(rule: Any, data: Mapping[str, Any]) -> Callable[[], Any]:
    compiled = ENGINE.compile(rule)
    return lambda: compiled.evaluate(data)


def test_the_plain_twin_gives_the_answer_of_the_rule_wherever_it_has_one(library: Library) -> None:
    for workload in workloads(library):
        program = Program(workload.rules)
        certain = 0
        for facts, plain in workload.patients:
            data = nested(plain)
            for truth, twin in zip(program.evaluate(facts, AS_OF).truths, workload.twins, strict=True):
                certain += truth is not None
                assert truth in (None, bool(ENGINE.eval(twin, data)))
        assert certain > 0.9 * len(workload.rules) * len(workload.patients)


def test_rules_that_an_engine_gets_wrong_are_left_out_for_all_and_counted(library: Library) -> None:
    workload, _ = workloads(library)
    contrary = Peer("contrary", "1", lambda rule, data: lambda: not plain_engine(rule, data)())
    result = logic.measure(workload, [Peer("plain", "1", plain_engine)], 2)
    assert "plain" not in result["left_out"]
    kept, lost = logic._agreed(workload, [contrary])
    assert not kept
    assert lost["contrary"] + lost.get("ours is unknown", 0) == len(workload.rules)


@pytest.mark.slow
def test_the_report_says_what_could_not_be_measured(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def peer(package: str) -> Peer:
        if package == "jsonlogic-rs":
            raise NoPeerError("jsonlogic-rs could not be installed: no wheel")
        return Peer(package, "9.9", plain_engine)

    monkeypatch.setattr(logic, "peer", peer)
    monkeypatch.setattr(logic, "load_library", lambda _: library)
    logic.main(["--rounds", "2", "--patients", "2", "--json", str(tmp_path / "result.json")])
    printed = capsys.readouterr().out
    result = json.loads((tmp_path / "result.json").read_text())
    assert "NOT MEASURED: jsonlogic-rs could not be installed: no wheel" in printed
    assert result["not_measured"] == ["jsonlogic-rs could not be installed: no wheel"]
    assert result["peers"] == {"panzi-json-logic": "9.9", "json-logic-qubit": "9.9"}
    for workload in result["workloads"]:
        assert workload["microseconds_per_criterion"].keys() >= {"panzi-json-logic", "json-logic-qubit", logic.OURS}
        for ratios in workload["times_slower_than"].values():
            assert {name: row["median"] > 0 for name, row in ratios.items()} == dict.fromkeys(result["peers"], True)
    assert result["samples"]["rules"] == library.compiled.rule_count


def test_each_engine_has_fixed_versions_with_hashes() -> None:
    for package in peer_engines.PEERS:
        text = (ROOT / "benchmarks" / "peers" / f"{package}.txt").read_text()
        assert text.startswith(f"{package}==")
        assert all("==" in line or line.startswith("    --hash=sha256:") for line in text.splitlines())
