import pytest

from cds_service.library import Library


@pytest.fixture
def rules_at_hand(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command with the rules that the tests share; `test_as_a_process` loads them as the command does."""
    monkeypatch.setattr("cds_service.cli.codes._knowledge", lambda: library.facts)
