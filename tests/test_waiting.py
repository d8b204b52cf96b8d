"""No test depends on how busy the machine is: none sleeps, none measures by the clock on the wall, none gives up soon.

What is waited for is a condition, for as long as `tests.waiting.HANG`; what may cost only so much is measured in
processor time (`time.thread_time`). A line that cannot do without says why in a comment: `# clock: …`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import waiting

TESTS = Path(__file__).parent
CLOCKS = {"sleep", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}
BOUNDED = {"wait", "join", "result", "acquire"}


def offences(text: str) -> Iterator[tuple[int, str]]:
    """Line and what is wrong there."""
    excused = {number for number, line in enumerate(text.splitlines(), 1) if "# clock: " in line}
    for node in ast.walk(ast.parse(text)):
        if getattr(node, "lineno", None) in excused:
            continue
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr=name) if name in CLOCKS:
                yield node.lineno, f"time.{name}"
            case ast.ImportFrom(module="time", names=names):
                yield from ((node.lineno, f"time.{name.name}") for name in names if name.name in CLOCKS)
            case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant(value=int() | float()), *_]) if (
                name in BOUNDED
            ):
                yield node.lineno, f"a bound of its own for {name}()"
            case ast.Call(keywords=keywords):
                for given in keywords:
                    is_limit = given.arg == "deadline" and not isinstance(given.value, ast.Call)  # our own are objects
                    if is_limit and not _is_none(given.value):
                        yield node.lineno, "a deadline for an example"
                    if given.arg == "timeout" and isinstance(given.value, ast.Constant) and not _is_none(given.value):
                        yield node.lineno, "a timeout of its own"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def test_no_test_looks_at_the_clock() -> None:
    found = [
        f"{path.relative_to(TESTS)}:{line}: {what}"
        for path in sorted(TESTS.rglob("*.py"))
        if path.name != "waiting.py"
        for line, what in offences(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "time.sleep(1)",
        "began = time.perf_counter()",
        "from time import monotonic",
        "process.wait(30)",
        "thread.join(0.5)",
        "process.communicate(timeout=20)",
        "settings(deadline=200)",
    ],
)
def test_what_depends_on_a_busy_machine_is_found(line: str) -> None:
    assert list(offences(line))
    assert not list(offences(f"{line}  # clock: the service's own limit is what is tested"))


@pytest.mark.parametrize(
    "line", ["process.wait(HANG)", "event.wait()", "time.thread_time()", "settings(deadline=None)", "', '.join(words)"]
)
def test_what_does_not_is_left_alone(line: str) -> None:
    assert not list(offences(line))


def test_examples_have_no_time_limit_and_are_the_same_in_every_run() -> None:
    suite = settings.get_profile("suite")
    assert (suite.deadline, suite.derandomize) == (None, True)
    assert HealthCheck.too_slow in suite.suppress_health_check


def test_waiting_ends_when_it_holds_and_says_what_it_waited_for_when_it_never_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = iter([False, False, True])
    waiting.until(lambda: next(left), "three looks")
    assert next(left, "none") == "none"
    monkeypatch.setattr(waiting, "HANG", 0.0)
    with pytest.raises(AssertionError, match="waited in vain: the impossible"):
        waiting.until(lambda: False, "the impossible")
