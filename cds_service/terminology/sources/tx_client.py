"""Requests to a FHIR terminology server: what may go wrong on the way is a SourceError with its address and words.

The server may be slow, busy, of another kind, or behind a page of a proxy. What bounds a request: its time, the bytes
of its answer, and how often it is asked again.
"""

import json
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cds_service.terminology.sources.source import SourceError
from cds_service.wire import content_coding, field, is_private_way, is_there

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 100_000_000
"""Of one answer. A page of 1,000 codes is some 200 kB."""
TRIES = 4
LONGEST_WAIT = 120.0
"""Seconds that a busy server may ask to wait for."""
_PIECE = 65_536
_WORDS = 300
_UNKNOWN_ADDRESS = frozenset({404, 405, 410, 501})
_JSON = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """A FHIR resource as a server sent it with that status: what was asked for (200), or an OperationOutcome.

    `resource` is empty where the server does not know the address, in whatever words. `said`: the words, in short.
    """

    where: str
    status: int
    resource: dict[str, Any]
    said: str

    @property
    def issues(self) -> frozenset[str]:
        """The codes of an OperationOutcome's issues: https://hl7.org/fhir/R4/valueset-issue-type.html"""
        return frozenset(str(issue.get("code")) for issue in _issues(self.resource))


@dataclass(frozen=True, slots=True)
class RetryTimes:
    """How long a request may take, in seconds, and what measures and spends time."""

    seconds: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]


class _AgainError(Exception):
    """It is worth another try, after so many seconds where the server says how many."""

    def __init__(self, problem: str, seconds: float | None = None) -> None:
        super().__init__(problem)
        self.seconds = seconds


class TerminologyClient:
    """Asks one server. `token`: a bearer token, which travels to no other, and over no way that others can read."""

    def __init__(self, base: str, token: str | None, waiting: RetryTimes) -> None:
        """Raises SourceError where the token would travel in the open."""
        if token and not is_private_way(base):
            raise SourceError(base, "a token is sent over https only")
        self.base = base
        self._token = token
        self._waiting = waiting
        self._client: httpx2.Client | None = None

    def ask(self, path: str, body: dict[str, Any] | None = None) -> ServerAnswer:
        """GET `path` below the server's address, or POST where there is a `body`. Raises SourceError."""
        where = f"{self.base}/{path}"
        for tried in range(TRIES):
            try:
                return self._once(where, body)
            except _AgainError as problem:
                wait = float(2**tried) if problem.seconds is None else problem.seconds
                if tried + 1 == TRIES or wait > LONGEST_WAIT:
                    asks = f", and asks to wait {wait:g} seconds" if wait > LONGEST_WAIT else f", {tried + 1} times"
                    raise SourceError(where, f"{problem}{asks}") from problem
                self._waiting.sleep(wait)
        raise AssertionError("unreachable")

    def _once(self, where: str, body: dict[str, Any] | None) -> ServerAnswer:
        import httpx2  # noqa: PLC0415 (the compiler alone asks, and only where a server is named)

        if self._client is None:
            self._client = httpx2.Client(timeout=self._waiting.seconds, follow_redirects=False)
            # A Source is not closed by whoever compiles: its connections end with it.
            weakref.finalize(self, self._client.close)
        headers = {"Accept": _JSON, "Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            headers["Content-Type"] = _JSON
        content = None if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        try:
            with self._client.stream(method, where, headers=headers, content=content) as response:
                return self._read(where, response)
        except httpx2.TimeoutException as problem:
            raise SourceError(where, f"no answer within {self._waiting.seconds:g} seconds") from problem
        except httpx2.TransportError as problem:
            raise _AgainError(f"no whole answer: {problem or type(problem).__name__}") from problem
        except (httpx2.InvalidURL, ValueError) as problem:
            raise SourceError(where, f"it cannot be asked: {problem}") from problem

    def _read(self, where: str, response: "httpx2.Response") -> ServerAnswer:
        status = response.status_code
        if 300 <= status < 400:
            to = field(response.headers, "location") if is_there(response.headers, "location") else "nowhere"
            raise SourceError(where, f"it sends elsewhere (status {status}, {to}): name that address instead")
        if content_coding(response.headers) != "identity":
            raise SourceError(where, "it sends compressed answers that were not asked for")
        over = self._waiting.clock() + self._waiting.seconds
        data = bytearray()
        for piece in response.iter_raw(_PIECE):
            data += piece
            if len(data) > MOST_BYTES:
                raise SourceError(where, f"its answer is longer than {MOST_BYTES:,} bytes")
            if self._waiting.clock() > over:
                raise SourceError(where, f"no whole answer within {self._waiting.seconds:g} seconds")
        resource = _resource(bytes(data))
        said = _words(resource or {}) or _beginning(bytes(data))
        if status in (401, 403):
            why = "the token is not accepted" if self._token else "it wants a token (CDS_TX_TOKEN)"
            raise SourceError(where, f"{why} (status {status}): {said}")
        if status == 429 or (status >= 500 and "too-costly" not in said and "not-supported" not in said):
            raise _AgainError(f"status {status}: {said}", _seconds(response))
        if resource is None and status not in _UNKNOWN_ADDRESS:
            raise SourceError(where, f"status {status} with what is no FHIR JSON, or is cut off: {said}")
        return ServerAnswer(where, status, resource or {}, said)


def _resource(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("resourceType"), str) else None


def _issues(resource: dict[str, Any]) -> list[dict[str, Any]]:
    issues = resource.get("issue") if resource.get("resourceType") == "OperationOutcome" else None
    return [issue for issue in issues if isinstance(issue, dict)] if isinstance(issues, list) else []


def _words(resource: dict[str, Any]) -> str:
    """What an OperationOutcome says, in short."""
    said = []
    for issue in _issues(resource):
        details = issue.get("details")
        text = details.get("text") if isinstance(details, dict) else None
        said.append(f"{issue.get('code')}: {text or issue.get('diagnostics') or 'no more said'}")
    return "; ".join(said)[:_WORDS]


def _beginning(data: bytes) -> str:
    return " ".join(data[:_WORDS].decode(errors="replace").split())[:80] or "nothing"


def _seconds(response: "httpx2.Response") -> float | None:
    """Retry-After in seconds; None where there is none, or a date."""
    text = field(response.headers, "retry-after").strip()
    return float(text) if text.isascii() and text.isdigit() else None
