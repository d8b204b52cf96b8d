"""Bytes that are changed, lost or added anywhere in a release: it is read, or told as a fault of it."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from cds_service.terminology.sources import (
    Source,
    SourceError,
    open_athena,
    open_gps,
    open_rf2,
)
from tests.terminology.sources import releases
from tests.terminology.sources.test_athena import athena
from tests.terminology.sources.test_gps import NAME, gps

DAMAGED = 100
"""Damaged copies of each release."""


def _damage(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    length = chance.choice([1, 1, 1, 5, 60])
    piece = bytes(chance.choice([9, 10, 13, 48, 49, 255, 0, chance.randrange(256)]) for _ in range(length))
    return content[:at] + chance.choice([b"", piece, content[at : at + length] * 2]) + content[at + length :]


@pytest.mark.parametrize(
    ("files", "opened", "packed"),
    [
        pytest.param(releases.rf2(), open_rf2, False, id="rf2"),
        pytest.param(releases.rf2(), open_rf2, True, id="rf2 zip"),
        pytest.param(athena(), open_athena, False, id="athena"),
        pytest.param(athena(), open_athena, True, id="athena zip"),
        pytest.param({NAME: gps()}, open_gps, False, id="gps"),
        pytest.param({NAME: gps()}, open_gps, True, id="gps zip"),
    ],
)
def test_damage_is_read_or_told(
    tmp_path: Path, files: dict[str, bytes], opened: Callable[[str], object], packed: bool
) -> None:
    chance, told = random.Random(20), []
    whole = Path(releases.archive(tmp_path / "whole.zip", files)).read_bytes()
    for number in range(DAMAGED):
        place = tmp_path / str(number)
        if packed:
            place.write_bytes(_damage(whole, chance))
        else:
            name = chance.choice(sorted(files))
            releases.folder(place, files | {name: _damage(files[name], chance)})
        try:
            opened(str(place))
        except SourceError as error:
            told.append((str(place), error.where, error.problem))
    assert [row for row in told if not row[1].startswith(row[0]) or not row[2]] == []
    assert len(told) > DAMAGED / 10


@pytest.mark.parametrize("opened", [open_rf2, open_athena, open_gps])
def test_a_pipe_is_not_waited_for(tmp_path: Path, opened: Callable[[str], Source]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="neither a folder nor a regular file"):
        opened(str(tmp_path / "pipe"))
