"""What lies in deploy/, read for the tests."""

import os
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "cds-service"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "cds-service.json"
OPERATIONS = ROOT / "docs" / "operations.md"

# What a compose file may take from its environment: ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?message}.
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")


def compose(**given: str) -> dict[str, Any]:
    """deploy/compose.yaml with these variables, its anchors resolved. A required one is `x` unless given."""

    def value(found: re.Match[str]) -> str:
        name, how, rest = found.groups()
        if name in given and (given[name] or how == "-"):
            return given[name]
        return "x" if how is not None and "?" in how else (rest or "")

    document: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(value, (DEPLOY / "compose.yaml").read_text()))
    return document


def resources(rendered: dict[str, str]) -> list[dict[str, Any]]:
    """The Kubernetes resources of a chart that was rendered."""
    texts = (text for name, text in sorted(rendered.items()) if name.endswith(".yaml"))
    return [resource for text in texts for resource in yaml.safe_load_all(text) if resource]


def all_files() -> list[Path]:
    """Every file of deploy/, links left out."""
    found = (Path(folder) / name for folder, _, names in os.walk(DEPLOY) for name in names)
    return sorted(path for path in found if not path.is_symlink() and "__pycache__" not in path.parts)
