"""A FHIR server that holds a patient's chart, and misbehaves: what it does is drawn anew for each request."""

import copy
import gzip
import json
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.cds_hooks.servers import Asked, Says

BASE = "/fhir"
Body = dict[str, Any]
Behaviour = Callable[["BadServer", Asked, Body], Says]


class BadServer:
    """Answers with the chart of `body`, as each resource type's behaviour has it. `plan` sets both."""

    def __init__(self) -> None:
        self.chart: dict[str, list[Body]] = {}
        self.how: dict[str, str] = {}
        self.usual = "sound"

    def plan(self, body: Body, random: Random, *, conditions: tuple[str, ...] = ()) -> None:
        """Serve what `body` has in its prefetch; every type behaves in a way of its own, Condition as one of these."""
        self.chart = {}
        for resource in resources(body):
            self.chart.setdefault(resource["resourceType"], []).append(resource)
        types = ("Patient", "Condition", "Observation", "MedicationRequest", "MedicationStatement", "Procedure")
        self.how = {one: random.choice(list(BEHAVIOURS)) if random.random() < 0.4 else "sound" for one in types}
        if conditions:
            self.how["Condition"] = random.choice(conditions)

    def answer(self, asked: Asked) -> Says:
        """What it says."""
        resource_type = urlsplit(asked.path).path.removeprefix(f"{BASE}/").split("/")[0]
        found = self.chart.get(resource_type, [])
        content = found[0] if resource_type == "Patient" and found else page(found)
        return BEHAVIOURS[self.how.get(resource_type, "sound")](self, asked, copy.deepcopy(content))


def resources(body: Body) -> list[Body]:
    """The resources of a sound request."""
    found = []
    for value in body["prefetch"].values():
        found += [entry["resource"] for entry in value["entry"]] if "entry" in value else [value]
    return [one for one in found if one["resourceType"] != "Bundle"]


def page(found: list[Body], **more: Any) -> Body:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in found], **more}


def _next(url: str) -> Body:
    return {"link": [{"relation": "next", "url": url}]}


def _endless(_: BadServer, asked: Asked, content: Body) -> Says:
    number = int(parse_qs(urlsplit(asked.path).query).get("page", ["0"])[0])
    return Says({**content, **_next(f"?page={number + 1}")})


def _another_patient(_: BadServer, _asked: Asked, content: Body) -> Says:
    text = json.dumps(content).replace('"Patient/', '"Patient/other-')
    made = json.loads(text)
    if made.get("resourceType") == "Patient":
        made["id"] = "other"
    return Says(made)


def _many(_: BadServer, _asked: Asked, content: Body) -> Says:
    entries = content.get("entry", [])
    more = [{"resource": {**e["resource"], "id": f"{e['resource']['id']}-{n}"}} for n in range(300) for e in entries]
    return Says({**content, "entry": [*entries, *more], "total": 10**9})


BEHAVIOURS: dict[str, Behaviour] = {
    "sound": lambda _, _asked, content: Says(content),
    "packed": lambda _, _asked, content: Says(
        gzip.compress(json.dumps(content).encode()), headers={"Content-Encoding": "gzip"}
    ),
    "as text": lambda _, _asked, content: Says(content, headers={"Content-Type": "text/html"}),
    "500": lambda *_: Says("<html>", 500),
    "404": lambda *_: Says({"resourceType": "OperationOutcome"}, 404),
    "401": lambda *_: Says("", 401),
    "429": lambda *_: Says("", 429, {"Retry-After": "x"}),
    "HTML": lambda *_: Says("<html><body>Sign in</body></html>", headers={"Content-Type": "text/html"}),
    "nothing": lambda *_: Says(""),
    "cut": lambda _, _asked, content: Says(content, cut=True),
    "half": lambda _, _asked, content: Says(json.dumps(content)[: len(json.dumps(content)) // 2]),
    "dropped": lambda *_: Says("", drop=True),
    "slow": lambda _, _asked, content: Says(content, dribble=0.05),
    "bomb": lambda *_: Says(gzip.compress(b" " * 60_000_000, 1), headers={"Content-Encoding": "gzip"}),
    "not packed": lambda *_: Says(b"{}", headers={"Content-Encoding": "gzip"}),
    "deep": lambda *_: Says("[" * 100_000),
    "round": lambda *_: Says("", 302, {"Location": f"{BASE}/Condition"}),
    "elsewhere": lambda *_: Says("", 302, {"Location": "http://127.0.0.2:9/fhir/Condition"}),
    "no address": lambda *_: Says("", 302, {"Location": "http://["}),
    "outcome": lambda *_: Says({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}),
    "next round": lambda _, asked, content: Says({**content, **_next(asked.path)}),
    "next without end": _endless,
    "next elsewhere": lambda _, _asked, content: Says({**content, **_next("https://elsewhere.example.org/x")}),
    "next that is none": lambda _, _asked, content: Says({**content, **_next("http://[")}),
    "another patient": _another_patient,
    "many": _many,
    "a list": lambda _, _asked, content: Says(json.dumps([content])),
    "no UTF-8": lambda *_: Says(b'{"resourceType": "Bundle", "\xff": 1}'),
    "NaN": lambda *_: Says(
        '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Condition", "x": NaN}}]}'
    ),
}
FAILING = (
    *("500", "404", "401", "429", "HTML", "nothing", "half", "dropped", "bomb", "not packed", "deep", "round"),
    *("elsewhere", "no address", "outcome", "a list", "no UTF-8"),
)
"""Behaviours that bring nothing of what was asked for."""
