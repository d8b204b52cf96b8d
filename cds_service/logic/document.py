"""The fact document: facts nested by the dots of their names."""

from collections.abc import Mapping
from typing import Any


def node_at(facts: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """What the document says of a fact; empty where it says nothing."""
    node: Any = facts
    for step in path.split("."):
        node = node.get(step, {}) if isinstance(node, Mapping) else {}
    return node if isinstance(node, Mapping) else {}


def placed(path: str, node: Any) -> dict[str, Any]:
    """A document that holds one fact and nothing else."""
    for step in reversed(path.split(".")):
        node = {step: node}
    return dict(node)
