"""The fields of one JSON object of a request, each read by what it must be, with every problem noted."""

import re
from collections.abc import Mapping

from msgspec import DecodeError, Raw, json

from cds_service.cds_hooks.leniency import AcceptedForm, Deviation, Leniency
from cds_service.cds_hooks.outcome import IssueCode, RequestProblem
from cds_service.fhir import repeated_keys

ANY_TEXT = re.compile(r".*\S.*", re.DOTALL)
_TEXT = "a string that is not empty"
SEVERAL = "stands there more than once, with different values"
_NULL = Raw(b"null")
_EMPTY = Raw(b'""')


class Fields:
    """The fields of one JSON object of the request. A reading that fails gives None and notes the problem."""

    def __init__(
        self,
        values: Mapping[str, Raw],
        path: str,
        problems: list[RequestProblem],
        leniency: Leniency,
        repeated: frozenset[str] = frozenset(),
    ) -> None:
        """`repeated`: the names that stand there with several values, of which `values` has the last."""
        self.values = values
        self.repeated = repeated
        self._path = path
        self._problems = problems
        self._leniency = leniency

    def has(self, name: str) -> bool:
        return self.values.get(name, _NULL) not in (_NULL, _EMPTY)

    def text(
        self,
        name: str,
        pattern: re.Pattern[str] = ANY_TEXT,
        expected: str = _TEXT,
        *,
        required: bool = False,
        absent: Deviation | None = None,
        forms: tuple[AcceptedForm, ...] = (),
    ) -> str | None:
        """`absent`: the deviation of leaving out what is required; `forms`: other texts than those of `pattern`."""
        if not self._is_there(name, expected, required, absent):
            return None
        try:
            value = json.decode(self.values[name], type=str)
        except DecodeError:
            value = ""
        if pattern.fullmatch(value):
            return value
        read = self._leniency.reads(value, forms)
        if read is None:
            self.note("value", name, f"must be {expected}")
        return read

    def number(self, name: str, absent: Deviation, as_text: AcceptedForm) -> None:
        """Look that there is a number, which nobody needs."""
        if not self._is_there(name, "a number", required=True, absent=absent):
            return
        try:
            value = json.decode(self.values[name], type=float | str)
        except DecodeError:
            value = ""
        if isinstance(value, str) and self._leniency.reads(value, (as_text,)) is None:
            self.note("value", name, "must be a number")

    def object(self, name: str, *, required: bool = False) -> "Fields | None":
        if not self._is_there(name, "a JSON object", required):
            return None
        try:
            values = json.decode(self.values[name], type=dict[str, Raw])
        except DecodeError:
            self.note("structure", name, "must be a JSON object")
            return None
        repeated = repeated_keys(self.values[name], values)
        return Fields(values, f"{self._path}{name}.", self._problems, self._leniency, repeated)

    def note(self, code: IssueCode, name: str, message: str) -> None:
        self._problems.append(RequestProblem(code, message, f"{self._path}{name}"))

    def _is_there(self, name: str, expected: str, required: bool, absent: Deviation | None = None) -> bool:
        there = self.has(name)
        if name in self.repeated:
            self.note("structure", name, SEVERAL)
        if required and not there and (absent is None or not self._leniency.forgives(absent)):
            self.note("required", name, f"is required and must be {expected}")
        return there
