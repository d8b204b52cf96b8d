"""LOINC's table: codes by axes, what is not in use, what is a third party's, and what a damaged table is told to be."""

import zipfile
from pathlib import Path

import pytest

from cds_service.terminology.sources import FilterCondition, SourceError, UnsupportedFilterError, open_loinc
from tests.terminology.sources import loinc_files

LOINC = "http://loinc.org"


@pytest.fixture
def place(tmp_path: Path) -> str:
    return loinc_files.write(tmp_path / "Loinc_2.77", loinc_files.release())


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], ["90001-1", "90002-9", "90003-7", "90004-5"]),
        ([("COMPONENT", "=", "Zorbin")], ["90001-1", "90002-9", "90003-7", "90004-5"]),
        # As LOINC has it, upper and lower case differ.
        ([("COMPONENT", "=", "zorbin")], []),
        ([("COMPONENT", "=", "Zorbin"), ("PROPERTY", "in", "MCnc,SCnc")], ["90001-1", "90002-9", "90003-7"]),
        ([("PROPERTY", "regex", ".C.*"), ("METHOD_TYP", "=", "IA")], ["90002-9"]),
        ([("METHOD_TYP", "regex", ""), ("SYSTEM", "=", "Ser/Plas")], ["90001-1", "90003-7"]),
        # A regex fits the whole value.
        ([("PROPERTY", "regex", "MC")], []),
        ([("TIME_ASPCT", "=", "24H")], ["90004-5"]),
        ([("SCALE_TYP", "=", "Qn"), ("CLASS", "=", "CHEM"), ("STATUS", "=", "TRIAL")], ["90002-9"]),
        ([("code", "in", "90001-1,90005-2")], ["90001-1"]),
        ([("display", "regex", ".*Urine")], ["90004-5"]),
        ([("concept", "is-a", "LP91-9")], ["90001-1", "90002-9"]),
        ([("concept", "is-a", "LP90-1")], ["90001-1", "90002-9", "90004-5"]),
        ([("concept", "is-a", "90004-5")], ["90004-5"]),
        ([("concept", "descendent-of", "90004-5")], []),
    ],
)
def test_codes_that_meet_filters(place: str, filters: list[tuple[str, str, str]], expected: list[str]) -> None:
    found = open_loinc(place).expand(LOINC, [FilterCondition(*one) for one in filters])  # type: ignore[arg-type]  # a table of words
    assert [one.code for one in found] == expected


@pytest.mark.parametrize(
    ("code", "display", "active"),
    [
        ("90002-9", 'Zorbin [Mass/volume] in Serum, by "IA"', True),
        ("90003-7", "Zorbin SerPl-sCnc", True),  # without a long name the short one
        ("90005-2", "Deprecated Zorbin", False),
        ("90006-0", "Zorbin of old", False),
        ("90007-8", "Zorb q", True),
        ("LP91-9", "Zorbin | Serum or Plasma", True),
    ],
)
def test_a_code_of_the_release(place: str, code: str, display: str, active: bool) -> None:
    assert open_loinc(place).concept(LOINC, code) == (code, display, active)


def test_what_is_not_in_the_release_is_not_held(place: str) -> None:
    assert open_loinc(place).concept(LOINC, "90099-9") is None
    assert open_loinc(place).concept("http://snomed.info/sct", "90001-1") is None


def test_what_a_third_party_holds_rights_in_is_left_out_with_the_reason(place: str) -> None:
    left = list(open_loinc(place).left_out(LOINC, [FilterCondition("CLASS", "=", "SURVEY")]))
    assert [(one.code, reason) for one, reason in left] == [
        ("90007-8", "a third party holds rights in it: (c) Zorb Inc.")
    ]


def test_what_loinc_says_to_use_instead_is_known(place: str) -> None:
    assert open_loinc(place).replaced_by == {"90005-2": ("90001-1",), "90006-0": ("90001-1", "90003-7")}


@pytest.mark.parametrize(
    ("name", "files", "version"),
    [
        ("Loinc_2.77", {}, "2.77"),
        ("download", {"LoincTable/Loinc_2.78_ReleaseNotes.txt": ""}, "2.78"),
        ("download", {}, "2.73"),  # the latest version in which a code was changed
    ],
)
def test_the_version_of_a_release(tmp_path: Path, name: str, files: dict[str, str], version: str) -> None:
    release = open_loinc(loinc_files.write(tmp_path / name, {**loinc_files.release(), **files}))
    assert release.releases == ((LOINC, version),)


def test_the_table_alone_and_the_zip_archive_are_read_too(tmp_path: Path, place: str) -> None:
    alone = open_loinc(f"{place}/LoincTable/Loinc.csv")
    archive = tmp_path / "Loinc_2.77.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, text in loinc_files.release().items():
            packed.writestr(name, text)
    whole = open_loinc(str(archive))
    assert [*alone.expand(LOINC, [])] == [*whole.expand(LOINC, [])] == [*open_loinc(place).expand(LOINC, [])]
    with pytest.raises(UnsupportedFilterError, match=r"ComponentHierarchyBySystem\.csv, which comes with the whole"):
        list(alone.expand(LOINC, [FilterCondition("concept", "is-a", "LP91-9")]))


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (FilterCondition("ORDER_OBS", "=", "Both"), "ORDER_OBS ="),
        (FilterCondition("COMPONENT", "is-a", "Zorbin"), "COMPONENT is-a"),
        (FilterCondition("concept", "is-not-a", "LP91-9"), "concept is-not-a"),
    ],
)
def test_a_filter_that_it_cannot_answer_is_refused(place: str, condition: FilterCondition, told: str) -> None:
    with pytest.raises(UnsupportedFilterError, match=told):
        list(open_loinc(place).expand(LOINC, [condition]))


@pytest.mark.parametrize(("system", "root"), [(LOINC, "LP99-2"), ("http://snomed.info/sct", "LP91-9")])
def test_a_root_that_is_not_there_is_a_lookup_error(place: str, system: str, root: str) -> None:
    with pytest.raises(LookupError):
        list(open_loinc(place).expand(system, [FilterCondition("concept", "is-a", root)]))


WHOLE = loinc_files.release()["LoincTable/Loinc.csv"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, r"there is no Loinc\.csv in it"),
        ({"Loinc.csv": ""}, "it has no column LOINC_NUM, COMPONENT"),
        ({"Loinc.csv": loinc_files.table(loinc_files.COLUMNS, ())}, "there is no code in it"),
        ({"Loinc.csv": WHOLE.replace('"SCALE_TYP"', '"SCALE"')}, "it has no column SCALE_TYP"),
        # Cut off within a cell, within a row, and just behind one.
        ({"Loinc.csv": WHOLE[:-5]}, "was it cut off"),
        ({"Loinc.csv": WHOLE[: WHOLE.index('"Zorbin of old"') - 1]}, "columns of 14: was it cut off"),
        (
            {**loinc_files.release(), "LoincTable/Loinc.csv": WHOLE[: WHOLE.index('"90003-7"')]},
            r"MapTo\.csv names 90005-2, which Loinc\.csv does not hold: was it cut off",
        ),
        (
            {"Loinc.csv": WHOLE + WHOLE[WHOLE.index('"90006-0"') : WHOLE.index('"90007-8"')]},
            "90006-0 stands in it twice",
        ),
    ],
)
def test_a_damaged_release_is_refused(tmp_path: Path, files: dict[str, str], told: str) -> None:
    folder = tmp_path / "Loinc_2.77"
    folder.mkdir()
    with pytest.raises(SourceError, match=told):
        open_loinc(loinc_files.write(folder, files))


def test_a_table_whose_version_nothing_tells_is_refused(tmp_path: Path) -> None:
    text = WHOLE.replace('"VersionLastChanged"', '"A"').replace('"VersionFirstReleased"', '"B"')
    with pytest.raises(SourceError, match="nothing tells its version"):
        open_loinc(loinc_files.write(tmp_path / "download", {"Loinc.csv": text}))


def test_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "Loinc_2.77.zip"
    archive.write_bytes(b"<html>Please log in</html>")
    with pytest.raises(SourceError, match="no zip archive that can be read"):
        open_loinc(str(archive))
