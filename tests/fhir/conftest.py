"""Documents to read, made from resources written as plain dictionaries."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cds_service.fhir import Record, read_bundle

Json = dict[str, Any]


@pytest.fixture
def bundle_of() -> Callable[..., bytes]:
    """A Bundle of resources (or of whole entries: what has no resourceType), as bytes."""

    def make(*resources: Any, **elements: Any) -> bytes:
        entries = [r if not isinstance(r, dict) or "resourceType" not in r else {"resource": r} for r in resources]
        return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries} | elements).encode()

    return make


@pytest.fixture
def read(bundle_of: Callable[..., bytes]) -> Callable[..., Record]:
    """Read a record of patient `p` from the resources given besides the Patient."""

    def make(*resources: Any) -> Record:
        return read_bundle(bundle_of({"resourceType": "Patient", "id": "p"}, *resources))

    return make
