"""SNOMED CT in RF2: the ways in which a download goes wrong, each told with its file and line."""

from pathlib import Path

import pytest

from cds_service.terminology.sources import SourceError, open_rf2
from tests.terminology.sources import releases
from tests.terminology.sources.releases import CONCEPT_FILE, DESCRIPTION_FILE, RELATIONSHIP_FILE, ROOT

# What is done to the files.


def _without(*names: str):
    return lambda files: [files.pop(name) for name in names]


def _in(name: str, old: bytes, new: bytes, count: int = 1):
    def change(files: dict[str, bytes]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, count)

    return change


def _cut(name: str, part: float):
    def change(files: dict[str, bytes]) -> None:
        files[name] = files[name][: int(len(files[name]) * part)]

    return change


def _without_last_lines(name: str, lines: int):
    def change(files: dict[str, bytes]) -> None:
        files[name] = b"".join(files[name].splitlines(keepends=True)[:-lines])

    return change


def _twice(name: str):
    def change(files: dict[str, bytes]) -> None:
        files[name] += files[name].splitlines(keepends=True)[2]

    return change


def _utf16(name: str):
    def change(files: dict[str, bytes]) -> None:
        files[name] = files[name].decode().encode("utf-16")

    return change


def _as_full(files: dict[str, bytes]) -> None:
    for name in (CONCEPT_FILE, DESCRIPTION_FILE, RELATIONSHIP_FILE):
        files[name.replace("Snapshot", "Full")] = files.pop(name)


SNAPSHOT = "no sct2_Concept_Snapshot file; it holds the Delta and the Full"
FAULTS = [
    ("only Full and Delta", _without(CONCEPT_FILE), "release", SNAPSHOT),
    ("a Full release", _as_full, "release", SNAPSHOT),
    ("no relationships", _without(RELATIONSHIP_FILE), "release", "holds no sct2_Relationship_Snapshot file"),
    ("no descriptions", _without(DESCRIPTION_FILE), "release", "holds no sct2_Description_Snapshot file"),
    ("no RF2", lambda files: [files.pop(name) for name in list(files) if "sct2" in name], "release", "holds no RF2"),
    ("an empty folder", lambda files: files.clear(), "release", "holds no files"),
    ("an empty file", lambda files: files.update({CONCEPT_FILE: b""}), CONCEPT_FILE, "is empty"),
    ("only a heading", _without_last_lines(CONCEPT_FILE, 8), CONCEPT_FILE, "holds no concept"),
    ("concepts cut in half", _cut(CONCEPT_FILE, 0.5), CONCEPT_FILE + ":5", "cut off"),
    ("names cut in half", _cut(DESCRIPTION_FILE, 0.5), DESCRIPTION_FILE + ":6", "cut off"),
    ("relationships cut in half", _cut(RELATIONSHIP_FILE, 0.5), RELATIONSHIP_FILE + ":6", "cut off"),
    ("the last line end is missing", _cut(CONCEPT_FILE, 0.996), CONCEPT_FILE + ":9", "cut off"),
    ("concepts cut between lines", _without_last_lines(CONCEPT_FILE, 2), DESCRIPTION_FILE + ":8", "does not hold"),
    ("names cut between lines", _without_last_lines(DESCRIPTION_FILE, 5), DESCRIPTION_FILE, "gives no fully specified"),
    ("kinds cut between lines", _without_last_lines(RELATIONSHIP_FILE, 6), RELATIONSHIP_FILE, "gives no parent to 2"),
    (
        "a column too few",
        _in(CONCEPT_FILE, b"\t900000000000074008", b""),
        CONCEPT_FILE + ":2",
        "4 columns instead of 5",
    ),
    ("a column too many", _in(RELATIONSHIP_FILE, b"\t0\t", b"\t0\t\t"), RELATIONSHIP_FILE + ":2", "11 columns instead"),
    ("an empty line", _in(CONCEPT_FILE, b"\r\n", b"\r\n\r\n"), CONCEPT_FILE + ":2", "0 columns instead of 5"),
    ("other columns", _in(CONCEPT_FILE, b"moduleId", b"module"), CONCEPT_FILE + ":1", "the columns are"),
    ("blanks for tabs", _in(CONCEPT_FILE, b"\t", b" ", 999), CONCEPT_FILE + ":1", "the columns are"),
    ("no identifier", _in(CONCEPT_FILE, ROOT.encode(), b"root"), CONCEPT_FILE + ":2", "id is 'root', no number"),
    ("no date", _in(CONCEPT_FILE, b"20300101", b"2030-01-01"), CONCEPT_FILE + ":2", "effectiveTime is '2030-01-01'"),
    ("neither active nor not", _in(CONCEPT_FILE, b"\t1\t", b"\ttrue\t"), CONCEPT_FILE + ":2", "neither 0 nor 1"),
    ("a concept twice", _twice(CONCEPT_FILE), CONCEPT_FILE + ":10", "no Snapshot but a Full file"),
    ("a kind twice", _twice(RELATIONSHIP_FILE), RELATIONSHIP_FILE + ":12", "no Snapshot but a Full file"),
    ("Latin-1", _in(DESCRIPTION_FILE, "é".encode(), b"\xe9"), DESCRIPTION_FILE + ":6", "is not UTF-8"),
    ("UTF-16", _utf16(CONCEPT_FILE), CONCEPT_FILE + ":1", "is UTF-16"),
    (
        "a line without end",
        lambda files: files.update({CONCEPT_FILE: b"1" * (3 << 20)}),
        CONCEPT_FILE + ":1",
        "megabyte",
    ),
]


@pytest.mark.parametrize(("change", "where", "problem"), [pytest.param(*row, id=name) for name, *row in FAULTS])
@pytest.mark.parametrize("packing", ["folder", "zip"])
def test_a_fault_names_its_file_and_line(tmp_path: Path, change, where: str, problem: str, packing: str) -> None:
    files = releases.rf2()
    change(files)
    pack = releases.folder if packing == "folder" else releases.archive
    place = pack(tmp_path / "release", files)
    with pytest.raises(SourceError) as error:
        open_rf2(place)
    assert error.value.where.startswith(place)
    assert error.value.where.endswith(where)
    assert problem in error.value.problem


def test_a_release_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no such file or folder"):
        open_rf2(str(tmp_path / "nothing"))


@pytest.mark.parametrize("part", [0.3, 0.6, 0.999])
def test_a_zip_that_is_cut_off_is_told(tmp_path: Path, part: float) -> None:
    whole = Path(releases.archive(tmp_path / "release.zip", releases.rf2())).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(SourceError, match="damaged or cut off") as error:
        open_rf2(str(cut))
    assert error.value.where == str(cut)


def test_a_zip_that_is_damaged_inside_names_the_file_and_line(tmp_path: Path) -> None:
    path = Path(releases.archive(tmp_path / "release.zip", releases.rf2()))
    content = bytearray(path.read_bytes())
    at = content.index(b"sct2_Description_Snapshot-en") + 100
    content[at : at + 40] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"sct2_Description_Snapshot-en.*:[0-9]+: is damaged"):
        open_rf2(str(path))


@pytest.mark.parametrize(
    "name", ["../sct2_Concept_Snapshot_INT_20310101.txt", "/etc/a.txt", "a/../../b.txt", "..\\b.txt"]
)
def test_a_zip_with_a_path_that_leads_out_of_it_is_refused(tmp_path: Path, name: str) -> None:
    place = releases.archive(tmp_path / "release.zip", releases.rf2() | {name: b""})
    with pytest.raises(SourceError, match="lies outside of it"):
        open_rf2(place)


def test_a_zip_under_a_password_is_told(tmp_path: Path) -> None:
    path = Path(releases.archive(tmp_path / "release.zip", releases.rf2()))
    content = bytearray(path.read_bytes())
    for head, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # local and central headers
        at = content.find(head)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(head, at + 4)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="under a password"):
        open_rf2(str(path))


@pytest.mark.parametrize("part", [0.2, 0.9])
def test_a_gzip_file_that_is_cut_off_is_told(tmp_path: Path, part: float) -> None:
    files = releases.rf2()
    whole = Path(releases.gzipped(tmp_path / "whole.gz", files[CONCEPT_FILE])).read_bytes()
    files[CONCEPT_FILE] = whole[: int(len(whole) * part)]
    with pytest.raises(SourceError, match=r"sct2_Concept_Snapshot.*:[0-9]+: is cut off"):
        open_rf2(releases.folder(tmp_path / "release", files))
