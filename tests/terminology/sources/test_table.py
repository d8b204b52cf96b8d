"""A list of codes and names in place of releases: what its names answer, what stays undecided, what is refused."""

import gzip
import hashlib
from pathlib import Path

import pytest

from cds_service.facts.catalogue import CodeSystems
from cds_service.terminology.sources import CodeTable, FilterCondition, SourceError, UnsupportedFilterError, open_table

LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ATC = "http://www.whocc.no/atc"
SNOMED = "http://snomed.info/sct"
CODES = Path("/work/shared/data/codes.tsv.gz")

LINES = """\
system	code	display
LOINC	90001-1	Zorbin [Mass/volume] in Serum or Plasma
LOINC	90002-9	Zorbin [Mass/volume] in Serum or Plasma by Immunoassay
LOINC	90003-7	Zorbin [Moles/volume] in Serum or Plasma
LOINC	90004-5	[component] Zorbin
LOINC	90005-2	Deprecated Zorbin [Mass/volume] in Serum or Plasma
LOINC	90006-0	Quillin [Presence] in Urine
LOINC	90007-8	(none)
RxNorm	101	zorbamab
RxNorm	104	zorbamab disodium 10 MG Oral Tablet
RxNorm	105	zorbamab disodium 10 MG Oral Tablet [Zorbex]
RxNorm	106	Zorbex
RxNorm	107	Zorbex Pill
RxNorm	120	quillin
RxNorm	122	quillin 5 MG / zorbamab disodium 10 MG Oral Tablet
RxNorm	126	2 ML quillin 20 MG/ML Injection
RxNorm	130	(none)
RxNorm	131	Unheardof
ICD-10-CM	X10	Zorb disease
ICD10CM	X10.1	Zorb disease of the quill
ICD-10	X10.2	Zorb disease, other
ATC	Z01	ZORBANTS
ATC	Z01AB02	zorbamab
SNOMED CT	100000000	Zorb disease (disorder)
""".replace("(none)", "")


def table(folder: Path, text: str = LINES, name: str = "codes.tsv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("system", "filters", "expected", "undecided"),
    [
        # LOINC's axes by name. A name of the component only leaves the others open; a retired code is in neither.
        (LOINC, [("COMPONENT", "=", "Zorbin")], ["90001-1", "90002-9", "90003-7", "90004-5"], ["90007-8"]),
        (
            *(LOINC, [("COMPONENT", "=", "Zorbin"), ("PROPERTY", "=", "MCnc")]),
            *(["90001-1", "90002-9"], ["90004-5", "90007-8"]),
        ),
        (LOINC, [("PROPERTY", "in", "MCnc,SCnc"), ("METHOD_TYP", "=", "IA")], ["90002-9"], ["90004-5", "90007-8"]),
        (LOINC, [("SCALE_TYP", "=", "Ord")], ["90006-0"], ["90004-5", "90007-8"]),
        (LOINC, [("SYSTEM", "regex", "Ser.*"), ("COMPONENT", "regex", "Q.*")], [], ["90007-8"]),
        # RxNorm's ingredients: salts, brands, combinations. A code without a name, or with one never met, stays open.
        (RXNORM, [("has_ingredient", "=", "101")], ["101", "104", "105", "106", "107", "122"], ["130", "131"]),
        (RXNORM, [("concept", "descendent-of", "120")], ["122", "126"], ["130", "131"]),
        (
            RXNORM,
            [("has_ingredient", "=", "120"), ("has_route", "=", "Injectable Product")],
            ["126"],
            ["120", "130", "131"],
        ),
        (
            RXNORM,
            [("has_ingredient", "in", "101,120"), ("has_form", "=", "Oral Tablet")],
            ["104", "105", "122"],
            ["101", "106", "120", "130", "131"],
        ),
        (RXNORM, [("TTY", "in", "SCD,SBD")], ["104", "105", "122", "126"], ["101", "106", "120", "130", "131"]),
        (RXNORM, [("display", "regex", ".*Injection")], ["126"], ["130"]),
        (RXNORM, [("code", "regex", "13.")], ["130", "131"], []),
        # ICD-10 and ATC by prefix, each under its own system.
        (ICD10CM, [("concept", "is-a", "X10")], ["X10", "X10.1"], []),
        (ICD10CM, [("concept", "descendent-of", "X10")], ["X10.1"], []),
        (ICD10CM, [("concept", "is-not-a", "X10.1")], ["X10"], []),
        (ICD10, [("concept", "is-a", "X10.-")], ["X10.2"], []),
        (ATC, [("concept", "is-a", "Z01A")], ["Z01AB02"], []),
        (SNOMED, [("display", "regex", ".*disorder.*")], ["100000000"], []),
    ],
)
def test_what_names_tell(
    tmp_path: Path, system: str, filters: list[tuple[str, str, str]], expected: list[str], undecided: list[str]
) -> None:
    read = open_table(table(tmp_path))
    conditions = [FilterCondition(*one) for one in filters]  # type: ignore[arg-type]  # a table of words
    assert [one.code for one in read.expand(system, conditions)] == expected
    assert [one.code for one in read.undecided(system, conditions)] == undecided


@pytest.mark.parametrize(
    ("system", "condition", "told"),
    [
        (LOINC, FilterCondition("CLASS", "=", "CHEM"), "a list of names does not tell it of LOINC"),
        (LOINC, FilterCondition("STATUS", "=", "ACTIVE"), "a list of names does not tell it of LOINC"),
        (LOINC, FilterCondition("concept", "is-a", "LP91-9"), "a list of names does not tell it of LOINC"),
        # A value that no name has may be there under other words: it is not answered with nothing.
        (LOINC, FilterCondition("PROPERTY", "=", "MSCnc"), "no name of this list tells 'MSCnc'"),
        (LOINC, FilterCondition("SYSTEM", "in", "Ser/Plas,Zzz"), "no name of this list tells 'Zzz'"),
        (SNOMED, FilterCondition("concept", "is-a", "100000000"), "a list of names does not tell it of SNOMED CT"),
        (RXNORM, FilterCondition("TTY", "=", "IN"), "the shape of a name does not tell IN"),
        (RXNORM, FilterCondition("STY", "=", "Clinical Drug"), "names do not tell it"),
        (ICD10CM, FilterCondition("chapter", "=", "X"), "a list of names does not tell it of ICD-10-CM"),
    ],
)
def test_what_names_do_not_tell_is_refused(tmp_path: Path, system: str, condition: FilterCondition, told: str) -> None:
    with pytest.raises(UnsupportedFilterError, match=told):
        list(open_table(table(tmp_path)).expand(system, [condition]))


@pytest.mark.parametrize(
    ("system", "condition", "told"),
    [
        (RXNORM, FilterCondition("has_ingredient", "=", "999"), "999 is no code of this list"),
        (RXNORM, FilterCondition("has_ingredient", "=", "104"), "104 is no ingredient by its name"),
        (RXNORM, FilterCondition("has_ingredient", "=", "130"), "130 is no ingredient by its name"),
        (RXNORM, FilterCondition("has_form", "=", "Enema"), "there is no 'Enema'"),
        (ICD10CM, FilterCondition("concept", "is-a", "Y10"), "Y10 is no code of this list"),
        ("http://hl7.org/fhir/sid/cvx", FilterCondition("code", "=", "1"), "cvx is not in this release"),
    ],
)
def test_a_root_that_is_not_there_is_a_lookup_error(
    tmp_path: Path, system: str, condition: FilterCondition, told: str
) -> None:
    with pytest.raises(LookupError, match=told):
        list(open_table(table(tmp_path)).expand(system, [condition]))


def test_codes_are_held_as_they_are_written_retired_ones_too(tmp_path: Path) -> None:
    read = open_table(table(tmp_path))
    assert read.concept(ICD10CM, "X10.1") == ("X10.1", "Zorb disease of the quill", True)
    assert read.concept(LOINC, "90005-2") == ("90005-2", "Deprecated Zorbin [Mass/volume] in Serum or Plasma", False)
    assert read.concept(ICD10CM, "X10.2") is None


@pytest.mark.parametrize("packed", [False, True])
def test_the_version_is_the_file_and_its_digest(tmp_path: Path, packed: bool) -> None:
    data = gzip.compress(LINES.encode()) if packed else LINES.encode()
    path = tmp_path / ("site.tsv.gz" if packed else "site.tsv")
    path.write_bytes(data)
    versions = {one.version for one in open_table(str(path)).releases}
    assert versions == {f"table {path.name} {hashlib.sha256(data).hexdigest()[:12]}"}


@pytest.mark.parametrize("head", ["", "System\tCode\tDisplay\n", "\ufeffsystem\tcode\tdisplay\n"])
def test_the_first_line_may_name_the_columns_or_not(tmp_path: Path, head: str) -> None:
    read = open_table(table(tmp_path, f"{head}ATC\tZ01\tZORBANTS\n"))
    assert [one.code for one in read.expand(ATC, [])] == ["Z01"]


@pytest.mark.parametrize(
    ("word", "system"),
    [
        *(("LOINC", LOINC), ("loinc", LOINC), ("http://loinc.org", LOINC), ("SNOMED", SNOMED), ("SNOMED CT", SNOMED)),
        *(("ICD10", ICD10), ("ICD-10", ICD10), ("ICD10CM", ICD10CM), ("ICD-10-CM", ICD10CM), ("RXNORM", RXNORM)),
        *(("ATC", ATC), ("CVX", "http://hl7.org/fhir/sid/cvx"), ("urn:oid:1.2.3", ATC), ("urn:site", "urn:site")),
    ],
)
def test_code_systems_under_the_names_that_lists_give_them(tmp_path: Path, word: str, system: str) -> None:
    read = open_table(table(tmp_path, f"{word}\tZ01\tZorb\n"), CodeSystems({ATC: ["1.2.3"]}))
    assert [one.system for one in read.releases] == [system]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no code in it"),
        ("system\tcode\tdisplay\n", "there is no code in it"),
        ("ATC\tZ01\tZorb\nATC\tZ0", "line 2 is not system, code and name"),
        ("ATC,Z01,Zorb\n", "line 1 is not system, code and name"),
        ("ATC\tZ01\tZorb\tmore\n", "line 1 is not system, code and name"),
        ("ATC\t\tZorb\n", "line 1 is not system, code and name"),
        ("ATC\tZ01\tZorb\nATC\tZ01\tQuill\n", "line 2 gives Z01 another name"),
    ],
)
def test_a_damaged_list_is_refused_with_the_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        open_table(table(tmp_path, text))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (gzip.compress(LINES.encode())[:-20], "the gzip file is cut off"),
        (b"\x1f\x8bno gzip at all", "the gzip file is cut off or damaged"),
        (b"ATC\tZ01\tZ\xf6rb\n", "it is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "codes.tsv.gz"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=told):
        open_table(str(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"codes\.tsv: it cannot be read: No such file"):
        open_table(str(tmp_path / "codes.tsv"))


@pytest.fixture(scope="module")
def reference() -> CodeTable:
    return open_table(str(CODES))


@pytest.mark.skipif(not CODES.exists(), reason="the reference list lies on the developers' machines only")
@pytest.mark.parametrize(
    ("system", "filters", "among", "not_among"),
    [
        (RXNORM, [("has_ingredient", "=", "35623")], {"35623", "199206", "152915"}, {"327361"}),  # riluzole, adalimumab
        (
            LOINC,
            [("COMPONENT", "=", "Neutrophils"), ("PROPERTY", "=", "NCnc"), ("SYSTEM", "=", "Bld")],
            {"751-8", "26499-4", "753-4"},
            {"770-8"},
        ),
        (ICD10CM, [("concept", "is-a", "G12.2")], {"G12.21"}, {"G12.1"}),
        (ATC, [("concept", "is-a", "L01")], {"L01XX24"}, {"L04AX03"}),
    ],
)
def test_the_reference_list(
    reference: CodeTable, system: str, filters: list[tuple[str, str, str]], among: set[str], not_among: set[str]
) -> None:
    found = {one.code for one in reference.expand(system, [FilterCondition(*one) for one in filters])}  # type: ignore[arg-type]  # a table of words
    assert among <= found
    assert not found & not_among
