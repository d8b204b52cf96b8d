"""RxNorm's release: which drugs contain an ingredient, in which forms; and what a damaged release is told to be."""

import zipfile
from pathlib import Path

import pytest

from cds_service.terminology.sources import FilterCondition, SourceError, UnsupportedFilterError, open_rxnorm
from tests.terminology.sources import rrf

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"

ZORBAMAB = ["101", "102", "103", "104", "105", "106", "107", "108", "109", "110", "111", "112", "121", "122"]
QUILLIN = ["106", "120", "121", "122", "123", "124", "125", "126", "127", "128"]


@pytest.fixture
def place(tmp_path: Path) -> str:
    return rrf.write(tmp_path / "RxNorm_full_01022024", rrf.release())


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        # All that holds an ingredient: salts, components, forms, brands, packs and combinations, itself as well.
        ([("has_ingredient", "=", "101")], ZORBAMAB),
        ([("has_ingredient", "=", "CUI:101")], ZORBAMAB),
        ([("concept", "is-a", "101")], ZORBAMAB),
        ([("concept", "descendent-of", "101")], ZORBAMAB[1:]),
        # 124 is sold as Zorbex, which names drugs with zorbamab, too; it holds none.
        ([("has_ingredient", "=", "120")], QUILLIN),
        ([("has_ingredient", "in", "101, 120")], sorted({*ZORBAMAB, *QUILLIN})),
        # A salt asked for by itself: what holds that salt. Forms and groups are of the ingredient only.
        ([("has_ingredient", "=", "102")], ["102", "103", "104", "105", "107", "110", "111", "122"]),
        ([("has_ingredient", "=", "121")], ["121", "122"]),
        ([("has_ingredient", "=", "101"), ("TTY", "=", "SCD")], ["104", "122"]),
        ([("has_ingredient", "=", "101"), ("TTY", "in", "SBD,BPCK")], ["105", "111"]),
        ([("has_ingredient", "=", "120"), ("has_form", "=", "Injection")], ["126", "128"]),
        ([("has_ingredient", "=", "120"), ("has_route", "=", "Injectable Product")], ["126", "128"]),
        ([("has_ingredient", "=", "120"), ("has_route", "in", "Injectable")], ["126", "128"]),
        ([("has_route", "regex", "(Oral|Rectal).*"), ("TTY", "in", "SCD,SBD")], ["104", "105", "122", "124", "125"]),
        # A pack has the forms of what it contains; a branded form those of the generic one.
        ([("has_form", "=", "Oral Tablet"), ("TTY", "in", "GPCK,BPCK,SBDF")], ["110", "111", "112"]),
        ([("has_route", "=", "Pill"), ("TTY", "=", "SCDG")], ["109"]),
        ([("code", "regex", "12[0-2]")], ["120", "121", "122"]),
        ([("code", "in", "101,120")], ["101", "120"]),
        ([("display", "regex", ".*Injection")], ["126", "128"]),
        ([("display", "=", "zorbamab")], ["101"]),
    ],
)
def test_drugs_that_meet_filters(place: str, filters: list[tuple[str, str, str]], expected: list[str]) -> None:
    found = open_rxnorm(place).expand(RXNORM, [FilterCondition(*one) for one in filters])  # type: ignore[arg-type]  # a table of words
    assert [one.code for one in found] == expected


def test_a_code_has_the_name_that_rxnorm_gives_it(place: str) -> None:
    one = open_rxnorm(place).concept(RXNORM, "104")
    assert one is not None
    assert one.display == "zorbamab disodium 10 MG Oral Tablet"
    assert one.active


@pytest.mark.parametrize(
    ("code", "name"), [("130", "zorbamab disodium 1 MG Oral Tablet"), ("140", "zorbamab 2 MG Oral Tablet"), ("150", "")]
)
def test_a_retired_code_is_known_and_not_active(place: str, code: str, name: str) -> None:
    release = open_rxnorm(place)
    assert release.concept(RXNORM, code) == (code, name, False)
    assert code not in {one.code for one in release.expand(RXNORM, [])}


@pytest.mark.parametrize("code", ["999", "190", "777"])
def test_what_is_no_drug_of_rxnorm_is_not_held(place: str, code: str) -> None:
    assert open_rxnorm(place).concept(RXNORM, code) is None


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (FilterCondition("has_ingredient", "regex", "1.*"), "has_ingredient regex"),
        (FilterCondition("has_ingredient", "=", "104"), "is no ingredient but of type SCD"),
        (FilterCondition("TTY", "=", "XYZ"), "no drugs of type XYZ"),
        (FilterCondition("TTY", "in", "SCD,DFG"), "no drugs of type DFG"),
        (FilterCondition("STY", "=", "Clinical Drug"), "by ingredient, dose form, route"),
        (FilterCondition("concept", "is-not-a", "101"), "concept is-not-a"),
        (FilterCondition("code", "regex", "1("), "can't be read"),
    ],
)
def test_a_filter_that_it_cannot_answer_is_refused_with_the_reason(
    place: str, condition: FilterCondition, told: str
) -> None:
    with pytest.raises(UnsupportedFilterError, match=told):
        list(open_rxnorm(place).expand(RXNORM, [condition]))


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (FilterCondition("has_ingredient", "=", "777"), "777 is not in this release"),
        (FilterCondition("concept", "is-a", "150"), "150 was retired. It is 101 now"),
        (FilterCondition("has_form", "=", "Oral Tablett"), "there is no 'Oral Tablett'"),
        (FilterCondition("has_route", "in", "Oral,Otic"), "there is no 'Otic'"),
    ],
)
def test_a_root_that_is_not_there_is_a_lookup_error(place: str, condition: FilterCondition, told: str) -> None:
    with pytest.raises(LookupError, match=told):
        list(open_rxnorm(place).expand(RXNORM, [condition]))


def test_another_code_system_is_a_lookup_error(place: str) -> None:
    with pytest.raises(LookupError, match="loinc"):
        list(open_rxnorm(place).expand("http://loinc.org", []))


@pytest.mark.parametrize(
    ("folder", "more", "version"),
    [
        ("RxNorm_full_01022024", {}, "01022024"),
        ("RxNorm_full_prescribe_12042023", {}, "12042023"),
        ("here", {"Readme_Full_03042024.txt": []}, "03042024"),
        ("here", {"rrf/RXNSAB.RRF": ["C1|C1|RXNORM_24AA_240102F|RXNORM|" + 21 * "|"]}, "01022024"),
    ],
)
def test_the_version_is_the_day_of_the_release(
    tmp_path: Path, folder: str, more: dict[str, list[str]], version: str
) -> None:
    release = open_rxnorm(rrf.write(tmp_path / folder, {**rrf.release(), **more}))
    assert release.releases == ((RXNORM, version),)


def test_the_zip_archive_is_read_without_being_unpacked(tmp_path: Path, place: str) -> None:
    archive = tmp_path / "RxNorm_full_01022024.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(Path(place).rglob("*.RRF")):
            packed.write(path, path.relative_to(place).as_posix())
    release = open_rxnorm(str(archive))
    assert [one.code for one in release.expand(RXNORM, [FilterCondition("has_ingredient", "=", "101")])] == ZORBAMAB


def test_the_prescribable_release_has_no_history(tmp_path: Path) -> None:
    whole = rrf.release()
    files = {name: whole[name] for name in ("rrf/RXNCONSO.RRF", "rrf/RXNREL.RRF")}
    release = open_rxnorm(rrf.write(tmp_path / "RxNorm_full_prescribe_01022024", files))
    assert release.concept(RXNORM, "140") is None
    assert release.concept(RXNORM, "104") is not None


def spoiled(name: str, lines: list[str] | None) -> dict[str, list[str]]:
    files = rrf.release()
    if lines is None:
        del files[name]
    else:
        files[name] = lines
    return files


WHOLE = rrf.release()


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (spoiled("rrf/RXNREL.RRF", None), r"there is no RXNREL\.RRF in it"),
        (spoiled("rrf/RXNREL.RRF", []), "there is no relation of RxNorm's own"),
        (spoiled("rrf/RXNREL.RRF", WHOLE["rrf/RXNREL.RRF"][:41]), "in one direction only: was it cut off"),
        (
            spoiled("rrf/RXNCONSO.RRF", WHOLE["rrf/RXNCONSO.RRF"][:12]),
            r"name concepts that RXNCONSO\.RRF does not hold",
        ),
        (spoiled("rrf/RXNCONSO.RRF", ["101|ENG|zorba"]), r"RXNCONSO\.RRF: line 1 does not have 18 columns"),
        (spoiled("rrf/RXNCONSO.RRF", [rrf.conso("1", "PT", "x", source="OTHER")]), "no name of RxNorm's own"),
        (spoiled("rrf/RXNATOMARCHIVE.RRF", ["1|2|3|"]), r"RXNATOMARCHIVE\.RRF: line 1 does not have 16 columns"),
        (spoiled("rrf/RXNCUI.RRF", ["1|2|"]), r"RXNCUI\.RRF: line 1 does not have 5 columns"),
    ],
)
def test_a_damaged_release_is_refused_with_the_file(tmp_path: Path, files: dict[str, list[str]], told: str) -> None:
    with pytest.raises(SourceError, match=told):
        open_rxnorm(rrf.write(tmp_path / "RxNorm_full_01022024", files))


def test_a_file_that_ends_within_a_line_was_cut_off(place: str) -> None:
    path = Path(place) / "rrf/RXNREL.RRF"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SourceError, match=r"RXNREL\.RRF: it ends in the middle of line"):
        open_rxnorm(place)


def test_a_file_that_is_not_utf_8_is_refused(place: str) -> None:
    path = Path(place) / "rrf/RXNCONSO.RRF"
    path.write_bytes(path.read_bytes() + b"\xff\xfe\n")
    with pytest.raises(SourceError, match=r"RXNCONSO\.RRF: it is not UTF-8"):
        open_rxnorm(place)


def test_an_archive_that_was_cut_off_is_refused(tmp_path: Path, place: str) -> None:
    archive = tmp_path / "RxNorm_full_01022024.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(Path(place) / "rrf/RXNCONSO.RRF", "rrf/RXNCONSO.RRF")
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(SourceError, match="no zip archive that can be read"):
        open_rxnorm(str(archive))


def test_an_archive_that_was_damaged_inside_is_refused(tmp_path: Path, place: str) -> None:
    archive = tmp_path / "RxNorm_full_01022024.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for path in sorted(Path(place).rglob("rrf/RXN*.RRF")):
            packed.write(path, path.relative_to(place).as_posix())
    data = archive.read_bytes()
    archive.write_bytes(data.replace(b"zorbamab disodium 10 MG|", b"zorbamab disodium 99 MG|", 1))
    with pytest.raises(SourceError, match="cannot be read to its end: Bad CRC-32"):
        open_rxnorm(str(archive))


def test_a_release_without_a_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nothing tells its date"):
        open_rxnorm(rrf.write(tmp_path / "download", rrf.release()))


def test_a_place_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"RxNorm_full_01022024: there is no such file or folder"):
        open_rxnorm(str(tmp_path / "RxNorm_full_01022024"))


def test_a_release_without_dose_form_groups_says_so(tmp_path: Path) -> None:
    files = rrf.release()
    kept = [line for line in files["rrf/RXNREL.RRF"] if "|isa|" not in line and "inverse_isa" not in line]
    files["rrf/RXNREL.RRF"] = [line for line in kept if "doseformgroup" not in line]
    release = open_rxnorm(rrf.write(tmp_path / "RxNorm_full_01022024", files))
    with pytest.raises(UnsupportedFilterError, match="no dose form groups"):
        list(release.expand(RXNORM, [FilterCondition("has_route", "=", "Oral")]))
