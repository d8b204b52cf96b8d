"""A small rules folder, large enough for one fact of every kind, written out for the tests of the facts layer."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
CVX = "http://hl7.org/fhir/sid/cvx"
HGNC = "http://www.genenames.org"
HOUSE = "urn:cds-service:facts"
QUALITATIVE = Path(__file__).parents[2] / "rules" / "facts" / "qualitative.json"
RANGES = QUALITATIVE.with_name("ranges.json")


def code(system: str, code: str, display: str = "") -> dict[str, str]:
    return {"system": system, "code": code, "display": display}


def quantity(name: str, loinc: str, unit: str, units: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "quantity",
        "title": name,
        "codes": [code(LOINC, loinc)],
        "unit": unit,
        "units": units,
        "fresh_for": "P90D",
        "plausible": ["-1e15", "1e15"],
        **more,
    }


def result(name: str, loinc: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "result", "title": name, "codes": [code(LOINC, loinc)], "fresh_for": "P1Y", **more}


def events(name: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "events", "resource": resource, "title": name, "absence": "presumed_absent", **more}


def derived(name: str, formula: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "derived", "formula": formula, "title": name, **more}


BY_LIMIT = {"positive": [">", "upper_limit"], "negative": ["<=", "upper_limit"]}

FACTS: list[dict[str, Any]] = [
    quantity("lab.hemoglobin", "718-7", "g/L", {"g/L": "1", "g/dL": "10", "mmol/L": "16.114"}),
    quantity("lab.alt", "1742-6", "U/L", {"U/L": "1", "[IU]/L": "1", "ukat/L": "60"}),
    quantity("lab.creatinine", "2160-0", "umol/L", {"umol/L": "1", "mg/dL": "88.4"}),
    quantity("lab.platelets", "777-3", "10*9/L", {"10*9/L": "1", "10*3/uL": "1", "/uL": "0.001"}),
    {**quantity("lab.inr", "6301-6", "1", {})},
    quantity(
        "lab.hbv_dna",
        "29615-2",
        "{copies}/mL",
        {"{copies}/mL": "1", "[IU]/mL": ["5", "6"]},
        undetected=0,
        fresh_for="P1Y",
    ),
    quantity("lab.egfr", "62238-1", "mL/min/{1.73_m2}", {"mL/min/{1.73_m2}": "1"}),
    quantity("lab.base_excess", "11555-0", "mmol/L", {"mmol/L": "1"}, minimum=None),
    quantity("lab.urine_protein", "2888-6", "mg/L", {"mg/L": "1", "mg/dL": "10"}),
    quantity("lab.urine_creatinine", "2161-8", "mmol/L", {"mmol/L": "1", "mg/dL": "0.0884"}),
    quantity("vital.body_weight", "29463-7", "kg", {"kg": "1", "g": "0.001"}),
    {
        k: v
        for k, v in quantity("vital.body_height", "8302-2", "cm", {"cm": "1", "m": "100"}).items()
        if k != "fresh_for"
    }
    | {"fresh_for_child": "P90D"},
    quantity("vital.bmi", "39156-5", "kg/m2", {"kg/m2": "1"}),
    quantity("vital.systolic", "8480-6", "mm[Hg]", {"mm[Hg]": "1"}),
    {
        "name": "score.ecog",
        "kind": "score",
        "title": "ECOG",
        "codes": [code(LOINC, "89247-1")],
        "values": [{**code(LOINC, f"LA962{n}"), "value": n - 2} for n in range(2, 8)],
        "fresh_for": "P90D",
    },
    {
        "name": "score.nyha",
        "kind": "score",
        "title": "NYHA",
        "codes": [code(LOINC, "88020-3")],
        "presumed": {"value": 0, "without": "condition.heart_failure"},
    },
    {
        "name": "genomics.smn2_copies",
        "kind": "score",
        "title": "SMN2 copies",
        "codes": [code(HOUSE, "smn2-copies")],
        "component": {
            "code": code(LOINC, "82155-3"),
            "where": {"code": code(LOINC, "48018-6"), "value": [code(HGNC, "HGNC:11118")], "text": ["SMN2"]},
            "text_hints": ["copy number"],
        },
    },
    {
        "name": "lab.ana_titer",
        "kind": "titer",
        "title": "ANA titre",
        "codes": [code(LOINC, "5048-4")],
        "undetected": 0,
        "fresh_for": "P1Y",
    },
    result("result.hbsag", "5196-1", codes=[code(LOINC, "5196-1"), code(LOINC, "63557-3")], read_number=BY_LIMIT),
    result("result.hcv_antibody", "13955-0"),
    result("result.hcv_rna", "11259-9", read_number={"positive": [">", "0"], "negative": ["<=", "0"]}),
    result("result.ana", "8061-4", read_number={"positive": [">=", "80"], "negative": ["<", "40"]}),
    result(
        "result.sits", "x", codes=[code(HOUSE, "sits")], values=[{**code(SNOMED, "225602000"), "value": "negative"}]
    ),
    {
        **result("result.smn1_loss", "x", codes=[code(HOUSE, "smn1-loss")]),
        "variant": {
            "codes": [code(LOINC, "69548-6")],
            "where": [
                {"code": code(LOINC, "48018-6"), "value": [code(HGNC, "HGNC:11117")], "text": ["SMN1"]},
                {"code": code(LOINC, "53034-5"), "value": [code(LOINC, "LA6705-3")]},
            ],
        },
    },
    {
        "name": "date.onset",
        "kind": "date",
        "title": "Onset",
        "codes": [code(LOINC, "65222-2")],
        "else_onset_of": "condition.als",
    },
    events("condition.sle", "Condition", valueset="sle", history="sle-history"),
    events("condition.als", "Condition", valueset="als", hints="motor-neuron-disease"),
    events("condition.heart_failure", "Condition", valueset="heart-failure"),
    events(
        "medication.glucocorticoid",
        "Medication",
        valueset="glucocorticoid",
        hints="glucocorticoid-hint",
        by_route="glucocorticoid-hint",
        route="systemic",
    ),
    events("medication.riluzole", "Medication", valueset="riluzole"),
    events("medication.iv_antibiotic", "Medication", valueset="antibiotic", route="intravenous"),
    events("procedure.major_surgery", "Procedure", valueset="major-surgery", hint_category=[code(SNOMED, "387713003")]),
    events("immunization.any", "Immunization", valueset="vaccine", unrecognised="counts", excepted="not-a-vaccine"),
    events("allergy.glucocorticoid", "AllergyIntolerance", valueset="glucocorticoid"),
    events("device.pacemaker", "Device", valueset="pacemaker"),
    events("study.any", "ResearchSubject"),
    {"name": "patient.age", "kind": "patient", "title": "Age"},
    {"name": "patient.sex", "kind": "patient", "title": "Sex"},
    {"name": "patient.deceased", "kind": "patient", "title": "Deceased"},
    derived(
        "derived.egfr",
        "ckd_epi_2021",
        parts=["lab.creatinine", "patient.age", "patient.sex"],
        unit="mL/min/{1.73_m2}",
    ),
    derived(
        "derived.clearance",
        "cockcroft_gault",
        parts=["lab.creatinine", "vital.body_weight", "patient.age", "patient.sex"],
        unit="mL/min",
    ),
    derived("derived.bmi", "bmi", parts=["vital.body_weight", "vital.body_height"], unit="kg/m2"),
    derived("derived.upcr", "upcr", parts=["lab.urine_protein", "lab.urine_creatinine"], unit="g/g"),
    derived("kidney.egfr", "first_known", of=["lab.egfr", "derived.egfr"], unit="mL/min/{1.73_m2}"),
    derived("body.bmi", "first_known", of=["vital.bmi", "derived.bmi"], unit="kg/m2"),
    derived("infection.hcv", "either_test", of=["result.hcv_antibody", "result.hcv_rna"]),
    derived("infection.both", "both_parts", of=["result.hbsag", "result.hcv_antibody"]),
    {
        "name": "derived.grown",
        "kind": "defined",
        "title": "Grown up",
        "logic": {">=": [{"var": "patient.age"}, {"quantity": [18, "a"]}]},
    },
]


def valueset(
    id: str, *include: dict[str, Any], hints: tuple[str, ...] = (), exclude: list[Any] | None = None
) -> dict[str, Any]:
    """Its includes are chronic unless they say otherwise."""
    found: dict[str, Any] = {
        "resourceType": "ValueSet",
        "id": id,
        "url": f"urn:cds-service:valueset:{id}",
        "status": "active",
        "extension": [{"url": "urn:cds-service:text-hint", "valueString": hint} for hint in hints],
        "compose": {"include": [part if "valueSet" in part else {**lasting("chronic"), **part} for part in include]},
    }
    if exclude:
        found["compose"]["exclude"] = exclude
    return found


def lasting(lasts: str, **part: Any) -> dict[str, Any]:
    return {**part, "lasts": lasts, "lasts_reason": "as the test has it"}


def codes(system: str, *codes: str) -> dict[str, Any]:
    return {
        "system": system,
        "concept": [{"code": code.partition("|")[0], "display": code.partition("|")[2]} for code in codes],
    }


def under(system: str, prefix: str) -> dict[str, Any]:
    return {"system": system, "filter": [{"property": "concept", "op": "is-a", "value": prefix}]}


VALUESETS = [
    valueset(
        "sle", codes(SNOMED, "55464009"), under(ICD10, "M32"), under(ICD10CM, "M32"), hints=("systemic lupus", "SLE")
    ),
    valueset("sle-history", codes(SNOMED, "161567008")),
    valueset(
        "als", codes(SNOMED, "86044005"), under(ICD10CM, "G12.21"), hints=("amyotrophic lateral sclerosis", "ALS")
    ),
    valueset("motor-neuron-disease", codes(SNOMED, "37340000")),
    valueset("heart-failure", under(ICD10, "I50"), codes(SNOMED, "84114007"), hints=("heart failure",)),
    valueset(
        "glucocorticoid",
        codes(RXNORM, "8640|prednisone", "312615|prednisone 20 MG Oral Tablet", "5492|hydrocortisone"),
        under(ATC, "H02AB"),
        hints=("prednisone", "prednisolone"),
    ),
    valueset("glucocorticoid-hint", codes(RXNORM, "19831|budesonide")),
    valueset("riluzole", codes(RXNORM, "35623|riluzole"), hints=("riluzole",)),
    valueset("antibiotic", codes(RXNORM, "2193|ceftriaxone")),
    valueset("major-surgery", codes(SNOMED, "232717009")),
    valueset("vaccine", codes(CVX, "141", "08")),
    valueset("pacemaker", codes(SNOMED, "14106009"), hints=("pacemaker",)),
    valueset("not-a-vaccine", codes(CVX, "998|no vaccine administered")),
    # Of no fact: what the table calls a code is read where an entry itself has no words.
    valueset(
        "elsewhere",
        codes(
            SNOMED,
            "38341003|Hypertensive disorder",
            "22298006|Infarction of the heart muscle",
            "80146002|Appendectomy",
            "53350007|Walking stick",
        ),
        codes(RXNORM, "1191|aspirin"),
    ),
]

LEXICON = (
    "a appendectomy aspirin disorder heart hypertensive infarction muscle of sleep apnoea stick tablet the walking"
)
"""Words that are understood and tell of nothing."""

SYSTEMS = {
    LOINC: ["urn:oid:2.16.840.1.113883.6.1", "LOINC"],
    SNOMED: ["urn:oid:2.16.840.1.113883.6.96"],
    ICD10: ["http://fhir.de/CodeSystem/bfarm/icd-10-gm"],
    ICD10CM: ["urn:oid:2.16.840.1.113883.6.90"],
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation": [
        "http://terminology.hl7.org/CodeSystem/v2-0078"
    ],
}

SPELLINGS = {
    "K/uL": "10*3/uL",
    "x10E3/uL": "10*3/uL",
    "10^9/L": "10*9/L",
    "IU/L": "[IU]/L",
    "IU/mL": "[IU]/mL",
    "copies/mL": "{copies}/mL",
    "gm/dL": "g/dL",
    "titer": "{titer}",
    "mmHg": "mm[Hg]",
}

ROUTES = {
    "routes": {
        "oral": {
            "snomed": [code(SNOMED, "26643006")],
            "abbreviations": ["po", "p.o."],
            "text": ["oral"],
            "form_text": ["tablet", "oral"],
        },
        "intravenous": {
            "snomed": [code(SNOMED, "47625008")],
            "abbreviations": ["iv"],
            "text": ["intravenous"],
            "form_text": ["infusion"],
        },
        "parenteral": {"text": ["injection"], "form_text": ["injection"]},
        "inhaled": {
            "snomed": [code(SNOMED, "447694001")],
            "text": ["inhalation", "oral inhalation"],
            "form_text": ["inhaler"],
        },
        "topical": {
            "snomed": [code(SNOMED, "6064005")],
            "text": ["topical", "cutaneous"],
            "form_text": ["cream", "ointment"],
        },
        "rectal": {"text": ["rectal"], "form_text": ["suppository"]},
    },
    "systemic": ["oral", "intravenous", "parenteral"],
    "not_systemic": ["inhaled", "topical"],
    "could_be": {"parenteral": ["intravenous"]},
}


def write_rules(folder: Path, facts: list[dict[str, Any]] | None = None, valuesets: list[Any] | None = None) -> Path:
    """A rules folder with these facts and value sets, and with all tables."""
    (folder / "facts").mkdir(parents=True, exist_ok=True)
    (folder / "valuesets").mkdir(exist_ok=True)
    put(
        folder / "facts" / "all.json",
        {"$schema": "../schema/facts.schema.json", "facts": FACTS if facts is None else facts},
    )
    put(folder / "facts" / "systems.json", {"systems": SYSTEMS})
    put(folder / "facts" / "units.json", {"spellings": SPELLINGS})
    put(folder / "facts" / "routes.json", ROUTES)
    (folder / "lexicon.txt.gz").write_bytes(gzip.compress(LEXICON.replace(" ", "\n").encode(), mtime=0))
    for table in (QUALITATIVE, RANGES):
        shutil.copy(table, folder / "facts" / table.name)
    for content in VALUESETS if valuesets is None else valuesets:
        put(folder / "valuesets" / f"{content['id']}.json", content)
    return folder


def put(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
