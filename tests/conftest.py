"""For every test: what the service keeps is kept in a folder of the test run, and no setting comes from outside."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Also for services that tests start as processes of their own."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith("CDS_")]:
            patch.delenv(name)
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield folder
