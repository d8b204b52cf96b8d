"""A patient's id does not get into the database; the key decides under which name it does."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cds_service.store import Pseudonyms, StoreError, kept_key

KEY = b"0123456789abcdef0123456789abcdef"


def test_the_same_patient_of_the_same_client_has_the_same_name() -> None:
    name = Pseudonyms(KEY).patient("ehr", "1288992")
    assert name == Pseudonyms(KEY).patient("ehr", "1288992")
    assert len(name) == 64
    assert "1288992" not in name


def test_another_key_client_patient_or_kind_is_another_name() -> None:
    here = Pseudonyms(KEY)
    names = [
        here.patient("ehr", "1"),
        Pseudonyms(KEY[::-1]).patient("ehr", "1"),
        here.patient("other", "1"),
        here.patient("ehr", "2"),
        here.encounter("ehr", "1"),
        here.patient("ehr1", ""),
    ]
    assert len(set(names)) == len(names)


def test_a_short_key_is_refused_without_showing_it() -> None:
    with pytest.raises(StoreError, match="at least 32 bytes") as caught:
        Pseudonyms(b"short-secret")
    assert "short-secret" not in str(caught.value)


def test_a_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path) -> None:
    key = kept_key(tmp_path)
    assert len(key) == 64
    assert kept_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["hash.key"]
    assert (tmp_path / "hash.key").stat().st_mode & 0o777 == 0o600


def test_workers_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(lambda _: kept_key(tmp_path), range(64)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["hash.key"]


def test_a_folder_that_cannot_keep_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="set CDS_HASH_KEY"):
        kept_key(tmp_path / "nowhere")
