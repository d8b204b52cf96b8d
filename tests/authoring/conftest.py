"""The rules of the repository."""

import pytest

from cds_service.library import Library, load_library
from cds_service.settings import default_rules_dir


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library(default_rules_dir())
