"""The Global Patient Set: an invented one in the layouts it has come in, and what it cannot answer."""

from pathlib import Path

import pytest

from cds_service.terminology.sources import (
    Concept,
    FilterCondition,
    Source,
    SourceError,
    UnsupportedFilterError,
    open_gps,
)
from tests.terminology.sources import releases
from tests.terminology.sources.releases import BOTH, GREY, HUMOUR, MOON, NAMES, OLD, RETIRED, ROOT, SNOMED, TIDE

NAME = "SnomedINTL_GPSRelease_PRODUCTION_20310701T120000Z.txt"
FLAGS = {True: "1", False: "0"}


def rows(flags: dict[bool, str] = FLAGS) -> list[list[str]]:
    return [[code, flags[code not in RETIRED], name, name.rpartition(" (")[0]] for code, name in NAMES.items()]


def gps(*, heading: str = "", flags: dict[bool, str] = FLAGS, order: tuple[int, ...] = (0, 1, 2, 3)) -> bytes:
    lines = ["\t".join(row[at] for at in order) for row in rows(flags)]
    return "".join(f"{line}\r\n" for line in ([heading] if heading else []) + lines).encode()


def opened(tmp_path: Path, content: bytes, name: str = NAME) -> Source:
    (tmp_path / name).write_bytes(content)
    return open_gps(str(tmp_path / name))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gps(), id="no heading, as the guide shows it"),
        pytest.param(gps(heading="Concept ID\tActive\tFSN\tUS Preferred Term"), id="a heading"),
        pytest.param(gps(flags={True: "Active", False: "Inactive"}), id="words for active"),
        pytest.param(gps(heading="id\tFSN\tPT\tstatus", order=(0, 2, 3, 1)), id="the older order"),
        pytest.param(b"\xef\xbb\xbf" + gps(), id="a byte order mark"),
        pytest.param(gps().replace(b"\r\n", b"\n"), id="other line ends"),
    ],
)
def test_identifiers_names_and_status_are_read(tmp_path: Path, content: bytes) -> None:
    source = opened(tmp_path, content)
    assert source.releases == ((SNOMED, "Global Patient Set 20310701"),)
    assert source.concept(SNOMED, GREY) == Concept(GREY, NAMES[GREY])
    assert source.concept(SNOMED, OLD) == Concept(OLD, NAMES[OLD], active=False)
    assert source.concept(SNOMED, releases.sctid(12345)) is None
    assert [one.code for one in source.expand(SNOMED, [])] == sorted(NAMES.keys() - RETIRED)


def test_a_list_of_active_concepts_alone_is_read(tmp_path: Path) -> None:
    source = opened(tmp_path, gps(order=(0, 2)))
    assert source.concept(SNOMED, OLD) == Concept(OLD, NAMES[OLD])


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (FilterCondition("display", "regex", r"(?i).*moon.*\(disorder\)"), {MOON, GREY, BOTH}),
        (FilterCondition("display", "=", NAMES[TIDE]), {TIDE}),
        (FilterCondition("code", "in", f"{HUMOUR},{OLD}"), {HUMOUR}),
        (FilterCondition("code", "regex", "13887.*"), {ROOT}),
    ],
)
def test_codes_and_names_are_answered(tmp_path: Path, condition: FilterCondition, expected: set[str]) -> None:
    assert {one.code for one in opened(tmp_path, gps()).expand(SNOMED, [condition])} == expected


@pytest.mark.parametrize(
    "condition",
    [
        FilterCondition("concept", "is-a", HUMOUR),
        FilterCondition("concept", "descendent-of", HUMOUR),
        FilterCondition("concept", "is-not-a", HUMOUR),
        FilterCondition("constraint", "=", f"<< {HUMOUR}"),
        FilterCondition("363698007", "=", HUMOUR),
    ],
)
def test_descent_is_not_answered_and_says_what_would(tmp_path: Path, condition: FilterCondition) -> None:
    with pytest.raises(UnsupportedFilterError, match=r"flat list of identifiers and names.*rf2:DIR"):
        opened(tmp_path, gps()).expand(SNOMED, [condition])


def test_the_text_is_found_in_a_folder_a_zip_and_gzip(tmp_path: Path) -> None:
    files = {f"GPS/{NAME}": gps(), "GPS/licence.txt": b"An invented licence.", "GPS/guide.pdf": b"%PDF"}
    places = [
        releases.folder(tmp_path / "folder", files),
        releases.archive(tmp_path / "release.zip", files),
        releases.gzipped(tmp_path / f"{NAME}.gz", gps()),
    ]
    assert {open_gps(place).releases[0].version for place in places} == {"Global Patient Set 20310701"}
    assert [len(list(open_gps(place).expand(SNOMED, []))) for place in places] == [7, 7, 7]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        pytest.param(b"", "", "holds no identifier", id="empty"),
        pytest.param(b"conceptId\tFSN\r\n", "", "holds no identifier", id="only a heading"),
        pytest.param(
            b"An invented letter.\r\nTo whom it concerns.\r\n", ":2", "is no Global Patient Set", id="another text"
        ),
        pytest.param(gps()[: len(gps()) // 2], ":5", "cut off", id="cut in half"),
        pytest.param(gps()[:-2], ":8", "cut off", id="the last line end is missing"),
        pytest.param(gps().replace(TIDE.encode(), b"123456789"), ":4", "holds no identifier", id="a wrong check digit"),
        pytest.param(
            gps().replace(b"\t1\tTide", b"\tmaybe\tTide"), ":4", "neither 0 nor 1", id="neither active nor not"
        ),
        pytest.param(
            gps().replace(b"\tTide humour\r", b"\tTide humour\t\r"), ":4", "5 columns instead of 4", id="a column"
        ),
        pytest.param(gps() + gps().splitlines(keepends=True)[2], ":9", "stands here again", id="a concept twice"),
        pytest.param(gps().replace("é".encode(), b"\xe9"), ":5", "is not UTF-8", id="Latin-1"),
        pytest.param(gps(order=(0, 3)), ":1", "no column of fully specified names", id="no names with tags"),
    ],
)
def test_a_fault_names_its_line(tmp_path: Path, content: bytes, line: str, problem: str) -> None:
    with pytest.raises(SourceError) as error:
        opened(tmp_path, content)
    assert error.value.where.endswith(NAME + line)
    assert problem in error.value.problem
