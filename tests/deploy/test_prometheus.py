"""Alerts and dashboard: sound, and about metrics, labels and headings that exist."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_service.cds_hooks import SERVICES
from cds_service.server import Metrics
from tests.deploy.manifests import ALERTS, DASHBOARD, DEPLOY, OPERATIONS
from tests.waiting import HANG

RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
ALERTING = [rule for rule in RULES if "alert" in rule]
PANELS: list[dict[str, Any]] = [
    panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"
]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
# Labels that Prometheus adds, and those of PromQL itself.
ADDED = {"job", "instance"}
SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}


@pytest.fixture(scope="module")
def metrics() -> dict[str, set[str]]:
    """Name of each series that /metrics may have, with its labels."""
    found = {}
    for metric, names in Metrics(["/x"], ["y"], ["z"]).registry._collector_to_names.items():
        labels = set(metric._labelnames)  # type: ignore[attr-defined]
        for name in names:
            found[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    return found


def named(expression: str) -> set[str]:
    return set(re.findall(r"\b(cds_[a-z0-9_]+)\b", expression))


def test_each_metric_named_exists(metrics: dict[str, set[str]]) -> None:
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    for where, expression in [*((r.get("alert") or r["record"], r["expr"]) for r in RULES), *QUERIES]:
        assert named(expression) - set(metrics) == set(), where
        assert set(re.findall(r"\bcds:[a-z0-9_:]+", expression)) - recorded == set(), where


def test_what_is_said_of_hooks_is_said_of_every_service() -> None:
    """A selector of routes takes the hooks of all services or of none, and no feedback along with only some."""
    hooks, feedback = {one.path for one in SERVICES}, {one.feedback_path for one in SERVICES}
    whole = 0
    for where, expression in [*((r.get("alert") or r["record"], r["expr"]) for r in RULES), *QUERIES]:
        for kind, value in re.findall(r'\broute(=~|=)"([^"]*)"', expression):
            pattern = value if kind == "=~" else re.escape(value)
            taken = {path for path in hooks | feedback if re.fullmatch(pattern, path)}
            assert taken in (set(), hooks, feedback, hooks | feedback), where
            whole += taken == hooks
    assert whole


def test_each_label_asked_for_exists(metrics: dict[str, set[str]]) -> None:
    for where, expression in [*((r.get("alert") or r["record"], r["expr"]) for r in RULES), *QUERIES]:
        for name, selector in re.findall(r"(cds_[a-z0-9_]+)\{([^}]*)\}", expression):
            labels = set(re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", selector))
            assert labels - metrics[name] - ADDED == set(), where
        known = {label for name in named(expression) for label in metrics[name]} | ADDED
        if named(expression):
            for group in re.findall(r"\b(?:sum|count|max|min|avg) by \(([^)]*)\)", expression):
                assert {label.strip() for label in group.split(",")} - known == set(), where


def test_each_metric_is_looked_at(metrics: dict[str, set[str]]) -> None:
    """A metric that neither an alert nor the dashboard shows is one that nobody sees."""
    seen = {
        name for expression in [*(r["expr"] for r in RULES), *(e for _, e in QUERIES)] for name in named(expression)
    }
    bases = {re.sub(r"_(total|bucket|sum|count|created)$", "", name) for name in metrics}
    assert bases - {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in seen} == set()


def test_each_alert_leads_into_the_run_book() -> None:
    headings = re.findall(r"^#+ (.+)$", OPERATIONS.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for rule in ALERTING:
        assert rule["annotations"]["runbook"] in anchors, rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not on this machine (Debian's package prometheus)")
    return found


def run(*command: str, cwd: Path = DEPLOY / "prometheus") -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, check=False, text=True, timeout=HANG)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_its_configuration(promtool: str) -> None:
    assert "SUCCESS" in run(promtool, "check", "config", "prometheus.yaml")


def test_alerts_fire_when_they_should(promtool: str) -> None:
    assert "SUCCESS" in run(promtool, "test", "rules", "alerts.test.yaml")


def test_the_dashboards_queries_are_promql(promtool: str, tmp_path: Path) -> None:
    fill = {"$__rate_interval": "5m", "$__range": "1d"}
    rules = []
    for number, (_, expression) in enumerate(QUERIES):
        for variable, value in fill.items():
            expression = expression.replace(variable, value)  # noqa: PLW2901
        rules.append({"record": f"panel:{number}", "expr": expression})
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in run(promtool, "check", "rules", "panels.yaml", cwd=tmp_path)
