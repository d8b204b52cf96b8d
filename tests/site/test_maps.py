"""ConceptMaps of a site: what each form makes of a diagnosis and of a result, and what a broken one takes along.

`match`: the code counts. `hint`: the fact is unknown, and a person is asked about this entry. `unread`: the code is
what it was without the map, and may be anything.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fhir.resources.R4B.conceptmap import ConceptMap

from cds_service.explanation import fact_sheet
from cds_service.facts.catalogue import load_codesystems
from cds_service.fhir import Coding, read_bundle
from cds_service.library import Library, load_library
from tests.site.folders import AS_OF, LAB, LOINC, RULES, concept_map, condition, haemoglobin, told, write

SNOMED = "http://snomed.info/sct"
SLE = "55464009"  # Systemic lupus erythematosus
FORMS = [
    # What the map says of a code and lupus, or haemoglobin: | a diagnosis is | a result
    ({"equivalence": "equal"}, "match", "match"),
    ({"equivalence": "equivalent"}, "match", "match"),
    ({"equivalence": "wider"}, "match", "match"),  # lupus is wider than the code, which is a kind of it
    ({"equivalence": "subsumes"}, "match", "match"),
    ({"equivalence": "narrower"}, "hint", "unread"),  # lupus is narrower: the code may be another disease
    ({"equivalence": "specializes"}, "hint", "unread"),
    ({"equivalence": "inexact"}, "hint", "unread"),
    ({"equivalence": "relatedto"}, "hint", "unread"),
    ({"equivalence": "unmatched"}, "unread", "unread"),
    ({"equivalence": "disjoint"}, "unread", "unread"),  # what it is, nobody has said
    ({"equivalence": "same"}, "unread", "unread"),  # no word of FHIR's
    ({"relationship": "equivalent"}, "match", "match"),
    ({"relationship": "source-is-narrower-than-target"}, "match", "match"),
    ({"relationship": "source-is-broader-than-target"}, "hint", "unread"),
    ({"relationship": "related-to"}, "hint", "unread"),
    ({"relationship": "not-related-to"}, "unread", "unread"),
    ({"equivalence": "equal", "relationship": "related-to"}, "hint", "unread"),  # the weaker of two
    ({"equivalence": "wider", "relationship": "not-related-to"}, "unread", "unread"),
    ({"equivalence": "equal", "dependsOn": [{"property": "x", "value": "1"}]}, "unread", "unread"),
    ({"equivalence": "equal", "product": [{"property": "x", "value": "1"}]}, "unread", "unread"),
    ({"equivalence": "equal", "modifierExtension": [{"url": "urn:x"}]}, "unread", "unread"),  # nobody knows how
    ({}, "unread", "unread"),
]


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A site that maps a code for each form: D0, D1, … to lupus, R0, R1, … to haemoglobin."""
    groups = [
        {
            "source": LAB,
            "target": system,
            "element": [
                {"code": f"{mark}{n}", "target": [{"code": code, **form}]} for n, (form, *_) in enumerate(FORMS)
            ],
        }
        for mark, system, code in (("D", SNOMED, SLE), ("R", LOINC, "718-7"))
    ]
    more = [
        {"source": LAB, "target": SNOMED, "element": [{"code": "NO-MAP", "noMap": True}]},
        {
            "source": LAB,
            "target": SNOMED,
            "element": [
                {"code": "TWO", "target": [{"code": code, "equivalence": "equivalent"} for code in (SLE, "13645005")]},
                {"code": "KIND", "target": [{"code": SLE, "equivalence": "wider"}]},
                {"code": "SAME", "target": [{"code": SLE, "equivalence": "equal"}]},
            ],
        },
    ]
    content = {"resourceType": "ConceptMap", "status": "active", "group": groups + more}
    return load_library(RULES, site_dir=write(tmp_path_factory.mktemp("site"), conceptmaps__all=content))


def became(library: Library, fact: str, entry: dict[str, Any]) -> str:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in (PATIENT, entry)]}
    [found] = fact_sheet(read_bundle(json.dumps(bundle).encode()), library, AS_OF, [fact])["facts"]
    if found["status"] == "known":
        return "match"
    return {"unconfirmed": "hint", "unread_entry": "unread", "no_result": "unread"}[found["reason"]]


PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1980-03-15"}


@pytest.mark.parametrize("row", range(len(FORMS)), ids=lambda row: json.dumps(FORMS[row][0]))
def test_what_a_form_makes_of_a_code(mapped: Library, row: int) -> None:
    _, diagnosis, result = FORMS[row]
    assert became(mapped, "condition.sle", condition("", LAB, f"D{row}")) == diagnosis
    assert became(mapped, "lab.hemoglobin", haemoglobin(LAB, f"R{row}")) == result


OTHERS = [
    # code | fact | it is
    ("NO-MAP", "condition.sle", "unread"),
    ("TWO", "condition.sle", "match"),  # several targets of one element are all meant
    ("TWO", "condition.copd", "match"),
    ("SAME", "condition.lupus_nephritis", "presumed"),  # lupus says no more than that
    ("KIND", "condition.lupus_nephritis", "unread"),  # a kind of lupus may be that of the kidney
]


@pytest.mark.parametrize(("code", "fact", "outcome"), OTHERS)
def test_what_a_map_says_of_other_facts(mapped: Library, code: str, fact: str, outcome: str) -> None:
    entry = condition("", LAB, code)
    if outcome == "presumed":
        assert told(mapped, fact, entry)[0] == "presumed"
    else:
        assert became(mapped, fact, entry) == outcome


def test_what_is_a_kind_of_something_is_ruled_out_by_its_words(mapped: Library) -> None:
    assert told(mapped, "condition.hiv", condition("", LAB, "KIND"))[0] == "unknown"
    assert told(mapped, "condition.hiv", condition("lupus erythematosus, systemic", LAB, "KIND"))[0] == "presumed"


BAD = {
    "a map leads to a code with a wrong check digit": (SNOMED, "55464008"),
    "a LOINC code with a wrong check digit": (LOINC, "718-8"),
    "a system that is not read": ("urn:example:nowhere", "1"),
    "what looks like no code": (SNOMED, "lupus"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_map_in_the_rules_stops_nothing_and_is_told(bad: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    for entry in RULES.iterdir():
        if entry.name != "conceptmaps":
            (rules / entry.name).symlink_to(entry)
    system, code = BAD[bad]
    content = concept_map("X", {"code": code, "equivalence": "equal"}, target=system)
    content["group"].append({"source": LAB, "target": SNOMED, "element": [{"code": "D", "target": [SAME]}]})
    write(rules, conceptmaps__a=content, conceptmaps__b='{"resourceType": "ConceptMap", "group": [{"source": "urn:')
    library = load_library(rules)
    assert became(library, "condition.sle", condition("", LAB, "D")) == "match"
    assert {f.file for f in library.about_site} == {"conceptmaps/a.json", "conceptmaps/b.json"}


SAME = {"code": SLE, "equivalence": "equal"}
PARTS = {
    "a group without a target": ("/group/0/target", {"source": LAB, "element": []}),
    "a group that is no object": ("/group/0", 7),
    "an element that is no object": ("/group/0/element/0", {"source": LAB, "target": SNOMED, "element": [7]}),
    "a target that is no object": (
        "/group/0/element/0/target/0",
        {"source": LAB, "target": SNOMED, "element": [{"code": "X", "target": [7]}]},
    ),
    "an element for a value set": (
        "/group/0/element/0",
        {"source": LAB, "target": SNOMED, "element": [{"valueSet": "urn:x", "target": [SAME]}]},
    ),
    "noMap beside a target": (
        "/group/0/element/0/noMap",
        {"source": LAB, "target": SNOMED, "element": [{"code": "X", "noMap": True, "target": [SAME]}]},
    ),
    "codes without a map keep their own": (
        "/group/0/unmapped",
        {"source": LAB, "target": SNOMED, "unmapped": {"mode": "provided"}},
    ),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_broken_part_of_a_map_is_named_and_the_rest_of_the_file_counts(part: str, tmp_path: Path) -> None:
    place, group = PARTS[part]
    good = {"source": LAB, "target": SNOMED, "element": [{"code": "D", "target": [SAME]}]}
    content = {"resourceType": "ConceptMap", "group": [group, good]}
    library = load_library(RULES, site_dir=write(tmp_path, conceptmaps__x=content))
    assert [f.pointer for f in library.about_site] == [place]
    assert became(library, "condition.sle", condition("", LAB, "D")) == "match"
    assert became(library, "condition.sle", condition("", LAB, "X")) == "unread"


def test_maps_that_contradict_each_other_give_a_hint_at_most(tmp_path: Path) -> None:
    """Two files say what a code is, and both can't be right; two others that it is lupus, and that it is not."""
    site = write(
        tmp_path,
        conceptmaps__a=concept_map("X", SAME, target=SNOMED),
        conceptmaps__b=concept_map("X", {"code": "13645005", "equivalence": "equal"}, target=SNOMED),
        conceptmaps__c=concept_map("Y", SAME, target=SNOMED),
        conceptmaps__d=concept_map("Y", {"code": SLE, "equivalence": "disjoint"}, target=SNOMED),
    )
    library = load_library(RULES, site_dir=site)
    found = [(f.file, f.code) for f in library.about_site if f.severity == "error"]
    assert found == [(f"site:conceptmaps/{name}.json", "conceptmap-contradiction") for name in "bd"]
    for code, fact in (("X", "condition.sle"), ("X", "condition.copd"), ("Y", "condition.sle")):
        assert became(library, fact, condition("", LAB, code)) == "hint"


def test_a_map_is_one_step_and_a_circle_does_no_harm(tmp_path: Path) -> None:
    steps = (("A", LAB, "B"), ("B", LAB, "C"), ("C", SNOMED, SLE), ("P", LAB, "Q"), ("Q", LAB, "P"), ("S", LAB, "S"))
    maps = {
        f"conceptmaps__{code}": concept_map(code, {"code": target, "equivalence": "equal"}, target=system)
        for code, system, target in steps
    }
    library = load_library(RULES, site_dir=write(tmp_path, **maps))
    assert {f.file[-6:-5] for f in library.about_site if f.code == "conceptmap-chain"} == set("ABPQS")
    outcomes = {code: became(library, "condition.sle", condition("", LAB, code)) for code, _, _ in steps}
    assert outcomes == {**dict.fromkeys("ABPQS", "unread"), "C": "match"}


def test_a_code_that_facts_read_is_read_as_it_is(tmp_path: Path) -> None:
    """Haemoglobin mapped to creatinine; a code of LOINC that no fact reads may be mapped."""
    creatinine = {"code": "2160-0", "equivalence": "equal"}
    site = write(
        tmp_path,
        conceptmaps__a=concept_map("718-7", creatinine, source=LOINC),
        conceptmaps__b=concept_map("11502-2", {"code": "718-7", "equivalence": "equal"}, source=LOINC),
    )
    library = load_library(RULES, site_dir=site)
    assert [(f.file, f.code) for f in library.about_site if f.severity == "error"] == [
        ("site:conceptmaps/a.json", "conceptmap-standard-source")
    ]
    assert told(library, "lab.creatinine", haemoglobin(LOINC, "718-7"))[0] == "unknown"
    assert told(library, "lab.hemoglobin", haemoglobin(LOINC, "718-7")) == ("known", 112)
    assert told(library, "lab.hemoglobin", haemoglobin(LOINC, "11502-2")) == ("known", 112)


LIKE = [
    # what a site's codes look like, and their target | a code of it | haemoglobin is read
    ("HB-####-#", {"part": "4-9"}, "HB-0718-7", False),  # 0718-7 is no code of LOINC that a fact reads
    ("HB-###-#", {"part": "4-8"}, "HB-718-7", True),
    ("hb-###-#", {"part": "4-8"}, "HB-718-7", True),
    ("HB-###-#", {"part": "4-8"}, "HB-718-77", False),
    ("HB-###-#", {"part": "4-8"}, "HB-71A-7", False),
    ("HB*", {"code": "718-7"}, "HB-venous", True),
    ("HB*", {"code": "718-7"}, "KB", False),
    ("HB*", {"code": "718-7"}, "BYNAME", False),  # an element says by name what it is
    ("HB.?", {"code": "718-7"}, "HB7x", True),
    ("HB.?", {"code": "718-7"}, "HB77", False),
]


@pytest.mark.parametrize(("shape", "target", "code", "is_read"), LIKE)
def test_codes_that_look_alike(tmp_path: Path, shape: str, target: dict[str, str], code: str, is_read: bool) -> None:
    by_name = {"code": "BYNAME", "target": [{"code": "2160-0", "equivalence": "equal"}]}
    content = {
        "resourceType": "ConceptMap",
        "group": [{"source": LAB, "target": LOINC, "element": [codes_like(shape, target), by_name]}],
    }
    rules = tmp_path / "rules"
    (rules / "facts").mkdir(parents=True)
    systems, findings = load_codesystems(rules, write(tmp_path / "site", conceptmaps__x=content))
    keys = systems.keys([SimpleNamespace(system=LAB, code=code)])
    assert (((LOINC, "718-7") in keys), findings) == (is_read, ())


def codes_like(shape: str, target: dict[str, str], source_code: str = "") -> dict[str, Any]:
    one: dict[str, Any] = {"equivalence": "equal"}
    if "code" in target:
        one["code"] = target["code"]
    if "part" in target:
        one["extension"] = [{"url": "urn:cds-service:code-part", "valueString": target["part"]}]
    element = {"extension": [{"url": "urn:cds-service:codes-like", "valueString": shape}], "target": [one]}
    return {**element, **({"code": source_code} if source_code else {})}


BAD_SHAPES = [
    ("", LAB, {"code": "718-7"}, ""),
    ("H*B", LAB, {"code": "718-7"}, ""),
    ("*", LAB, {"code": "718-7"}, ""),
    ("HB-###", LAB, {"part": "4-9"}, "/target/0"),
    ("HB-###", LAB, {"part": "0-2"}, "/target/0"),
    ("HB-###", LAB, {"part": "x"}, "/target/0"),
    ("HB-###", LAB, {"part": "1-2", "code": "718-7"}, "/target/0"),
    ("HB-###", "urn:cds-service:any-system", {"code": "718-7"}, ""),  # other systems have such codes as well
    ("HB*", LAB, {"code": "718-8"}, "/target/0"),
    ("HB*", LOINC, {"code": "718-7"}, "/target/0"),  # codes of LOINC are read as they are
]


@pytest.mark.parametrize(("shape", "source", "target", "place"), BAD_SHAPES)
def test_what_is_wrong_with_codes_that_look_alike(
    tmp_path: Path, shape: str, source: str, target: dict[str, str], place: str
) -> None:
    content = {
        "resourceType": "ConceptMap",
        "group": [{"source": source, "target": LOINC, "element": [codes_like(shape, target)]}],
    }
    (tmp_path / "rules" / "facts").mkdir(parents=True)
    _, [found] = load_codesystems(tmp_path / "rules", write(tmp_path / "site", conceptmaps__x=content))
    assert (found.severity, found.pointer) == ("error", f"/group/0/element/0{place}")


def test_the_map_that_is_shipped_is_fhir_of_r4() -> None:
    [path] = (RULES / "conceptmaps").glob("*.json")
    content = {key: value for key, value in json.loads(path.read_text(encoding="utf-8")).items() if key != "$schema"}
    assert ConceptMap.model_validate(content).url == "urn:cds-service:conceptmap:china-national-drug-codes"


@pytest.mark.parametrize(
    "where",
    [("modifierExtension",), ("group", 0, "modifierExtension"), ("group", 0, "element", 0, "modifierExtension")],
)
def test_what_is_changed_in_a_way_that_is_not_understood_does_not_count(where: tuple[Any, ...], tmp_path: Path) -> None:
    _assert_not_read(where, [{"url": "urn:x"}], tmp_path)


def test_a_retired_map_does_not_count(tmp_path: Path) -> None:
    _assert_not_read(("status",), "retired", tmp_path)


def _assert_not_read(where: tuple[Any, ...], value: Any, site: Path) -> None:
    element = {"code": "L", "target": [{"code": "55464009", "equivalence": "equal"}]}
    content: Any = {
        "resourceType": "ConceptMap",
        "group": [{"source": "urn:oid:1.2.3", "target": "http://snomed.info/sct", "element": [element]}],
    }
    place = content
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    (site / "conceptmaps").mkdir()
    (site / "conceptmaps" / "m.json").write_text(json.dumps(content), encoding="utf-8")
    systems, findings = load_codesystems(RULES, site)
    assert [one.code for one in findings] == ["conceptmap-not-read"]
    assert systems.keys([Coding(system="urn:oid:1.2.3", code="L")]) == (("urn:oid:1.2.3", "L"),)
