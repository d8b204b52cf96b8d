"""What unpacking may come to, and what of a folder or an archive is never followed."""

import gzip
import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from cds_service.feed import UnpackingBounds, UnreadPlace, each_document, is_request, opened

PATIENT = json.dumps({"resourceType": "Patient", "id": "p"}).encode() + b"\n"
SMALL = UnpackingBounds(unpacked=200_000, ratio=20, free=10_000, members=3)


def read(source: Path, bounds: UnpackingBounds = SMALL) -> tuple[int, list[UnreadPlace]]:
    """How many documents there were, and the problems."""
    problems: list[UnreadPlace] = []
    found = 0
    for place, stream in opened([str(source)], problems.append, bounds):
        found += sum(1 for _ in each_document(place, stream, problems.append, lambda data, at: at))
    return found, problems


def zipped(path: Path, members: dict[str, bytes], links: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if name in links:
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, content)
    return path


def test_what_unpacks_to_many_times_its_size_is_refused_as_it_is_read(tmp_path: Path) -> None:
    bomb = tmp_path / "a.ndjson.gz"
    bomb.write_bytes(gzip.compress(PATIENT * 4_000))
    found, (problem,) = read(bomb)
    assert (problem.place, problem.message[:36]) == (str(bomb), "unpacks to more than 20 times its si")
    assert found < 4_000


def test_no_more_is_unpacked_than_one_file_may_come_to_all_members_together(tmp_path: Path) -> None:
    noise = [PATIENT + os.urandom(60_000).hex().encode() + b"\n" for _ in range(3)]
    archive = zipped(tmp_path / "a.zip", {f"{n}.ndjson": text for n, text in enumerate(noise)})
    _, problems = read(archive)
    assert any("unpacks to more than" in problem.message for problem in problems)
    assert all(str(archive) in problem.place for problem in problems)


def test_a_small_file_may_unpack_to_anything_below_what_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(PATIENT * 200))
    assert read(path) == (200, [])


NEVER = [
    ("../out.json", "has a name that leads out of the archive and was not read"),
    ("/etc/out.json", "has a name that leads out of the archive and was not read"),
    ("C:\\out.json", "has a name that leads out of the archive and was not read"),
    ("link.json", "is a link and was not followed"),
    ("inner.zip", "is an archive within an archive, or one that comes as a stream: unpack it first"),
    ("twice.gz", "is packed twice: unpack it first"),
]


@pytest.mark.parametrize(("name", "message"), NEVER)
def test_what_of_an_archive_is_not_followed_is_named_and_the_rest_counts(
    name: str, message: str, tmp_path: Path
) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.json", PATIENT)
    content = {"inner.zip": inner.getvalue(), "twice.gz": gzip.compress(gzip.compress(PATIENT))}.get(name, PATIENT)
    path = zipped(tmp_path / "a.zip", {name: content, "b.json": PATIENT}, links=("link.json",))
    assert read(path) == (1, [UnreadPlace(f"{path} {name}", message)])


def test_an_archive_with_very_many_files_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {f"{n}.json": PATIENT for n in range(4)})
    assert read(path) == (0, [UnreadPlace(str(path), "holds more than 3 files and was not read")])


def test_a_link_out_of_a_folder_is_named_and_one_within_is_read_once(tmp_path: Path) -> None:
    folder, outside = tmp_path / "charts", tmp_path / "secret"
    for each in (folder, outside):
        each.mkdir()
        (each / "a.json").write_bytes(PATIENT)
    (folder / "again.json").symlink_to(folder / "a.json")
    (folder / "out.json").symlink_to(outside / "a.json")
    (folder / "all").symlink_to(outside)
    os.mkfifo(folder / "pipe.json")
    found, problems = read(folder)
    assert found == 1
    assert {problem.place.rpartition("/")[2]: problem.message for problem in problems} == {
        "all": "is a link to another folder and was not followed",
        "out.json": "is a link out of the folder and was not followed",
        "pipe.json": "is no regular file and was not read",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"hook": "patient-view", "prefetch": {}}', True),
        ('{"prefetch": {"patient": null}}', True),
        ('{"resourceType": "Bundle", "hook": "x"}', False),
        ('{"transactionTime": "2026", "output": []}', False),
        ('[{"hook": "patient-view"}]', False),
        ('{"hook": "patient-view"', False),
    ],
)
def test_what_is_a_hook_request(text: str, expected: bool) -> None:
    assert is_request(text.encode()) is expected
