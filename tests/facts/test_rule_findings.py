"""Mistakes in the catalogue, the value sets and the tables: each is found, and the rest still works."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cds_service.facts import FactReaders, load_facts
from cds_service.facts.catalogue import FINDINGS
from tests.facts.small_rules import (
    ATC,
    FACTS,
    ICD10,
    LOINC,
    SNOMED,
    VALUESETS,
    code,
    codes,
    derived,
    events,
    put,
    quantity,
    result,
    under,
    valueset,
    write_rules,
)

HB: dict[str, Any] = quantity("lab.hb", "718-7", "g/L", {"g/L": "1"})
SHARED = {"unreadable-file", "not-json", "duplicate-key", "unknown-key", "missing-key", "bad-value"}


def loaded(folder: Path, *facts: dict[str, Any]) -> tuple[FactReaders, list[tuple[str, str]]]:
    """The facts and, for each finding, its code and place."""
    knowledge, findings = load_facts(write_rules(folder, list(facts)))
    for found in findings:
        assert found.code in FINDINGS or found.code in SHARED
        assert found.hint or found.code in SHARED
    return knowledge, [(found.code, found.pointer) for found in findings]


FACTS_WITH_A_FAULT: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str]]]] = {
    "unknown key": ([{**HB, "unti": "g/L"}], [("unknown-key", "/facts/0/unti")]),
    "unknown kind": ([{**HB, "kind": "number"}], [("fact-unknown-kind", "/facts/0/kind")]),
    "no kind": ([{"name": "lab.hb"}], [("fact-unknown-kind", "/facts/0/kind")]),
    "not an object": (["lab.hb"], [("fact-unknown-kind", "/facts/0/kind")]),  # type: ignore[list-item]
    "missing title": ([{k: v for k, v in HB.items() if k != "title"}], [("missing-key", "/facts/0/title")]),
    "bad name": ([{**HB, "name": "Hemoglobin"}], [("bad-value", "/facts/0/name")]),
    "own unit not listed": ([{**HB, "units": {"g/dL": "10"}}], [("bad-value", "/facts/0")]),
    "factor of zero": ([{**HB, "units": {"g/L": "1", "g/dL": "0"}}], [("bad-value", "/facts/0/units/g~1dL")]),
    "factor that is no number": ([{**HB, "units": {"g/L": "1", "x": "ten"}}], [("bad-value", "/facts/0/units/x")]),
    "factors the wrong way round": (
        [{**HB, "units": {"g/L": "1", "x": ["6", "5"]}}],
        [("bad-value", "/facts/0/units/x")],
    ),
    "bad duration": ([{**HB, "fresh_for": "90 days"}], [("bad-value", "/facts/0/fresh_for")]),
    "no plausible range": (
        [{k: v for k, v in HB.items() if k != "plausible"}],
        [("fact-without-plausible", "/facts/0")],
    ),
    "a plausible range the wrong way round": ([{**HB, "plausible": [250, 20]}], [("bad-value", "/facts/0/plausible")]),
    "a differential of what there is not": (
        [{**HB, "differential": {"count": "lab.wbc", "percent": "lab.pct"}}],
        [("fact-unknown-part", "/facts/0")],
    ),
    "an upper bound beside what is no number": (
        [
            {**HB, "at_most": {"reason": "on_oxygen", "beside": {"result.mask": 0}}},
            result("result.mask", "1-8"),
        ],
        [("fact-unknown-part", "/facts/0")],
    ),
    "no codes": ([{**HB, "codes": []}], [("bad-value", "/facts/0/codes")]),
    "twice the same name": ([HB, HB], [("fact-duplicate-name", "/facts/1")]),
    "a name within a name": ([HB, {**HB, "name": "lab.hb.blood"}], [("fact-name-taken", "/facts/1")]),
    "a reserved name": ([{**HB, "name": "span.hb"}], [("fact-name-taken", "/facts/0")]),
    "no such value set": (
        [events("condition.x", "Condition", valueset="nowhere")],
        [("fact-unknown-valueset", "/facts/0/valueset")],
    ),
    "no such route": (
        [events("medication.x", "Medication", valueset="riluzole", route="sideways")],
        [("fact-unknown-route", "/facts/0/route")],
    ),
    "no such part": ([derived("d.x", "first_known", of=["lab.nothing"])], [("fact-unknown-part", "/facts/0")]),
    "a part of a fact that is left out": (
        [
            events("condition.x", "Condition", valueset="nowhere"),
            {**result("date.y", "1"), "kind": "date"},
            {"name": "date.x", "kind": "date", "title": "x", "else_onset_of": "condition.x"},
        ],
        [("fact-unknown-valueset", "/facts/0/valueset"), ("fact-unknown-part", "/facts/2")],
    ),
    "onset of something else": (
        [HB, {"name": "date.x", "kind": "date", "title": "x", "else_onset_of": "lab.hb"}],
        [("fact-unknown-part", "/facts/1")],
    ),
    "wrong parts of a formula": (
        [
            HB,
            {"name": "patient.age", "kind": "patient", "title": "Age"},
            derived("d.x", "bmi", parts=["lab.hb", "patient.age"], unit="kg/m2"),
        ],
        [("fact-formula-parts", "/facts/2")],
    ),
    "made from itself": (
        [derived("d.x", "first_known", of=["d.y"]), derived("d.y", "first_known", of=["d.x"])],
        [("fact-circular", "/facts/0"), ("fact-circular", "/facts/1")],
    ),
    "alternatives of a formula": ([derived("d.x", "bmi", of=["lab.hb"])], [("bad-value", "/facts/0")]),
}


@pytest.mark.parametrize("fault", FACTS_WITH_A_FAULT)
def test_a_fact_with_a_fault_is_found_and_the_others_load(fault: str, tmp_path: Path) -> None:
    facts, expected = FACTS_WITH_A_FAULT[fault]
    good = quantity("lab.alt", "1742-6", "U/L", {"U/L": "1"})
    knowledge, found = loaded(tmp_path, *facts, good)
    assert found == expected
    assert "lab.alt" in knowledge.catalogue


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "not-json"),
        ("[]", "fact-file-invalid"),
        ('{"fact": []}', "fact-file-invalid"),
        ('{"facts": [], "facts": []}', "duplicate-key"),
        ('{"facts": [], "more": 1}', "fact-file-invalid"),
        ('{"facts": [{"kind": NaN}]}', "not-json"),
    ],
)
def test_a_file_with_a_fault(text: str, code: str, tmp_path: Path) -> None:
    write_rules(tmp_path)
    (tmp_path / "facts" / "more.json").write_text(text)
    knowledge, findings = load_facts(tmp_path)
    assert code in {found.code for found in findings}
    assert {found.file for found in findings} == {"facts/more.json"}
    assert len(knowledge.catalogue) == len(FACTS)


SETS_WITH_A_FAULT: dict[str, tuple[list[Any], set[str]]] = {
    "no codes": ([valueset("x")], {"bad-value"}),
    "misspelt key": ([valueset("x", {"system": SNOMED, "concepts": []})], {"unknown-key", "bad-value"}),
    "codes without system": ([valueset("x", {"concept": [{"code": "1"}]})], {"bad-value"}),
    "codes and a filter": ([valueset("x", codes(ICD10, "M32") | under(ICD10, "M32"))], {"bad-value"}),
    "another filter": (
        [valueset("x", {"system": ICD10, "filter": [{"property": "concept", "op": "regex", "value": "M"}]})],
        {"bad-value"},
    ),
    "is-a of SNOMED CT without an expansion": (
        [valueset("x", under(SNOMED, "55464009"))],
        {"valueset-expansion-missing"},
    ),
    "an ingredient of a disease": (
        [valueset("x", {"system": SNOMED, "filter": [{"property": "has_ingredient", "op": "=", "value": "1"}]})],
        {"valueset-filter-system"},
    ),
    "a property that there is not": (
        [valueset("x", {"system": SNOMED, "filter": [{"property": "parents", "op": "=", "value": "1"}]})],
        {"bad-value"},
    ),
    "an operator that the property has not": (
        [valueset("x", {"system": SNOMED, "filter": [{"property": "display", "op": "is-a", "value": "1"}]})],
        {"bad-value"},
    ),
    "no regular expression": (
        [valueset("x", {"system": SNOMED, "filter": [{"property": "display", "op": "regex", "value": "("}]})],
        {"bad-value"},
    ),
    "a length of time without a reason": (
        [valueset("x", codes(SNOMED, "1") | {"lasts": "P3M", "lasts_reason": ""})],
        {"bad-value"},
    ),
    "an unknown system": ([valueset("x", codes("urn:nowhere", "1"))], {"valueset-unknown-system"}),
    "no such import": ([valueset("x", {"valueSet": ["urn:nothing"]})], {"valueset-unknown-import"}),
    "an import of an import": (
        [valueset("x", {"valueSet": ["y"]}), valueset("y", {"valueSet": ["sle"]})],
        {"valueset-import-depth"},
    ),
    "not a ValueSet": ([valueset("x", codes(SNOMED, "1")) | {"resourceType": "CodeSystem"}], {"bad-value"}),
}


@pytest.mark.parametrize("fault", SETS_WITH_A_FAULT)
def test_a_value_set_with_a_fault_is_found_and_the_others_load(fault: str, tmp_path: Path) -> None:
    sets, expected = SETS_WITH_A_FAULT[fault]
    knowledge, findings = load_facts(write_rules(tmp_path, None, [*VALUESETS, *sets]))
    assert {found.code for found in findings} == expected
    assert len(knowledge.catalogue) == len(FACTS)


def test_two_value_sets_of_one_id(tmp_path: Path) -> None:
    write_rules(tmp_path)
    put(tmp_path / "valuesets" / "zzz.json", valueset("sle", codes(SNOMED, "1")))
    _, findings = load_facts(tmp_path)
    assert [(found.code, found.file) for found in findings] == [("valueset-duplicate-id", "valuesets/zzz.json")]


def test_tables_with_faults(tmp_path: Path) -> None:
    write_rules(tmp_path)
    put(tmp_path / "facts" / "units.json", {"spelling": {}})
    put(tmp_path / "facts" / "systems.json", {"systems": {"x": "y"}})
    put(tmp_path / "facts" / "routes.json", {"routes": {}, "systemic": ["oral"]})
    put(tmp_path / "facts" / "dosage.json", {"times_a_day": {"0": ["never"]}})
    put(tmp_path / "facts" / "half-lives.json", {"drugs": [{"names": ["x"], "days": [3, 2], "source": "y"}]})
    put(
        tmp_path / "facts" / "treating-doses.json",
        {"drugs": [{"names": ["x"], "strength": {"mg": "5"}, "source": "y"}]},
    )
    put(tmp_path / "facts" / "qualitative.json", {"texts": {"positive": ["pos"], "negative": ["POS."]}})
    _, findings = load_facts(tmp_path)
    assert {(found.file, found.code) for found in findings} == {
        ("facts/all.json", "fact-unknown-route"),
        ("facts/units.json", "unknown-key"),
        ("facts/systems.json", "bad-value"),
        ("facts/routes.json", "table-invalid"),
        ("facts/dosage.json", "bad-value"),
        ("facts/half-lives.json", "bad-value"),
        ("facts/treating-doses.json", "bad-value"),
        ("facts/qualitative.json", "table-invalid"),
    }


def test_no_tables_at_all_is_no_fault(tmp_path: Path) -> None:
    put(tmp_path / "facts" / "all.json", {"facts": [HB]})
    knowledge, findings = load_facts(tmp_path)
    assert not findings
    assert "lab.hb" in knowledge.catalogue


@pytest.fixture
def members(tmp_path: Path) -> Callable[..., frozenset[str]]:
    def look(sets: list[Any], system: str, value: str, maps: Any = None) -> frozenset[str]:
        if maps is not None:
            put(tmp_path / "conceptmaps" / "site.json", maps)
        knowledge, _ = load_facts(write_rules(tmp_path, [], sets))
        coding = type("Coding", (), {"system": system, "code": value})()
        return frozenset().union(*(knowledge.valuesets.members(key) for key in knowledge.systems.keys([coding])))

    return look


def test_exclusion_and_composition(members: Callable[..., frozenset[str]]) -> None:
    sets = [
        valueset("a", under(ICD10, "M32"), exclude=[under(ICD10, "M32.0")]),
        valueset(
            "b", {"valueSet": ["urn:cds-service:valueset:a"]}, codes(ATC, "H02AB07"), exclude=[codes(ICD10, "M32.8")]
        ),
        valueset("c", under(ICD10, "M"), exclude=[{"valueSet": ["a"]}]),
    ]
    assert members(sets, ICD10, "M32.1") == {"a", "b"}
    assert members(sets, ICD10, "M32.0") == {"c"}
    assert members(sets, ICD10, "M32.8") == {"a"}
    assert members(sets, ICD10, "M33") == {"c"}
    assert members(sets, ATC, "H02AB07") == {"b"}
    assert members(sets, ATC, "H02AB0") == frozenset()


def concept_map(equivalence: str | None = "equivalent") -> dict[str, Any]:
    target = {"code": "55464009"} | ({} if equivalence is None else {"equivalence": equivalence})
    group = {"source": "urn:site", "target": SNOMED, "element": [{"code": "LUP", "target": [target]}]}
    return {"resourceType": "ConceptMap", "id": "site", "status": "active", "group": [group]}


@pytest.mark.parametrize(
    ("equivalence", "counts"),
    [("equal", True), ("equivalent", True), ("wider", True), ("narrower", False), ("inexact", False), (None, False)],
)
def test_a_site_maps_its_codes(equivalence: str | None, counts: bool, members: Callable[..., frozenset[str]]) -> None:
    found = members(VALUESETS, "urn:site", "LUP", concept_map(equivalence))
    assert (found == {"sle"}) is counts


def test_a_broken_concept_map_is_found(tmp_path: Path) -> None:
    write_rules(tmp_path)
    put(tmp_path / "conceptmaps" / "a.json", {"resourceType": "ConceptMap", "group": [{"source": "x"}]})
    put(tmp_path / "conceptmaps" / "b.json", {"resourceType": "Bundle"})
    put(tmp_path / "conceptmaps" / "c.json", concept_map("narrower"))
    _, findings = load_facts(tmp_path)
    assert {(found.file, found.code) for found in findings} == {
        ("conceptmaps/a.json", "missing-key"),
        ("conceptmaps/b.json", "conceptmap-invalid"),
        ("conceptmaps/c.json", "conceptmap-equivalence"),
    }


def test_the_catalogue_tells_types_units_and_places(knowledge: FactReaders) -> None:
    catalogue = knowledge.catalogue
    entry = catalogue.lookup("lab.alt.x_uln")
    assert entry is not None
    assert (entry.type, entry.unit, entry.part, entry.kind) == ("number", "1", "x_uln", "quantity")
    assert {name: catalogue.lookup(name).type for name in catalogue.names()}.keys() >= {  # type: ignore[union-attr]
        "condition.sle.active",
        "condition.sle.history",
        "lab.alt.x_lln",
    }
    kinds = {
        "lab.alt": ("number", "U/L"),
        "score.ecog": ("number", "1"),
        "lab.ana_titer": ("number", "1"),
        "result.hbsag": ("result", None),
        "patient.age": ("age", None),
        "patient.sex": ("sex", None),
        "patient.deceased": ("boolean", None),
        "condition.sle": ("events", None),
        "condition.sle.history": ("boolean", None),
        "date.onset": ("date", None),
        "kidney.egfr": ("number", "mL/min/{1.73_m2}"),
        "infection.hcv": ("result", None),
        "derived.grown": ("logic", None),
    }
    for name, expected in kinds.items():
        found = catalogue.lookup(name)
        assert found is not None
        assert (found.type, found.unit) == expected
    assert catalogue.lookup("lab.alt.history") is None
    assert catalogue.lookup("lab.nothing") is None
    assert catalogue.fact_of("date.onset.days_since") == "date.onset"
    assert catalogue.place_of("lab.alt")[0] == "facts/all.json"


def test_what_is_computed_goes_stale_with_its_parts(knowledge: FactReaders) -> None:
    for name in ("derived.bmi", "body.bmi", "kidney.egfr"):
        found = knowledge.catalogue.lookup(name)
        assert found is not None
        assert found.fresh_for is not None
        assert found.fresh_for.days == 90


def test_closure_holds_everything_a_fact_is_made_of(knowledge: FactReaders) -> None:
    assert knowledge.catalogue.closure(["kidney.egfr", "derived.grown", "condition.sle.active", "no.fact"]) == {
        "kidney.egfr",
        "lab.egfr",
        "derived.egfr",
        "lab.creatinine",
        "patient.age",
        "patient.sex",
        "derived.grown",
        "condition.sle",
    }


def test_the_order_of_a_code_is_kept(knowledge: FactReaders, tmp_path: Path) -> None:
    ordered = quantity("lab.alt", "1742-6", "U/L", {"U/L": "1"}, order=code(LOINC, "1742-6", "ALT"))
    known, _ = loaded(tmp_path, ordered)
    entry = known.catalogue.lookup("lab.alt")
    assert entry is not None
    assert entry.order is not None
    assert entry.order.code == "1742-6"
