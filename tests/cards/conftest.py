"""Rules and records for the tests of cards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cds_service.library import Library
from tests.cards.small_library import library_of


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Library]:
    """Makes a small library of the trials that it is given."""

    def made(*trials: dict[str, Any]) -> Library:
        return library_of(tmp_path, *trials)

    return made
