"""Work that is counted, not timed: the same number however busy the machine is."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines_run(work: Callable[[], Any]) -> int:
    """How many lines of Python `work` runs, a line of a loop as often as it is run.

    What native code does within one line is not seen; see `Compared` for that.
    """
    count = 0

    def line(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        if event == "line":
            count += 1
        return line

    before = sys.gettrace()
    sys.settrace(lambda _frame, _event, _argument: line)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


class Compared(dict[str, Any]):
    """A dictionary that counts how often any of its kind is compared with another."""

    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return dict.__eq__(self, other)

    __hash__ = None  # type: ignore[assignment]  # as a dictionary has none
