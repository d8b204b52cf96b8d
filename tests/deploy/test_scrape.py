"""A real Prometheus scrapes a real service: every rule and every panel is computed without an error, and sees data."""

import json
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest
import yaml

from tests.deploy.manifests import ALERTS
from tests.deploy.running import FEEDBACK, HOOK, Service, ask, running, sample
from tests.deploy.test_prometheus import QUERIES, RULES
from tests.ports import free_port
from tests.waiting import HANG, until

pytestmark = pytest.mark.slow
# What no healthy service has to show.
QUIET = {
    "fhir_fetches",
    "database_failures",
    "forgiven",
    "decisions_dropped",
    "held_back",
    "state!=",
    "not_understood",
    "unread_entries",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("scraped"), CDS_SUPPRESS_DAYS="0") as started:
        yield started


@dataclass
class Prometheus:
    """A running one, and the moment that is asked about, in seconds since 1970: None for now."""

    port: int
    moment: float | None = None

    def ask(self, path: str) -> Any:
        answer = ask(HTTPConnection("127.0.0.1", self.port, timeout=HANG), "GET", path).json()
        assert answer["status"] == "success", (path, answer)
        return answer["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        at = {} if self.moment is None else {"time": self.moment}
        return list(self.ask("/api/v1/query?" + urllib.parse.urlencode({"query": expression, **at}))["result"])

    def evaluations(self) -> list[str]:
        """When each group of rules was evaluated last."""
        return [group["lastEvaluation"] for group in self.ask("/api/v1/rules")["groups"]]

    def wait(self, expression: str) -> float:
        """The moment at which this is found."""
        found: list[dict[str, Any]] = []

        def finds() -> bool:
            found[:] = self.query(expression)
            return bool(found)

        until(finds, expression)
        return float(found[0]["value"][0])


@pytest.fixture(scope="module")
def prometheus(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """At a moment when it has seen some requests, and what the rules say about them."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not on this machine (Debian's package prometheus)")
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    # Within seconds instead of hours.
    rules = ALERTS.read_text().replace("interval: 1m", "interval: 1s")
    (folder / "alerts.yaml").write_text(rules)
    target = [{"targets": [f"127.0.0.1:{service.port}"]}]
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["alerts.yaml"],
        "scrape_configs": [{"job_name": "cds-service", "static_configs": target}],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
    options = [f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, *options, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )
    running = Prometheus(port)
    try:
        until(lambda: listens(port), "Prometheus")
        for rounds in range(1, 5):
            traffic(service)
            running.wait(seen_all(rounds))
        for _ in range(2):  # one may have been under way
            before = running.evaluations()
            until(lambda before=before: not set(before) & set(running.evaluations()), "the rules")
        running.moment = running.wait(seen_all(rounds))
        yield running
    finally:
        process.terminate()
        process.wait(HANG)


ASKED = ("sle", "als-likely", "healthy")


def seen_all(rounds: int) -> str:
    """Holds once these rounds of requests were scraped, the decision log included, which is written beside them."""
    answers = rounds * (len(ASKED) + 1)
    asked = f'sum(cds_requests_total{{route="{HOOK}", status="200"}}) == {answers}'
    return f"up == 1 and on () {asked} and on () sum(cds_decisions_written_total) == {answers}"


def listens(port: int) -> bool:
    try:
        return ask(HTTPConnection("127.0.0.1", port, timeout=HANG), "GET", "/-/ready").status == 200
    except OSError:
        return False


def traffic(service: Service) -> None:
    for story in ASKED:
        for card in service.ask("POST", HOOK, sample(story)).json()["cards"]:
            item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-24T09:00:00Z"}
            service.ask("POST", FEEDBACK, json.dumps({"feedback": [item]}).encode())
    request = json.loads(sample(ASKED[0]))
    del request["prefetch"]["devices"]
    service.ask("POST", HOOK, json.dumps(request).encode())


def test_the_service_is_scraped(prometheus: Prometheus) -> None:
    [target] = prometheus.query('up{job="cds-service"}')
    assert target["value"][1] == "1"


def test_no_rule_fails_and_the_right_alerts_are_quiet(prometheus: Prometheus) -> None:
    rules = [rule for group in prometheus.ask("/api/v1/rules")["groups"] for rule in group["rules"]]
    assert len(rules) == len(RULES)
    assert {rule["name"]: rule["lastError"] for rule in rules if rule.get("lastError")} == {}
    alerts = {rule["name"] for rule in rules if rule["type"] == "alerting" and rule["state"] == "firing"}
    assert alerts == set()


@pytest.mark.parametrize(("panel", "expression"), QUERIES, ids=[f"{n}-{title}" for n, (title, _) in enumerate(QUERIES)])
def test_each_panel_shows_what_happened(prometheus: Prometheus, panel: str, expression: str) -> None:
    expression = expression.replace("$__rate_interval", "10m").replace("$__range", "10m")
    found = prometheus.query(expression)
    if not any(word in expression for word in QUIET):
        assert found, panel


def test_metrics_are_well_formed(service: Service, prometheus: Prometheus) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on this machine")
    page = service.ask("GET", "/metrics").body
    done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
