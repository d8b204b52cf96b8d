"""What Prometheus is told: counts under names of ours."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.library import Library
from cds_service.server import MOST_TRIALS, Metrics
from cds_service.settings import Settings
from tests.cds_hooks.conftest import AS_OF

URL = "/cds-services/clinical-trial-match"


@pytest.fixture
def client(library: Library, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(log_level="error", state_dir=tmp_path), library, lambda: AS_OF)) as client:
        yield client


def values(client: TestClient, name: str) -> dict[str, float]:
    """The samples of one metric by their labels, as they are written."""
    lines = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", client.get("/metrics").text, flags=re.MULTILINE)
    return {labels: float(value) for labels, value in lines}


def test_requests_are_counted_by_route_and_status(client: TestClient, hook_request: Callable[..., Any]) -> None:
    client.post(URL, json=hook_request())
    client.post(URL, json={})
    client.get("/SECRET/path")
    client.get("/cds-services")
    assert values(client, "cds_requests_total") == {
        f'route="{URL}",status="200"': 1,
        f'route="{URL}",status="400"': 1,
        'route="other",status="404"': 1,
        'route="/cds-services",status="200"': 1,
    }
    assert values(client, "cds_request_seconds_count")[f'route="{URL}"'] == 2
    assert values(client, "cds_requests_running") == {"": 1}


def test_prefetch_is_counted_by_key_and_state_also_where_there_is_no_answer(
    client: TestClient, hook_request: Callable[..., Any], made: SimpleNamespace
) -> None:
    html = "<html>SECRET</html>"
    client.post(URL, json=hook_request(patient=made.patient(), conditions=html, observations=None, SECRET={}))
    found = values(client, "cds_prefetch_total")
    states = dict(re.findall(r'key="(\w+)",state="(\w+)"', "\n".join(found)))
    assert states["patient"] == "supplied"
    assert states["conditions"] == "unreadable"
    assert states["observations"] == "null"
    assert states["procedures"] == "absent"
    assert set(found.values()) == {1}
    assert not any("SECRET" in labels for labels in found)


def test_answers_are_counted_by_verdict_card_and_what_stays_unknown(
    client: TestClient, hook_request: Callable[..., Any]
) -> None:
    cards = client.post(URL, json=hook_request()).json()["cards"]
    verdicts = values(client, "cds_verdicts_total")
    assert verdicts['trial="NCT07083349",verdict="possibly_eligible"'] == 1
    # Trials that the index rules out are not looked at.
    assert len(verdicts) == 2
    assert sum(values(client, "cds_cards_total").values()) == len(cards)
    unknown = values(client, "cds_unknown_facts_total")
    assert any(labels.endswith('reason="not_supplied"') for labels in unknown)
    assert all(value == 1 for value in unknown.values())


def test_the_rules_that_run_are_told(client: TestClient, library: Library) -> None:
    states = values(client, "cds_rules_trials")
    assert states['state="active"'] == sum(trial.state == "active" for trial in library.trials)
    digest = client.get("/version").json()["rule_set"]
    assert any(f'rule_set="{digest}"' in labels for labels in values(client, "cds_rules_info"))


def test_it_is_in_the_format_of_prometheus(client: TestClient) -> None:
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert "# TYPE cds_request_seconds histogram" in response.text


WORKER = """
import sys
from cds_service.server import Metrics
metrics = Metrics(["/x"], [], [])
for _ in range(3):
    metrics.request_started()
    metrics.request_ended("/x", 200, 0.1)
metrics.decisions_queued(4)
metrics.database_available(sys.argv[1] == "up")
sys.stdout.write(metrics.exposition().decode())
"""


def test_workers_add_up_and_a_dead_ones_gauges_are_forgotten(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def work(code: str, *arguments: str) -> str:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    work(WORKER, "up")
    told = work(WORKER, "down")
    assert 'cds_requests_total{route="/x",status="200"} 6.0' in told
    assert "cds_decisions_queued 8.0" in told
    assert "cds_database_available 0.0" in told
    told = work("from cds_service.server import forget_dead_workers; forget_dead_workers()\n" + WORKER, "up")
    assert 'cds_requests_total{route="/x",status="200"} 9.0' in told
    assert "cds_decisions_queued 4.0" in told
    assert "cds_database_available 1.0" in told


def test_only_so_many_trials_are_labels_of_their_own() -> None:
    metrics = Metrics((), (), ())
    for number in range(MOST_TRIALS + 500):
        metrics.answered({f"NCT{number:08}": "undetermined"}, (), (f"NCT{number:08}",), 0)
    lines = metrics.exposition().decode().splitlines()
    verdicts = [line for line in lines if line.startswith("cds_verdicts_total{")]
    assert len(verdicts) == MOST_TRIALS + 1
    assert 'cds_verdicts_total{trial="other",verdict="undetermined"} 500.0' in verdicts
    assert 'cds_cards_total{trial="other"} 500.0' in lines
