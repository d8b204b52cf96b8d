"""Wherever time runs out the answer is complete, or names what was skipped, or is a 503: never another verdict."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from starlette.testclient import TestClient

from benchmarks import grown_charts as charts
from benchmarks.decision import Decision
from cds_service import deadline as deadlines
from cds_service.app import create_app
from cds_service.cards import Card
from cds_service.cds_hooks import PrefetchedRecord, parse_request, service_for
from cds_service.deadline import Deadline, OutOfTime, never
from cds_service.library import Library
from cds_service.matching import Match
from cds_service.server import Answerer, compute
from cds_service.settings import Settings
from cds_service.store import Suppressed

URL = "/cds-services/clinical-trial-match"
EVERYTHING = ("one instant", "components", "conditions", "procedures", "undated", "prefetch keys", "drugs", "genes")
STEP = 8

IsOver = Callable[[], bool]
Start = Callable[[IsOver, IsOver], TestClient]


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "STEP", STEP)


def answered(decision: Decision, body: bytes, is_over: IsOver, late: IsOver) -> tuple[Match, tuple[Card, ...]]:
    """As the service answers. Raises OutOfTime, which it answers with 503."""
    request = parse_request(body, service_for("patient-view"))
    record = PrefetchedRecord(request, {}, decision.observation_filter, Deadline(is_over)).record()
    match, cards, _ = compute(
        record,
        decision.library,
        decision.as_of,
        options=decision.options,
        seed="seed",
        held_back=Suppressed,
        deadline=Deadline(is_over),
        cards_deadline=Deadline(late),
    )
    return match, cards


class After:
    """Says yes from the `calls`-th time on that it is asked."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.asked > self.calls


def outcome(decision: Decision, body: bytes, calls: int, whole: Match) -> str:
    """What comes of it where time runs out after so many looks, cards being written all the same."""
    try:
        found, cards = answered(decision, body, After(calls), never)
    except OutOfTime:
        return "503"
    verdicts = {t.trial.id: t.verdict for t in found.trials}
    every = {t.trial.id: t.verdict for t in whole.trials}
    assert verdicts.items() <= every.items()
    assert {*found.timed_out} == every.keys() - verdicts.keys()
    assert {card.trial_id for card in cards} <= verdicts.keys()
    return "complete" if verdicts == every else "cut short"


@pytest.fixture(scope="module")
def body() -> bytes:
    return charts.request(EVERYTHING, 40)


def test_wherever_time_runs_out_no_verdict_changes(decision: Decision, body: bytes) -> None:
    whole, _ = answered(decision, body, never, never)
    counting = After(sys.maxsize)
    answered(decision, body, counting, never)
    outcomes = [outcome(decision, body, calls, whole) for calls in range(counting.asked + 1)]
    assert len(outcomes) > 100
    # First there is nothing, then some trials are judged, then all.
    assert outcomes == sorted(outcomes, key=["503", "cut short", "complete"].index)
    assert {*outcomes} == {"503", "cut short", "complete"}


def test_no_card_is_written_by_halves(decision: Decision, body: bytes) -> None:
    _, whole = answered(decision, body, never, never)
    counting = After(sys.maxsize)
    answered(decision, body, never, counting)
    assert counting.asked > 20
    for calls in range(0, counting.asked, 5):
        with pytest.raises(OutOfTime):
            answered(decision, body, never, After(calls))
    assert answered(decision, body, never, After(counting.asked))[1] == whole


# Of these every entry is a resource, a component or a key. What one entry is made of is handled at one go.
MANY = [
    *charts.AXES,
    *("one instant, one value", "contradicting answers", "conditions, many facts", "conditions, words alone"),
    *("conditions, provisional", "codings of a condition", "drugs not sent", "contained results", "full URLs", "genes"),
    *(
        "malformed results",
        "malformed conditions",
        "unreadable conditions",
        "of a group",
        "parameters",
        "failed entries",
    ),
    *("identifiers, names and addresses", "gene reports", "derived from", "focus", "vaccinations"),
]


@pytest.mark.parametrize("way", MANY)
def test_from_one_look_at_the_time_to_the_next_little_is_done(way: str, decision: Decision) -> None:
    """In lines of Python: what is done without a look is mostly what does not grow."""
    few, many = (longest_without_a_look(decision, charts.request([way], n)) for n in (200, 800))
    # What still grows costs a line or two an entry, in one native pass over all of them.
    assert many - few <= 15 * 600


def longest_without_a_look(decision: Decision, body: bytes) -> int:
    lines = last = longest = 0

    def look() -> bool:
        nonlocal last, longest
        longest, last = max(longest, lines - last), lines
        return False

    def line(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return line

    answered(decision, body, never, never)
    sys.settrace(lambda frame, _event, _argument: None if frame.f_code is look.__code__ else line)
    try:
        answered(decision, body, look, look)
    finally:
        sys.settrace(None)
    look()
    return longest


def test_what_is_handled_in_many_short_loops_counts_together() -> None:
    asked = After(sys.maxsize)
    deadline = Deadline(asked)
    for _ in range(10 * STEP):
        assert list(deadline.each("ab")) == ["a", "b"]
    assert asked.asked == pytest.approx(20, abs=3)
    deadline.spend(1_000)
    assert asked.asked == pytest.approx(21, abs=3)


@pytest.fixture
def start(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a service whose time runs out as one likes: for all but the cards, and for the cards."""

    def make(is_over: IsOver, late: IsOver) -> TestClient:
        monkeypatch.setattr(Answerer, "is_late", lambda _self, _arrived, more=0: late() if more else is_over())
        return TestClient(create_app(Settings(state_dir=tmp_path), library, lambda: Decision(library).as_of))

    return make


@pytest.fixture
def warnings(capsys: pytest.CaptureFixture[str]) -> Callable[[str], dict[str, Any]]:
    """The one line of the log of an event."""

    def find(event: str) -> dict[str, Any]:
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
        [found] = [line for line in lines if line["event"] == event]
        return found

    return find


@pytest.mark.parametrize("calls", [0, 30])
def test_a_record_that_is_read_in_part_is_answered_with_503(
    calls: int, start: Start, body: bytes, warnings: Callable[[str], dict[str, Any]]
) -> None:
    with start(After(calls), never) as client:
        response = client.post(URL, content=body, headers={"Content-Type": "application/json"})
        assert "cds_answers_cut_short_total 1.0" in client.get("/metrics").text
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    [issue] = response.json()["issue"]
    assert (issue["code"], "could not be read in time" in issue["diagnostics"]) == ("timeout", True)
    assert warnings("record_cut_short")["client"] is None


@pytest.mark.parametrize("cut", ["facts", "cards"])
def test_facts_or_cards_that_there_is_no_time_for_are_answered_with_503_and_named(
    cut: str, start: Start, body: bytes, decision: Decision, warnings: Callable[[str], dict[str, Any]]
) -> None:
    reading = After(sys.maxsize)
    PrefetchedRecord(
        parse_request(body, service_for("patient-view")), {}, decision.observation_filter, Deadline(reading)
    ).record()
    is_over, late = (After(reading.asked + 5), never) if cut == "facts" else (never, After(3))
    with start(is_over, late) as client:
        response = client.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 503
    assert "Not all trials" in response.json()["issue"][0]["diagnostics"]
    active = [trial.id for trial in decision.library.stored if trial.state == "active"]
    assert warnings("answer_cut_short")["skipped_trials"] == active
