"""The small rules folder, loaded, and a shorthand for the facts of a record."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.facts import FactReaders, FactSheet, build_sheet, load_facts
from cds_service.facts.fact import Fact
from tests.facts.records import Json, record
from tests.facts.small_rules import write_rules

AS_OF = date(2026, 6, 1)


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules"))


@pytest.fixture(scope="session")
def knowledge(rules: Path) -> FactReaders:
    known, findings = load_facts(rules)
    assert not findings
    return known


@pytest.fixture(scope="session")
def sheet(knowledge: FactReaders) -> Callable[..., FactSheet]:
    """The fact sheet of patient `p` (a woman born on 15 June 1980) with these resources, as of 1 June 2026."""

    def make(*resources: Json, about: Json | None = None, as_of: date = AS_OF) -> FactSheet:
        return build_sheet(record(*resources, about=about), knowledge, as_of)

    return make


@pytest.fixture(scope="session")
def fact(sheet: Callable[..., FactSheet]) -> Callable[..., Fact]:
    """One fact of a patient with these resources."""

    def make(name: str, *resources: Json, **options: Any) -> Fact:
        return sheet(*resources, **options)[name]

    return make


@pytest.fixture(scope="session")
def node(sheet: Callable[..., FactSheet]) -> Callable[..., dict[str, Any]]:
    """What the fact document says of one fact, in one world; empty where it is unknown."""

    def make(name: str, *resources: Json, world: str = "closed", **options: Any) -> dict[str, Any]:
        found: Any = sheet(*resources, **options).document(world)  # type: ignore[arg-type]
        for step in name.split("."):
            found = found.get(step, {})
        return dict(found)

    return make
