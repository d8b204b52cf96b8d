"""A real Prometheus scrapes a real service: every rule and every panel is computed without an error, and sees data."""

import json
import shutil
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
import yaml

from tests.deploy.manifests import ALERTS
from tests.deploy.running import FEEDBACK, HOOK, Service, ask, free_port, running, sample
from tests.deploy.test_prometheus import QUERIES, RULES

pytestmark = pytest.mark.slow
# What no healthy service has to show.
QUIET = {"fhir_fetches", "database_failures", "decisions_dropped", "held_back", "state!=", "not_understood"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("scraped"), CDS_SUPPRESS_DAYS="0") as started:
        yield started


@pytest.fixture(scope="module")
def prometheus(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Its port, after some requests were seen."""
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
    try:
        for _ in range(8):
            traffic(service)
            time.sleep(1.2)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def traffic(service: Service) -> None:
    for story in ("sle", "als-likely", "healthy"):
        for card in service.ask("POST", HOOK, sample(story)).json()["cards"]:
            item = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-11-24T09:00:00Z"}
            service.ask("POST", FEEDBACK, json.dumps({"feedback": [item]}).encode())


def query(port: int, expression: str) -> list[dict[str, Any]]:
    path = "/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    answer = ask(HTTPConnection("127.0.0.1", port, timeout=20), "GET", path).json()
    assert answer["status"] == "success", (expression, answer)
    return list(answer["data"]["result"])


def test_the_service_is_scraped(prometheus: int) -> None:
    [target] = query(prometheus, 'up{job="cds-service"}')
    assert target["value"][1] == "1"


def test_no_rule_fails_and_the_right_alerts_are_quiet(prometheus: int) -> None:
    answer = ask(HTTPConnection("127.0.0.1", prometheus, timeout=20), "GET", "/api/v1/rules").json()
    rules = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
    assert len(rules) == len(RULES)
    assert {rule["name"]: rule["lastError"] for rule in rules if rule.get("lastError")} == {}
    alerts = {rule["name"] for rule in rules if rule["type"] == "alerting" and rule["state"] == "firing"}
    assert alerts == set()


@pytest.mark.parametrize(("panel", "expression"), QUERIES, ids=[f"{n}-{title}" for n, (title, _) in enumerate(QUERIES)])
def test_each_panel_shows_what_happened(prometheus: int, panel: str, expression: str) -> None:
    expression = expression.replace("$__rate_interval", "10s").replace("$__range", "1m")
    found = query(prometheus, expression)
    if not any(word in expression for word in QUIET):
        assert found, panel


def test_metrics_are_well_formed(service: Service, prometheus: int) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on this machine")
    page = service.ask("GET", "/metrics").body
    done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
