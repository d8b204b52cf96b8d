"""SNOMED CT in RF2, by an invented edition of eight concepts and the ways in which a download of it goes wrong."""

from pathlib import Path

import pytest

from cds_service.terminology.sources import Concept, Condition, Source, SourceError, UnsupportedFilterError, open_rf2
from tests.terminology.sources import releases
from tests.terminology.sources.releases import (
    BOTH,
    CHARM,
    CONCEPT_FILE,
    DESCRIPTION_FILE,
    GREY,
    HUMOUR,
    MOON,
    NAMES,
    OLD,
    RELATIONSHIP_FILE,
    ROOT,
    SNOMED,
    TIDE,
)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return open_rf2(releases.folder(tmp_path, releases.rf2()))


def codes(source: Source, *conditions: tuple[str, str, str]) -> list[str]:
    return [one.code for one in source.expand(SNOMED, [Condition(*each) for each in conditions])]  # type: ignore[arg-type]  # a row of a table


def test_the_version_is_the_uri_of_the_edition_and_its_day(source: Source) -> None:
    assert source.releases == ((SNOMED, "http://snomed.info/sct/900000000000207008/version/20310101"),)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([("concept", "is-a", HUMOUR)], {HUMOUR, MOON, TIDE, GREY, BOTH}),
        ([("concept", "descendent-of", HUMOUR)], {MOON, TIDE, GREY, BOTH}),
        ([("concept", "is-a", MOON)], {MOON, GREY, BOTH}),
        ([("concept", "is-a", GREY)], {GREY}),
        ([("concept", "descendent-of", GREY)], set()),
        ([("concept", "is-a", MOON), ("concept", "is-a", TIDE)], {BOTH}),
        ([("concept", "is-a", HUMOUR), ("concept", "is-not-a", MOON)], {HUMOUR, TIDE}),
        ([("concept", "is-not-a", HUMOUR)], {ROOT, CHARM}),
        ([("concept", "is-a", HUMOUR), ("display", "regex", r".*moon.*\(disorder\)")], {GREY}),
        ([("concept", "is-a", HUMOUR), ("display", "regex", "moon")], set()),
        ([("display", "regex", r"(?i).*moon.*\(disorder\)")], {MOON, GREY, BOTH}),
        ([("display", "=", "Tide humour (disorder)")], {TIDE}),
        ([("code", "=", GREY)], {GREY}),
        ([("concept", "=", GREY)], {GREY}),
        ([("code", "in", f"{GREY}, {TIDE},{OLD},999")], {GREY, TIDE}),
        ([("code", "regex", f"{GREY[:4]}.*")], {HUMOUR, MOON, TIDE, GREY, BOTH, CHARM}),
        ([], {ROOT, HUMOUR, MOON, TIDE, GREY, BOTH, CHARM}),
    ],
)
def test_a_filter_gives_the_active_codes_in_order(
    source: Source, conditions: list[tuple[str, str, str]], expected: set[str]
) -> None:
    assert codes(source, *conditions) == sorted(expected)


def test_names_are_the_fully_specified_ones_and_retired_codes_are_known(source: Source) -> None:
    assert source.concept(SNOMED, GREY) == Concept(GREY, "Grey moon humour of Méline (disorder)")
    assert source.concept(SNOMED, MOON) == Concept(MOON, "Moon humour (disorder)")
    assert source.concept(SNOMED, OLD) == Concept(OLD, "Fog humour (disorder)", active=False)
    assert source.concept(SNOMED, releases.sctid(12345)) is None
    assert source.concept(SNOMED, "lupus") is None
    assert source.concept("http://loinc.org", GREY) is None


@pytest.mark.parametrize("root", [releases.sctid(12345), "lupus", OLD])
@pytest.mark.parametrize("operator", ["is-a", "descendent-of", "is-not-a"])
def test_a_root_that_is_not_there_or_retired_is_a_lookup_error(source: Source, root: str, operator: str) -> None:
    with pytest.raises(LookupError, match=root):
        codes(source, ("concept", operator, root))


@pytest.mark.parametrize(
    "condition",
    [
        ("363698007", "=", HUMOUR),
        ("constraint", "=", f"<< {HUMOUR}"),
        ("concept", "in", "723264001"),
        ("display", "is-a", "Moon"),
        ("code", "regex", "(("),
        ("display", "regex", "(a+)+"),
        ("display", "regex", "(?:a|aa)*"),
        ("display", "regex", "a" * 501),
        ("display", "regex", ".*a" * 11),
    ],
)
def test_what_is_not_answered_says_so(source: Source, condition: tuple[str, str, str]) -> None:
    with pytest.raises(UnsupportedFilterError):
        codes(source, condition)


@pytest.mark.parametrize(
    "pattern", [r".*\(disorder\)", "[+*]+.*", r"(?:moon|tide) humour", "(?i)(a)?b{2,}c{3}", r"\(+"]
)
def test_usual_expressions_are_read(source: Source, pattern: str) -> None:
    assert codes(source, ("display", "regex", pattern)) is not None


def test_another_system_is_not_held(source: Source) -> None:
    with pytest.raises(LookupError, match=r"loinc"):
        source.expand("http://loinc.org", [])


def test_a_circle_in_the_hierarchy_ends(tmp_path: Path) -> None:
    files = releases.rf2()
    files[RELATIONSHIP_FILE] += b"\t".join(map(str.encode, releases.kind_row(60, HUMOUR, GREY))) + b"\r\n"
    circular = open_rf2(releases.folder(tmp_path, files))
    assert set(codes(circular, ("concept", "is-a", GREY))) == {HUMOUR, MOON, TIDE, GREY, BOTH}


def _marked(content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content


def _unix(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("change", [_marked, _unix])
def test_a_byte_order_mark_and_other_line_ends_are_read(tmp_path: Path, change) -> None:
    changed = {name: change(content) for name, content in releases.rf2().items()}
    source = open_rf2(releases.folder(tmp_path, changed))
    assert codes(source, ("concept", "is-a", MOON)) == sorted({MOON, GREY, BOTH})
    assert source.concept(SNOMED, ROOT) == Concept(ROOT, NAMES[ROOT])


def test_a_zip_is_read_as_its_folder(tmp_path: Path, source: Source) -> None:
    packed = open_rf2(releases.archive(tmp_path / "release.zip", releases.rf2()))
    assert packed.releases == source.releases
    assert codes(packed) == codes(source)


def test_files_of_a_folder_may_be_gzip_each(tmp_path: Path) -> None:
    releases.folder(tmp_path, {})
    for name, content in releases.rf2().items():
        releases.gzipped(tmp_path / (Path(name).name + ".gz"), content)
    assert codes(open_rf2(str(tmp_path)), ("concept", "is-a", GREY)) == [GREY]


# Editions


def _extension(files: dict[str, bytes], module: str) -> None:
    """A concept of a national extension below the moon, a kind that it retired, and a name that it gave anew."""
    own = releases.sctid(5, "10", "1000999")
    place = "Extension/Snapshot/Terminology/sct2_{}_Snapshot{}_XX1000999_20310301.txt"
    files[place.format("Concept", "")] = releases.table(
        releases.CONCEPT_COLUMNS,
        [releases.concept_row(own, module=module), releases.concept_row(CHARM, active=False, time="20310301")],
    )
    files[place.format("Description", "-en")] = releases.table(
        releases.DESCRIPTION_COLUMNS, [releases.name_row(90, own, "Moon humour of the valley (disorder)")]
    )
    files[place.format("Relationship", "")] = releases.table(
        releases.RELATIONSHIP_COLUMNS,
        [
            releases.kind_row(90, own, MOON),
            releases.kind_row(5, BOTH, MOON, active=False, time="20310301"),
        ],
    )


def test_an_edition_of_two_parts_counts_the_later_row(tmp_path: Path) -> None:
    files, own = releases.rf2(), releases.sctid(5, "10", "1000999")
    module = releases.sctid(1, "10", "1000999")
    _extension(files, module)
    edition = open_rf2(releases.folder(tmp_path, files))
    assert edition.releases[0].version == f"http://snomed.info/sct/{module}/version/20310301"
    assert codes(edition, ("concept", "is-a", MOON)) == sorted({MOON, GREY, own})
    assert edition.concept(SNOMED, CHARM) == Concept(CHARM, NAMES[CHARM], active=False)


def test_an_edition_is_known_by_the_module_that_no_other_needs(tmp_path: Path) -> None:
    files = releases.rf2()
    small, large = (releases.sctid(item, "10", "1000999") for item in (1, 2))
    rows = [releases.concept_row(code, active=code != OLD, module=large) for code in (HUMOUR, MOON, TIDE)]
    rows += [releases.concept_row(code, active=code != OLD) for code in NAMES if code not in {HUMOUR, MOON, TIDE, GREY}]
    rows += [releases.concept_row(GREY, module=small)]
    del files[CONCEPT_FILE]
    files["sct2_Concept_Snapshot_XX1000999_20310101.txt"] = releases.table(releases.CONCEPT_COLUMNS, rows)
    by_size = open_rf2(releases.folder(tmp_path / "without", files))
    assert by_size.releases[0].version == f"http://snomed.info/sct/{large}/version/20310101"
    files["der2_ssRefset_ModuleDependencySnapshot_XX1000999_20310101.txt"] = releases.table(
        "id effectiveTime active moduleId refsetId referencedComponentId sourceEffectiveTime targetEffectiveTime",
        [["an-uuid", "20310101", "1", small, "900000000000534007", large, "20310101", "20310101"]],
    )
    by_need = open_rf2(releases.folder(tmp_path / "with", files))
    assert by_need.releases[0].version == f"http://snomed.info/sct/{small}/version/20310101"


def test_a_release_whose_files_lost_their_date_is_known_by_its_latest_row(tmp_path: Path) -> None:
    files = {name.replace("_20310101", "_"): content for name, content in releases.rf2().items()}
    assert open_rf2(releases.folder(tmp_path, files)).releases[0].version.endswith("/version/20300101")


# Faults: what is done to the files, and where and how it is told.


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
