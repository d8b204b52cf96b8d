"""Two minutes of the fuzzer on one core, the same requests in every run. More of them: `make fuzz`."""

from collections import Counter
from collections.abc import Iterator

import pytest

from cds_service.library import Library
from tests.fuzz.fuzzer import Fuzzer, running
from tests.fuzz.oracles import flips

BATCH = 600
BATCHES = 10
"""Beside each other where there are several cores. Each takes some twelve seconds of one."""


@pytest.fixture(scope="module")
def fuzzer(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzer]:
    with running(library, tmp_path_factory.mktemp("state")) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_is_sent_there_is_an_answer_that_keeps_every_promise(batch: int, fuzzer: Fuzzer) -> None:
    came: Counter[str] = Counter()
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        try:
            came[fuzzer.run(number)] += 1
        except Exception as error:
            error.add_note(f'again: make fuzz ARGS="--seed {number} --examples 1 --show"')
            raise
    # It is no test where all is refused at the door.
    assert came["wild: 200"] >= 10
    assert came["unread: 412"] >= 10
    assert sum(times for what, times in came.items() if what.endswith("judged")) >= 10


def test_a_number_makes_the_same_request_whatever_ran_before(fuzzer: Fuzzer) -> None:
    def sent(number: int) -> object:
        fuzzer.run(number)
        return fuzzer.sent

    numbers = range(20)
    assert [sent(number) for number in numbers] == [sent(number) for number in reversed(numbers)][::-1]


# The oracles notice what they are for.


@pytest.mark.parametrize(
    ("status", "text", "says"),
    [
        (500, "{}", "status 500"),
        (200, "<html>", "no JSON"),
        (200, '{"cards": null}', "OpenAPI"),
        (200, '{"cards": [], "extension": {}}', "empty values"),
        (200, '{"cards": [{"summary": ""}]}', "OpenAPI|empty"),
        (412, '{"resourceType": "OperationOutcome", "issue": [], "x": "ZQXMARKtoken"}', "token"),
        (
            503,
            '{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}',
            "come again",
        ),
    ],
)
def test_an_answer_that_breaks_a_promise_is_noticed(status: int, text: str, says: str, fuzzer: Fuzzer) -> None:
    with pytest.raises(AssertionError, match=says):
        fuzzer.contract.check(status, text, {})


def test_a_verdict_that_flips_is_noticed() -> None:
    keys = [("T", "", f"inc-0{n}") for n in range(4)]
    before = dict(zip(keys, ("pass", "fail", "pass", "unknown"), strict=True))
    after = dict(zip(keys, ("fail", "pass", "unknown", "fail"), strict=True))
    assert flips(before, after) == ["T//inc-01", "T//inc-00"][::-1]


def test_a_line_of_the_log_about_the_patient_is_noticed(fuzzer: Fuzzer, monkeypatch: pytest.MonkeyPatch) -> None:
    def telling(*_: object) -> str:
        fuzzer.log.write("somebody called ZQXMARKname")
        return "told"

    for kind in ("wild", "unread", "known"):
        monkeypatch.setattr(Fuzzer, kind, telling)
    with pytest.raises(AssertionError, match="tells of the patient"):
        fuzzer.run(0)


def test_the_samples_whom_a_trial_fits_are_there(fuzzer: Fuzzer) -> None:
    assert len(fuzzer.fitting) >= 8
