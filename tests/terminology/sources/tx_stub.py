"""A FHIR terminology server that a test scripts: what it says of itself, its pages, its codes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.cds_hooks.servers import Asked, Says, Server, serving

SYSTEM = "http://example.org/zorb"
VERSION = "2026-01"

Handler = Callable[[Asked], Says]


def outcome(code: str, text: str, status: int = 422, **headers: str) -> Says:
    """An OperationOutcome."""
    issue = {"severity": "error", "code": code, "details": {"text": text}}
    return Says({"resourceType": "OperationOutcome", "issue": [issue]}, status, headers)


def capabilities(**versions: str) -> Says:
    """What a server holds: by code system, its version."""
    held = [{"uri": f"http://example.org/{name}", "version": [{"code": one}]} for name, one in versions.items()]
    return Says({"resourceType": "TerminologyCapabilities", "codeSystem": held})


def entry(code: str, **more: Any) -> dict[str, Any]:
    """A code in an expansion."""
    return {"system": SYSTEM, "code": code, "display": f"Zorb {code}", **more}


def page(entries: list[dict[str, Any]], version: str | None = VERSION, **more: Any) -> Says:
    """An expansion, or a page of one."""
    used = [{"name": "used-codesystem", "valueUri": f"{SYSTEM}|{version}"}] if version else []
    expansion = {"timestamp": "2026-01-01", "parameter": used, "contains": entries, **more}
    return Says({"resourceType": "ValueSet", "status": "active", "expansion": expansion})


def paged(entries: list[dict[str, Any]], size: int) -> Handler:
    """Serves the entries by pages of that size, whatever size is asked for."""

    def answer(asked: Asked) -> Says:
        offset = parameters(asked)["offset"]
        return page(entries[offset : offset + size], total=len(entries), offset=offset)

    return answer


def parameters(asked: Asked) -> dict[str, Any]:
    """What was posted to $expand, by name."""
    found = {}
    for one in json.loads(asked.body)["parameter"]:
        [value] = [value for key, value in one.items() if key != "name"]
        found[one["name"]] = value
    return found


def lookup(display: str, *properties: tuple[str, dict[str, Any]]) -> Says:
    """A code that was looked up."""
    more = [
        {"name": "property", "part": [{"name": "code", "valueCode": code}, {"name": "value", **value}]}
        for code, value in properties
    ]
    named = [{"name": "name", "valueString": "Zorb"}, {"name": "display", "valueString": display}]
    return Says({"resourceType": "Parameters", "parameter": [*named, *more]})


@contextmanager
def terminology_server(
    expand: Handler | None = None,
    look_up: Handler | None = None,
    metadata: Handler | None = None,
    search: Handler | None = None,
) -> Iterator[Server]:
    """A running server; what is not scripted it does not know."""

    def answer(asked: Asked) -> Says:
        path = asked.path.partition("?")[0]
        handler = {
            "/fhir/metadata": metadata or (lambda _: capabilities(zorb=VERSION)),
            "/fhir/ValueSet/$expand": expand,
            "/fhir/CodeSystem/$lookup": look_up,
            "/fhir/CodeSystem": search,
        }.get(path)
        return handler(asked) if handler else outcome("not-found", f"no {path}", 404)

    with serving(answer) as server:
        yield server
