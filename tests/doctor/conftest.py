"""doctor with the rules that come with the service, on a fixed day."""

from datetime import date

import pytest

from cds_service.doctor import Examiner
from cds_service.library import Library
from cds_service.server import card_options
from cds_service.settings import Settings


@pytest.fixture(scope="session")
def examiner(library: Library) -> Examiner:
    return Examiner(library, lambda: date(2026, 5, 15), card_options(Settings(), None))


@pytest.fixture
def rules_at_hand(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands take the rules that are loaded already, which saves seconds for each."""
    monkeypatch.setattr("cds_service.library.load_library", lambda *_args, **_options: library)
