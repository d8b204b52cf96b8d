"""A download of Athena: an invented one of nine vocabularies, what is answered from it, and how it goes wrong."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from cds_service.facts.catalogue import ATC, CVX, ICD9CM, ICD9CM_OPERATIONS, ICD10CM, ICD10PCS, LOINC, RXNORM, SNOMED
from cds_service.terminology.sources import (
    Concept,
    FilterCondition,
    Source,
    SourceError,
    UnsupportedFilterError,
    open_athena,
)
from tests.terminology.sources import releases
from tests.terminology.sources.releases import BOTH, CHARM, GREY, HUMOUR, KINDS, MOON, NAMES, OLD, ROOT, TIDE

CONCEPT, ANCESTOR, VOCABULARY = "CONCEPT.csv", "CONCEPT_ANCESTOR.csv", "VOCABULARY.csv"
CONCEPT_COLUMNS = (
    "concept_id concept_name domain_id vocabulary_id concept_class_id standard_concept concept_code "
    "valid_start_date valid_end_date invalid_reason"
)
ANCESTOR_COLUMNS = "ancestor_concept_id descendant_concept_id min_levels_of_separation max_levels_of_separation"
VOCABULARY_COLUMNS = "vocabulary_id vocabulary_name vocabulary_reference vocabulary_version vocabulary_concept_id"

# name, vocabulary, class, standard, code, invalid reason
OTHERS = [
    ("lunaprazole", "RxNorm", "Ingredient", "S", "90001", ""),
    ('lunaprazole 10 MG Oral Tablet [the "small"]', "RxNorm", "Clinical Drug", "S", "90002", ""),
    ("lunaprazole 10 MG / tidalol 5 MG Oral Tablet", "RxNorm", "Clinical Drug", "S", "90003", ""),
    ("tidalol", "RxNorm", "Ingredient", "S", "90004", ""),
    ("lunaprazole old tablet", "RxNorm", "Clinical Drug", "", "90005", "U"),
    ("Drugs for humours", "ATC", "ATC 1st", "C", "Y", ""),
    ("lunaprazole; oral", "ATC", "ATC 5th", "C", "Y99ZZ01", ""),
    ("Humour of the moon", "ICD10CM", "3-char nonbill code", "", "Z9A", ""),
    ("Humour of the moon, initial", "ICD10CM", "7-char billing code", "", "Z9A.0XXA", ""),
    ("Humour of the tide, no longer used", "ICD10CM", "4-char billing code", "", "Z9A.1", "D"),
    ("Humours", "ICD9CM", "4-dig nonbill code", "", "999.9", ""),
    ("Humour of the moon", "ICD9CM", "5-dig billing code", "", "999.98", ""),
    ("Draining of humours", "ICD9Proc", "4-dig billing code", "S", "99.97", ""),
    ("Drainage of Humour, Open Approach", "ICD10PCS", "ICD10PCS", "S", "0Z9Z0ZZ", ""),
    ("Humour [Mass/volume] in Moonlight", "LOINC", "Lab Test", "S", "99990-6", ""),
    ("Humours", "LOINC", "LOINC Hierarchy", "C", "LP99999-9", ""),
    ("humour vaccine", "CVX", "CVX", "S", "999", ""),
    ("A code of a vocabulary that is not read", "NDC", "11-digit NDC", "", "00000000000", ""),
]


def concept_row(number: int, row: tuple[str, ...]) -> list[str]:
    name, vocabulary, kind, standard, code, invalid = row
    return [str(number), name, "FilterCondition", vocabulary, kind, standard, code, "19700101", "20991231", invalid]


def _ancestry(edges: Iterable[tuple[str, str]], nodes: Iterable[str]) -> list[tuple[str, str, int]]:
    """Each node with itself and every descendant, and how many steps lie between them at least."""
    found = []
    for node in nodes:
        levels, reached = {node: 0}, [node]
        for upper in reached:
            for child, parent in edges:
                if parent == upper and child not in levels:
                    levels[child] = levels[upper] + 1
                    reached.append(child)
        found += [(node, below, steps) for below, steps in levels.items()]
    return found


def athena() -> dict[str, bytes]:
    kinds = {code: "S" if code != OLD else "" for code in NAMES}
    rows = [
        concept_row(1000 + at, (name, "SNOMED", "Disorder", kinds[code], code, "" if kinds[code] else "D"))
        for at, (code, name) in enumerate(NAMES.items())
    ]
    rows += [concept_row(2000 + at, row) for at, row in enumerate(OTHERS)]
    number_of = {row[6]: row[0] for row in rows}
    standard = [row[6] for row in rows if row[5]]
    # A drug descends from its ingredients, the first of them also from a class of ATC; a test from its class.
    drugs = [("90002", "90001"), ("90003", "90001"), ("90003", "90004"), ("90001", "Y99ZZ01"), ("99990-6", "LP99999-9")]
    pairs = _ancestry([*KINDS, *drugs], standard)
    ancestors = [[number_of[upper], number_of[lower], str(steps), str(steps)] for upper, lower, steps in pairs]
    names = sorted({row[3] for row in rows})
    versions = [[name, f"{name} in full", "https://example.org", f"{name} 2031-01-01", "0"] for name in names]
    return {
        CONCEPT: releases.table(CONCEPT_COLUMNS, rows, "\n"),
        ANCESTOR: releases.table(ANCESTOR_COLUMNS, ancestors, "\n"),
        VOCABULARY: releases.table(VOCABULARY_COLUMNS, [["None", "OMOP", "", "v5.0 01-JAN-31", "0"], *versions], "\n"),
        "CONCEPT_RELATIONSHIP.csv": b"not read\n",
        "cpt4.jar": b"not read",
    }


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return open_athena(releases.folder(tmp_path / "athena", athena()))


def codes(source: Source, system: str, *conditions: tuple[str, str, str]) -> list[str]:
    return [one.code for one in source.expand(system, [FilterCondition(*each) for each in conditions])]  # type: ignore[arg-type]  # a row of a table


def test_each_vocabulary_is_a_system_with_its_version(source: Source) -> None:
    assert dict(source.releases) == {
        SNOMED: "SNOMED 2031-01-01",
        RXNORM: "RxNorm 2031-01-01",
        LOINC: "LOINC 2031-01-01",
        CVX: "CVX 2031-01-01",
        ATC: "ATC 2031-01-01",
        ICD10CM: "ICD10CM 2031-01-01",
        ICD9CM: "ICD9CM 2031-01-01",
        ICD9CM_OPERATIONS: "ICD9Proc 2031-01-01",
        ICD10PCS: "ICD10PCS 2031-01-01",
    }


@pytest.mark.parametrize(
    ("system", "condition", "expected"),
    [
        (SNOMED, ("concept", "is-a", HUMOUR), {HUMOUR, MOON, TIDE, GREY, BOTH}),
        (SNOMED, ("concept", "descendent-of", MOON), {GREY, BOTH}),
        (SNOMED, ("concept", "is-not-a", HUMOUR), {ROOT, CHARM}),
        (RXNORM, ("has_ingredient", "=", "90001"), {"90001", "90002", "90003"}),
        (RXNORM, ("has_ingredient", "=", "CUI:90004"), {"90003", "90004"}),
        (RXNORM, ("has_ingredient", "in", "90001,CUI:90004"), {"90001", "90002", "90003", "90004"}),
        (RXNORM, ("concept", "is-a", "90002"), {"90002"}),
        (RXNORM, ("display", "regex", '.*the "small".*'), {"90002"}),
        (LOINC, ("concept", "is-a", "LP99999-9"), {"99990-6", "LP99999-9"}),
        (ATC, ("concept", "is-a", "Y99"), {"Y99ZZ01"}),
        (ATC, ("concept", "is-a", "Y"), {"Y", "Y99ZZ01"}),
        (ICD10CM, ("concept", "is-a", "Z9A"), {"Z9A", "Z9A.0XXA"}),
        (ICD10CM, ("concept", "descendent-of", "z9a"), {"Z9A.0XXA"}),
        (ICD10CM, ("code", "=", "Z9A0XXA"), {"Z9A.0XXA"}),
        (ICD9CM, ("concept", "is-a", "999"), {"999.9", "999.98"}),
        (ICD9CM_OPERATIONS, ("concept", "is-a", "99.9"), {"99.97"}),
        (ICD10PCS, ("concept", "is-a", "0Z9"), {"0Z9Z0ZZ"}),
        (CVX, ("code", "=", "999"), {"999"}),
    ],
)
def test_a_filter_gives_the_active_codes(
    source: Source, system: str, condition: tuple[str, str, str], expected: set[str]
) -> None:
    assert codes(source, system, condition) == sorted(expected)


def test_codes_that_omop_calls_invalid_are_known_as_retired(source: Source) -> None:
    assert source.concept(RXNORM, "90005") == Concept("90005", "lunaprazole old tablet", active=False)
    assert source.concept(ICD10CM, "Z9A1") == Concept("Z9A.1", "Humour of the tide, no longer used", active=False)
    assert source.concept(RXNORM, "00000000000") is None


@pytest.mark.parametrize(
    ("system", "condition", "words"),
    [
        (RXNORM, ("concept", "is-a", "90005"), "no standard concept"),
        (SNOMED, ("concept", "is-a", OLD), "no standard concept"),
        (CVX, ("concept", "is-a", "999"), "flat list"),
        (RXNORM, ("TTY", "=", "SCD"), "has_ingredient|ingredients are read"),
        (SNOMED, ("has_ingredient", "=", HUMOUR), "ingredients are read"),
        (LOINC, ("COMPONENT", "=", "Humour"), "are read"),
    ],
)
def test_what_is_not_answered_says_why(
    source: Source, system: str, condition: tuple[str, str, str], words: str
) -> None:
    with pytest.raises(UnsupportedFilterError, match=words):
        codes(source, system, condition)


@pytest.mark.parametrize(
    ("system", "root"), [(SNOMED, "12345"), (RXNORM, "12345"), (ICD10CM, "Z99"), (ICD10CM, "Z9"), (ATC, "Q")]
)
def test_a_root_that_is_not_there_is_a_lookup_error(source: Source, system: str, root: str) -> None:
    with pytest.raises(LookupError):
        codes(source, system, ("concept", "is-a", root))


def test_descent_over_a_concept_that_is_not_kept_is_read_from_the_table_itself(tmp_path: Path) -> None:
    """Where the step between lies in another vocabulary the table has no row of one level for it."""
    files = athena()
    number = {line.split(b"\t")[6]: line.split(b"\t")[0] for line in files[CONCEPT].splitlines()}
    over = number[HUMOUR.encode()] + b"\t" + number[MOON.encode()] + b"\t1\t1\n"
    assert over in files[ANCESTOR]
    files[ANCESTOR] = files[ANCESTOR].replace(over, over.replace(b"\t1\t1", b"\t2\t2"))
    source = open_athena(releases.folder(tmp_path / "athena", files))
    assert codes(source, SNOMED, ("concept", "is-a", HUMOUR)) == sorted({HUMOUR, MOON, TIDE, GREY, BOTH})


def test_only_what_is_asked_for_is_kept(tmp_path: Path) -> None:
    place = releases.folder(tmp_path / "athena", athena())
    assert [release.system for release in open_athena(place, ["RxNorm"]).releases] == [RXNORM]
    with pytest.raises(SourceError, match="holds none of CPT4"):
        open_athena(place, ["CPT4"])


def test_a_zip_byte_order_marks_other_line_ends_and_names_in_small_letters_are_read(tmp_path: Path) -> None:
    files = {name.lower(): b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") for name, content in athena().items()}
    source = open_athena(releases.archive(tmp_path / "athena.zip", files))
    assert codes(source, SNOMED, ("concept", "is-a", MOON)) == sorted({MOON, GREY, BOTH})


def test_a_vocabulary_without_version_has_that_of_the_whole(tmp_path: Path) -> None:
    files = athena()
    files[VOCABULARY] = files[VOCABULARY].replace(b"\tRxNorm 2031-01-01\t", b"\t\t")
    source = open_athena(releases.folder(tmp_path / "athena", files))
    assert dict(source.releases)[RXNORM] == "OMOP v5.0 01-JAN-31"


def _in(name: str, old: bytes, new: bytes):
    def change(files: dict[str, bytes]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


def _cut(name: str, part: float):
    def change(files: dict[str, bytes]) -> None:
        at = int(len(files[name]) * part)
        # Within a line, wherever the lines happen to end.
        files[name] = files[name][: at + 3 if files[name][at - 1 : at] == b"\n" else at]

    return change


def _first_lines(name: str, lines: int):
    def change(files: dict[str, bytes]) -> None:
        files[name] = b"".join(files[name].splitlines(keepends=True)[:lines])

    return change


FAULTS = [
    ("no concepts", lambda files: files.pop(CONCEPT), "", "holds no CONCEPT.csv"),
    ("no ancestors", lambda files: files.pop(ANCESTOR), "", "holds no CONCEPT_ANCESTOR.csv"),
    ("no versions", lambda files: files.pop(VOCABULARY), "", "holds no VOCABULARY.csv"),
    ("an empty folder", lambda files: files.clear(), "", "holds no files"),
    ("concepts cut in half", _cut(CONCEPT, 0.49), CONCEPT + ":", "cut off"),
    ("ancestors cut in half", _cut(ANCESTOR, 0.505), ANCESTOR + ":", "cut off"),
    (
        "ancestors cut between lines",
        _first_lines(ANCESTOR, 20),
        ANCESTOR,
        "standard concepts of LOINC: is it cut off?",
    ),
    ("no ancestor at all", _first_lines(ANCESTOR, 1), ANCESTOR, "is it cut off?"),
    ("concepts without rows", _first_lines(CONCEPT, 1), CONCEPT, "holds none of"),
    ("versions cut between lines", _first_lines(VOCABULARY, 1), VOCABULARY, "gives no version of"),
    (
        "commas",
        _in(CONCEPT, b"concept_id\tconcept_name", b"concept_id,concept_name"),
        CONCEPT + ":1",
        "the columns are",
    ),
    ("a tab in a name", _in(CONCEPT, b"Tide hum", b"Tide\thum"), CONCEPT + ":5", "11 columns instead of 10"),
    ("a column too few", _in(ANCESTOR, b"\t0\t0\n", b"\t0\n"), ANCESTOR + ":2", "3 columns instead of 4"),
    ("levels that are none", _in(ANCESTOR, b"\t0\t0\n", b"\tx\t0\n"), ANCESTOR + ":2", "is 'x', no number"),
    ("no concept_id", _in(CONCEPT, b"\n1001\t", b"\nA1\t"), CONCEPT + ":3", "concept_id is 'A1', no number"),
    ("no code", _in(CONCEPT, b"\tS\t90001\t", b"\tS\t\t"), CONCEPT + ":10", "has no concept_code"),
    ("Latin-1", _in(CONCEPT, "é".encode(), b"\xe9"), CONCEPT + ":6", "is not UTF-8"),
]


@pytest.mark.parametrize(("change", "where", "problem"), [pytest.param(*row, id=name) for name, *row in FAULTS])
def test_a_fault_names_its_file_and_line(tmp_path: Path, change, where: str, problem: str) -> None:
    files = athena()
    change(files)
    place = releases.folder(tmp_path / "athena", files)
    with pytest.raises(SourceError) as error:
        open_athena(place)
    assert error.value.where.startswith(f"{place}/{where}" if where else place)
    assert problem in error.value.problem
