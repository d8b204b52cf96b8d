"""Every container of FHIR gives the same entries, and what is broken loses nothing but itself."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from cds_service.feed import UnreadPlace, documents, read_feed

RESOURCES = [
    {"resourceType": "Patient", "id": "p1"},
    {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}, "code": {"text": "one"}},
    {"resourceType": "Condition", "id": "c2", "subject": {"reference": "Patient/p1"}, "code": {"text": "two"}},
]
LINES = [json.dumps(resource).encode() for resource in RESOURCES]
NDJSON = b"\n".join(LINES) + b"\n"
BUNDLE = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in RESOURCES]}
PARAMETERS = {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": BUNDLE}]}
MANIFEST = {"transactionTime": "2026-11-30T00:00:00Z", "request": "https://ehr.example/$export", "output": []}


def text(document: object, **options: int) -> bytes:
    return json.dumps(document, **options).encode()  # type: ignore[arg-type]  # of json.dumps


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


CONTAINERS = {
    "a Bundle": {"a.json": text(BUNDLE)},
    "a Bundle laid out for people": {"a.json": text(BUNDLE, indent=2)},
    "a Bundle laid out for people, called NDJSON": {"a.ndjson": text(BUNDLE, indent=2)},
    "a list": {"a.json": text(RESOURCES)},
    "a list with a resource on each line": {"a.json": b"[\n" + b",\n".join(LINES) + b"\n]"},
    "Parameters": {"a.json": text(PARAMETERS)},
    "single resources": {f"{n}.json": line for n, line in enumerate(LINES)},
    "NDJSON": {"a.ndjson": NDJSON},
    "NDJSON called JSON": {"a.json": NDJSON},
    "NDJSON with CRLF, blank lines and a byte-order mark": {"a.ndjson": b"\xef\xbb\xbf" + b"\r\n\r\n".join(LINES)},
    "NDJSON of Bundles": {"a.ndjson": text(BUNDLE) + b"\n" + text({"resourceType": "Bundle"})},
    "gzip": {"a.ndjson.gz": gzip.compress(NDJSON)},
    "gzip of a Bundle": {"a.json.gz": gzip.compress(text(BUNDLE))},
    "gzip without its name": {"a.ndjson": gzip.compress(NDJSON)},
    "zip": {"a.zip": zipped({"a.ndjson": NDJSON})},
    "zip with folders, gzip and other things": {
        "a.zip": zipped(
            {"x/a.json.gz": gzip.compress(text(BUNDLE)), "README.md": b"# what", "__MACOSX/x/a.json": b"junk"}
        )
    },
    "a bulk export": {
        "manifest.json": text(MANIFEST),
        "Patient.ndjson": LINES[0],
        "more/Condition.000.ndjson": LINES[1],
        "more/Condition.001.ndjson.gz": gzip.compress(LINES[2]),
        "more/notes.csv": b"a,b",
        ".hidden.json": b"{",
    },
    "UTF-16": {"a.json": json.dumps(BUNDLE).encode("utf-16")},
}


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def read(*sources: Path | str, largest: int = 1 << 20) -> tuple[list[str], list[UnreadPlace]]:
    """The types met, and the problems."""
    problems: list[UnreadPlace] = []
    types = [
        entry.type
        for _, found in read_feed([str(source) for source in sources], problems.append, largest)
        for document in found
        for entry in document.entries
    ]
    return sorted(types), problems


@pytest.mark.parametrize("files", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_holds_the_same(files: dict[str, bytes], tmp_path: Path) -> None:
    assert read(written(tmp_path, files)) == (["Condition", "Condition", "Patient"], [])


def test_several_sources_are_read_and_a_file_only_once(tmp_path: Path) -> None:
    written(tmp_path, {"a/x.json": LINES[1], "b.txt": LINES[2]})
    types, problems = read(tmp_path / "a", tmp_path / "a" / "x.json", tmp_path / "b.txt")
    assert (types, problems) == (["Condition", "Condition"], [])


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given = io.TextIOWrapper(io.BufferedReader(io.BytesIO(gzip.compress(NDJSON))))  # type: ignore[arg-type,type-var]  # of io's stubs
    monkeypatch.setattr("sys.stdin", given)
    assert read("-") == (["Condition", "Condition", "Patient"], [])


CUT = gzip.compress(NDJSON * 2_000, mtime=0)
BROKEN = {
    "a line cut off": ({"a.ndjson": NDJSON + LINES[1][:40]}, 3, ["a.ndjson line 4"]),
    "a line cut off in between": ({"a.ndjson": LINES[0] + b"\n{\n" + LINES[1] + b"\n"}, 2, ["a.ndjson line 2"]),
    "the first line": ({"a.ndjson": LINES[0][:20] + b"\n" + NDJSON}, 3, ["a.ndjson line 1"]),
    "the first lines": (
        {"a.ndjson": (LINES[0][:20] + b"\n") * 4 + NDJSON},
        3,
        [f"a.ndjson line {n}" for n in (1, 2, 3, 4)],
    ),
    "the first line, called JSON": ({"a.json": b"oops\n" + NDJSON}, 3, ["a.json line 1"]),
    "a line that is no resource": ({"a.ndjson": NDJSON + b'{"a": 1}\n'}, 3, ["a.ndjson line 4"]),
    "a line that is too long": (
        {"a.ndjson": NDJSON + b'"' + b"x" * 2_000_000 + b'"\n' + LINES[1]},
        4,
        ["a.ndjson line 4"],
    ),
    "an entry that is no resource": (
        {"a.json": text({**BUNDLE, "entry": [{"resource": {}}, *BUNDLE["entry"]]})},
        3,
        ["a.json entry 1"],
    ),
    "a document that is too large": ({"a.json": b"{" + b" " * 2_000_000 + b"}", "b.ndjson": NDJSON}, 3, ["a.json"]),
    "a file that is no JSON": ({"a.json": b"<html>", "b.ndjson": NDJSON}, 3, ["a.json"]),
    "an empty file": ({"a.json": b"", "b.ndjson": NDJSON}, 3, []),
    "an archive within an archive": (
        {"a.zip": zipped({"b.zip": zipped({"a.json": LINES[1]}), "c.ndjson": NDJSON})},
        3,
        ["a.zip b.zip"],
    ),
    "a damaged archive": ({"a.zip": zipped({"a.json": LINES[1]})[:60], "b.ndjson": NDJSON}, 3, ["a.zip"]),
    "a damaged gzip": ({"a.gz": b"\x1f\x8bxxxxxxxxxxxx", "b.ndjson": NDJSON}, 3, ["a.gz"]),
}


@pytest.mark.parametrize(("files", "entries", "places"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_named_with_its_place_and_the_rest_counts(
    files: dict[str, bytes], entries: int, places: list[str], tmp_path: Path
) -> None:
    types, problems = read(written(tmp_path, files))
    assert (len(types), [problem.place for problem in problems]) == (entries, [f"{tmp_path}/{at}" for at in places])


def test_what_comes_before_the_end_of_a_file_that_is_cut_off_counts(tmp_path: Path) -> None:
    types, (problem,) = read(written(tmp_path, {"a.ndjson.gz": CUT[: len(CUT) // 2]}))
    assert (problem.place, problem.message) == (f"{tmp_path}/a.ndjson.gz", "is cut off: what came before it counts")
    assert len(types) > 100


def test_a_file_that_can_not_be_opened_is_named(tmp_path: Path) -> None:
    assert read(tmp_path / "none.json") == ([], [UnreadPlace(f"{tmp_path}/none.json", "No such file or directory")])


def test_a_stream_is_read_no_further_than_it_is_asked_for() -> None:
    """Memory does not grow with a feed: a line is read when the one before it is done with."""

    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # of io's stubs
            self.given += len(buffer)
            line = LINES[1] + b"\n"
            buffer[:] = (line * (len(buffer) // len(line) + 1))[: len(buffer)]
            return len(buffer)

    endless = Endless()
    found = documents("endless.ndjson", io.BufferedReader(endless, 4_096), lambda problem: None)
    for _ in range(1_000):
        next(found)
    assert endless.given < 2 * 1_000 * (len(LINES[1]) + 1)
