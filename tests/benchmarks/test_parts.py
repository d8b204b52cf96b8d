"""Every part of the benchmark runs at its smallest and hands in figures that make sense. How fast it was is no test."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as benchmark
from benchmarks import (
    charts,
    cql,
    decision,
    grown_charts,
    growth,
    invented_feed,
    leak,
    over_http,
    scale,
    seen,
    small,
    stream,
)
from benchmarks.installing import NoPeerError
from benchmarks.load import LoadError, put_load
from benchmarks.report import Outcome, Target
from benchmarks.servers import bare_server
from cds_service.library import Library

ROOT = Path(__file__).parents[2]


def no_peer(*_: Any, **__: Any) -> NoReturn:
    raise NoPeerError("no index here")


def check(outcome: Outcome) -> dict[str, Any]:
    """The JSON of an outcome that is sound: plain numbers, readable lines, well-formed plots."""
    found = json.loads(json.dumps(outcome.to_json(), allow_nan=False))
    assert outcome.lines
    # One of them is the difference of two measurements, which at this size may come out below 0.
    assert all(math.isfinite(target.measured) for target in outcome.targets)
    for svg in outcome.plots.values():
        assert ElementTree.fromstring(svg).tag.endswith("svg")
        assert not re.search(r"\b(nan|inf)\b", svg)
    return found


@pytest.mark.slow
def test_decision(library: Library) -> None:
    found = check(decision.measure(library, 1, (20, 60), 60))["figures"]
    assert [(row["patient"], row["cards"]) for row in found["sizes"]] == [("sle", 2)] * 2 + [("healthy", 0)] * 2
    assert all(row["ms"] > 0 and row["json_loads_ms"] > 0 and row["ratio"] > 0 for row in found["sizes"])
    for profile in found["profiles"].values():
        assert list(profile["stages_ms"]) == [
            "parsing",
            "reading the record",
            "facts and criteria",
            "cards",
            "encoding",
        ]
        assert 0 < sum(profile["places"].values()) <= 1.01


@pytest.mark.slow
def test_small_patients_and_growing_criteria(library: Library) -> None:
    outcome = small.measure(library, 1)
    found = check(outcome)["figures"]
    assert [row["trials"] for row in found["criteria"]] == [1, 2, 3, 4, 5]
    assert [row["criteria"] for row in found["criteria"]] == sorted({row["criteria"] for row in found["criteria"]})
    [target] = outcome.targets
    assert target.measured == max(row["criteria_ms"] for row in found["patients"])


def test_growth_of_a_small_request(library: Library) -> None:
    outcome = growth.measure(library, 1, 60_000)
    rows = check(outcome)["figures"]["ways"]
    assert len(rows) == len(grown_charts.WAYS) + 15
    assert all(row["bytes"] > 30_000 and row["seconds"] > 0 and row["unasked"] > 0 for row in rows)
    ratio, unasked = outcome.targets
    assert ratio.measured == max(row["ratio"] for row in rows if row["axes"])
    assert unasked.measured == max(row["unasked"] for row in rows)


def test_cql_without_node_measures_ours_and_says_so(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cql, "node_folder", no_peer)
    outcome = cql.measure(library, 1, 30)
    assert check(outcome)["missing"] == ["no index here"]
    assert outcome.figures["ours"]["criteria"] > 100
    assert "theirs" not in outcome.figures


def test_the_bundle_for_cql_holds_the_whole_chart() -> None:
    kinds = [entry["resource"]["resourceType"] for entry in cql.as_bundle(charts.request(30))["entry"]]
    assert len(kinds) == 30
    assert kinds.count("Patient") == 1


@pytest.mark.slow
def test_over_http_without_healthchain_measures_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def missing(**_: Any) -> Iterator[Any]:
        no_peer()
        yield

    monkeypatch.setattr(over_http, "healthchain_service", missing)
    found = check(over_http.measure(1, 0.2, 13_000, as_of=benchmark._today()))
    assert found["missing"] == ["no index here"]
    rows = found["figures"]["rows"]
    assert {row["server"] for row in rows} == {over_http.TWO_CARDS, over_http.NO_CARD, *over_http.BARE.values()}
    for row in rows:
        assert set(row["statuses"]) == {"200"}
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert row["requests"] > 0
    two, none = (
        next(r["answer_bytes"] for r in rows if r["server"] == n) for n in (over_http.TWO_CARDS, over_http.NO_CARD)
    )
    assert two > 1000 > none


@pytest.mark.slow
def test_a_feed_that_grows() -> None:
    outcome = seen.measure((1, 2))
    rows = check(outcome)["figures"]["feeds"]
    assert [(row["mb"], row["packed"]) for row in rows] == [(1, False), (2, False), (2, True)]
    assert all(row["seconds"] > 0 and row["peak_mb"] > 20 for row in rows)
    # Lines, times and memory of a feed that is no gigabyte are no figure of the target.
    assert outcome.targets == ()


def test_a_survey_that_loses_a_line_is_no_figure() -> None:
    written = invented_feed.WrittenFeed(1, Counter(Patient=1, Observation=3), broken=1)
    told = {"entries": 4, "unreadable": 1, "patients": 1}
    seen.check(written, told)
    for lost in ({"entries": 3}, {"unreadable": 0}, {"patients": 0}):
        with pytest.raises(seen.LinesLostError):
            seen.check(written, {**told, **lost})


@pytest.mark.slow
def test_leak() -> None:
    found = check(leak.measure(80, as_of=benchmark._today()))["figures"]
    assert found["statuses"] == {"200": 80}
    assert [sent for sent, _ in found["resident_mb"]] == list(range(2, 81, 2))
    assert all(mb > 20 for _, mb in found["resident_mb"])


@pytest.mark.slow
def test_thousands_of_trials_with_a_few() -> None:
    outcome = scale.measure(1, (0, 10))
    found = check(outcome)
    assert not found["missing"]
    five, more = found["figures"]["libraries"]
    assert (five["trials"], more["trials"]) == (5, 15)
    assert all(row["reload_ms"] > 0 and row["load_s"] > 0 for row in (five, more))
    cards = [{p["patient"]: p["cards"] for p in row["patients"] if p["ratio"] is not None} for row in (five, more)]
    assert cards[0] == cards[1], "the same patient has the same cards"
    assert {target.row()[-1] for target in outcome.targets} == {"not judged"}


@pytest.mark.slow
def test_a_stream_of_patients_with_room_for_all_trials_and_for_few() -> None:
    outcome = stream.measure(1, ((20, 500), (20, 1)))
    found = check(outcome)
    assert not found["missing"]
    roomy, tight = found["figures"]["libraries"]
    assert roomy["patients"] == tight["patients"] > 1
    assert roomy["kept"] > tight["kept"]
    assert tight["kept_mb"] <= 1
    for row in (roomy, tight):
        assert all(row[key] > 0 for key in ("stream_ms", "repeated_ms", "ratio", "first_ms", "candidates"))
    assert not outcome.targets, "neither is what the target means"


def test_what_a_server_breaks_off_is_an_error() -> None:
    with bare_server("only_read") as server:
        load = put_load(server.port, server.path, [b"{}"] * 3, clients=2, requests=20)
        assert (len(load.seconds), dict(load.statuses)) == (20, {200: 20})
        assert load.answered_bytes == 20 * len(b'{"cards": []}')
    with bare_server("parsed") as server:
        answered = put_load(server.port, server.path, [b"not JSON"], clients=1, requests=1)
        assert dict(answered.statuses) == {500: 1}
    with pytest.raises((LoadError, OSError)):
        put_load(server.port, server.path, [b"{}"], clients=1, requests=1)


def test_one_command_runs_the_parts_and_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def part(figure: str) -> tuple[str, Any]:
        target = Target(figure, 4, 5, "×", least=True)
        plots = {f"{figure}.svg": "<svg/>"}
        return f"Part {figure}", lambda _: Outcome({"x": 1}, [f"| {figure} |"], [target], ["a peer"], plots)

    monkeypatch.setattr(benchmark, "PARTS", {"one": part("one"), "two": part("two")})
    page = tmp_path / "page.md"
    page.write_text(
        "# P\n<!-- bench: one -->\nold\n<!-- end: one -->\n<!-- bench: targets -->\n<!-- end: targets -->\n"
        "<!-- bench: machine -->\n<!-- end: machine -->\nend\n"
    )
    monkeypatch.setattr(benchmark, "PAGE", page)
    monkeypatch.setattr(benchmark, "PLOTS", tmp_path / "plots")
    result = tmp_path / "result.json"
    benchmark.main(["--json", str(result)])
    first = json.loads(result.read_text())
    benchmark.main(["--json", str(result), "--only", "one", "--write"])
    second = json.loads(result.read_text())
    assert second["two"] == first["two"]
    text = page.read_text()
    assert "old" not in text
    assert "| one |" in text
    assert "Not measured: a peer." in text
    assert re.search(r"\| two +\| +≥ 4 × \| +5 × \| +met \|", text)
    assert (tmp_path / "plots" / "one.svg").read_text() == "<svg/>"
    assert "NOT MEASURED: a peer" in capsys.readouterr().out


def test_a_quick_run_is_not_written_into_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        benchmark.main(["--quick", "--write"])
    assert "full runs" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        benchmark.main(["--only", "htp"])
    assert "there is no part htp; the parts are decision" in capsys.readouterr().err


def test_the_page_has_a_place_for_every_part_and_shows_only_plots_that_are_made() -> None:
    text = benchmark.PAGE.read_text(encoding="utf-8")
    for name in ("targets", "machine", *benchmark.PARTS):
        assert f"<!-- bench: {name} -->\n" in text
        assert f"<!-- end: {name} -->\n" in text
    shown = set(re.findall(r"\(plots/([\w.]+)\)", text))
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").glob("*.py"))
    assert shown == set(re.findall(r'"(\w+\.svg)"', sources))
    assert {path.name for path in benchmark.PLOTS.glob("*")} == shown
