"""Requests made by chance, one for each number, sent to a service beside a FHIR server that misbehaves.

The same number makes the same request, whatever ran before it. Three kinds of them:

* wild: a sample's request with a few mutations, in any way of writing it, half of them beside the bad server;
* unread: a patient whom some trial fits, whose conditions nobody can read;
* known: one mutation of the mutation table (`mutations.NEUTRAL`, `SPOILING`), judged criterion by criterion.
"""

import copy
import io
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from starlette.testclient import TestClient

from benchmarks.decision import Decision
from cds_service.app import create_app
from cds_service.cds_hooks import HookError
from cds_service.library import Library
from cds_service.settings import Settings
from tests.cds_hooks.servers import serving
from tests.fuzz import mutations, wire
from tests.fuzz.bad_server import BASE, FAILING, BadServer
from tests.fuzz.mutations import Body
from tests.fuzz.oracles import MARKER, PATH, TOKEN, Contract, check, flips, holds_conditions, outcomes, says_nothing

SAMPLES = Path(__file__).parents[2] / "fhir_samples"
AS_OF = date.fromisoformat(json.loads((SAMPLES / "samples.json").read_text())["as_of"])
PATIENT = f"{MARKER}-1"
MOST_MEMORY = 1_500_000
"""KiB that a run may add to what the process takes at most: a thousand requests and ten thousand take the same."""
NEVER_A_LIST: tuple[Any, ...] = (
    *mutations.UNREADABLE,
    None,
    [],
    {"resourceType": "Bundle", "entry": "x"},
    {"resourceType": "Bundle", "entry": [7, "x", ["x"]]},
    {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Condition", "id": "c", "code": 5}}]},
    {"resourceType": "Bundle", "entry": [{"resource": ["x"]}]},
    {"resourceType": "Bundle", "entry": [{"resource": mutations.outcome("error"), "search": {"mode": "outcome"}}]},
    {"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://elsewhere.example.org/x"}]},
    {"resourceType": "Condition", "id": "c", "subject": {"reference": f"Patient/{PATIENT}"}, "code": ["x"]},
)
"""What may come as `conditions` and is no list of them that anybody can read."""


@dataclass(frozen=True)
class Sent:
    """A request as it goes out, and the address of the bad server where it names one."""

    data: bytes
    headers: wire.Headers
    beside: bool


@dataclass
class Fuzzer:
    """Makes the request of a number, sends it and judges the answer. Use it `with running(library)`."""

    client: TestClient
    server: BadServer
    address: str
    log: io.StringIO
    decision: Decision
    stories: dict[str, Body]
    fitting: list[str] = field(default_factory=list)
    contract: Contract = field(init=False)
    memory: int = field(init=False)
    sent: Sent | None = None
    """The last request."""

    def __post_init__(self) -> None:
        self.contract = Contract(self.client.app.openapi())  # type: ignore[attr-defined]  # it is a FastAPI
        for name, body in self.stories.items():
            if self.client.post(PATH, json=body).json()["cards"]:
                self.fitting.append(name)
        self.memory = _peak()

    def run(self, number: int) -> str:
        """What came of it, in a word. Raises AssertionError where something that must hold does not."""
        random = Random(number)
        kind = random.choices((self.wild, self.unread, self.known), (6, 2, 3))[0]
        self.log.seek(0)
        self.log.truncate()
        try:
            found = f"{kind.__name__}: {kind(random)}"
        except Exception as error:
            error.add_note(f"the log of it: {self.log.getvalue()[-2_000:]}")
            raise
        check(MARKER not in self.log.getvalue(), f"the log tells of the patient: {self.log.getvalue()[:2_000]}")
        check(_peak() - self.memory < MOST_MEMORY, f"{_peak() - self.memory} KiB more than at the start")
        return found

    def wild(self, random: Random) -> str:
        """Whatever is sent, there is an answer, and it says what it rests on."""
        body = copy.deepcopy(self.stories[random.choice(list(self.stories))])
        beside = random.random() < 0.4
        if beside:
            self.server.plan(body, random)
            self._name_server(body)
            for key in random.sample(list(body["prefetch"]), random.randrange(len(body["prefetch"]) + 1)):
                del body["prefetch"][key]
        for _ in range(random.randrange(4) if beside else random.randrange(1, 5)):
            if list(mutations.places(body)):
                random.choice(mutations.WILD)(random, body)
        status, content = self._answer(Sent(*wire.any_way(random, body), beside))
        if not beside and self.sent is not None and not holds_conditions(self.sent.data):
            check(not says_nothing(status, content), "nothing found, and no conditions were sent")
        return str(status)

    def unread(self, random: Random) -> str:
        """Conditions that nobody can read are never none."""
        body = copy.deepcopy(self.stories[random.choice(self.fitting)])
        beside = random.random() < 0.5
        if beside:
            self.server.plan(body, random, conditions=FAILING)
            self._name_server(body)
        if random.random() < 0.3:
            del body["prefetch"]["conditions"]
        else:
            body["prefetch"]["conditions"] = copy.deepcopy(random.choice(NEVER_A_LIST))
        status, content = self._answer(Sent(*wire.sound(random, body), beside))
        check(not says_nothing(status, content), "nothing found, and no condition could be read")
        return str(status)

    def known(self, random: Random) -> str:
        """A mutation of the table does what it may, and no more."""
        body = copy.deepcopy(self.stories[random.choice(list(self.stories))])
        before = outcomes(self.decision.verdicts(json.dumps(body).encode()))
        neutral = random.random() < 0.4
        mutation = random.choice(mutations.NEUTRAL if neutral else mutations.SPOILING)
        mutation(random, body)
        self.sent = Sent(*wire.sound(random, body), beside=False)
        try:
            after = outcomes(self.decision.verdicts(self.sent.data))
        except HookError as refused:
            check(not neutral, f"{mutation.__name__} is refused with {refused.status}")
            return f"{mutation.__name__}, refused"
        found = flips(before, after)
        check(not found, f"{mutation.__name__} turns {found}")
        if neutral:
            changed = {"/".join(key): (was, after[key]) for key, was in before.items() if was != after[key]}
            check(not changed, f"{mutation.__name__} changes {changed}")
        return f"{mutation.__name__}, judged"

    def _answer(self, sent: Sent) -> tuple[int, Any]:
        self.sent = sent
        answer = self.client.post(PATH, content=sent.data, headers=list(sent.headers.items()))
        return answer.status_code, self.contract.check(answer.status_code, answer.text, answer.headers)

    def _name_server(self, body: Body) -> None:
        body["fhirServer"] = self.address
        body["fhirAuthorization"] = {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": "cds-service",
        }


@contextmanager
def running(library: Library, state_dir: Path) -> Iterator[Fuzzer]:
    """A service beside a bad server."""
    server, log = BadServer(), io.StringIO()
    with serving(server.answer) as fhir, redirect_stderr(log):
        address = f"{fhir.url}{BASE}"
        # What a slow server does is waited for a moment only. No oracle depends on whether that was enough.
        settings = Settings(fhir_servers=(address,), fhir_timeout=0.3, state_dir=state_dir, max_body_bytes=20_000_000)
        app = create_app(settings, library, lambda: AS_OF)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Fuzzer(client, server, address, log, Decision(library, as_of=AS_OF), stories())


def stories() -> dict[str, Body]:
    """The requests of the samples, the patient of each under the one id that is looked for in logs."""
    found = {}
    for path in sorted((SAMPLES / "requests").glob("patient-view-*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        patient = body["context"]["patientId"]
        text = json.dumps(body).replace(f'"Patient/{patient}"', f'"Patient/{PATIENT}"')
        marked = json.loads(text)
        marked["context"]["patientId"] = marked["prefetch"]["patient"]["id"] = PATIENT
        marked["prefetch"]["patient"]["name"] = [{"family": f"{MARKER}name"}]
        found[path.stem] = marked
    return found


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
