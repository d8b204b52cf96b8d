"""The rules that are shipped, ready to answer."""

from pathlib import Path

import pytest

from benchmarks.decision import Decision
from cds_service.library import Library, load_library


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library(Path(__file__).parents[2] / "rules")


@pytest.fixture(scope="session")
def decision(library: Library) -> Decision:
    return Decision(library)
