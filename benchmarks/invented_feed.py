"""A site's feed of any size, all invented: NDJSON as a bulk export has it, by resource type.

    python -m benchmarks.invented_feed FOLDER --mb 1000 [--gz] [--seed 20261130]

Lines are as long as those of Synthea (an Observation some 800 bytes). Entries are coded as different systems of a
hospital code them: with a standard code and its display, with a local code beside it, with a local code alone, with
words alone. A part of the words is nobody else's, so that there are more kinds of entries than a survey tells apart.
Of some thousand lines each one is broken: cut in half, no JSON, or with bytes that are no UTF-8.
"""

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

SEED = 20261130
LOINC, LOCAL, SNOMED = "http://loinc.org", "urn:oid:1.2.3.4.5", "http://snomed.info/sct"
ICD10, RXNORM = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.nlm.nih.gov/research/umls/rxnorm"

# LOINC code, display, local code, local words, unit, the range of the values.
_RESULTS = (
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "HB", "Hb", "g/dL", 8, 17),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "PLT", "Thrombozyten", "10*3/uL", 80, 400),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "WBC", "Leukozyten", "10*3/uL", 2, 15),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "CREA", "Kreatinin", "mg/dL", 0.5, 3),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "GLU", "Glukose", "mg/dL", 60, 220),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "NA", "Natrium", "mmol/L", 130, 148),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "K", "Kalium", "mmol/L", 3, 6),
    ("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "ALT", "GPT", "U/L", 8, 120),
    ("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "AST", "GOT", "U/L", 8, 99),
    ("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma", "BILI", "Bilirubin", "mg/dL", 0.2, 3),
    ("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "ALB", "Albumin", "g/dL", 2, 5),
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "A1C", "HbA1c", "%", 5, 11),
    ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "CHOL", "Cholesterin", "mg/dL", 120, 300),
    ("8867-4", "Heart rate", "HF", "Puls", "/min", 50, 120),
    ("29463-7", "Body weight", "KG", "Gewicht", "kg", 45, 120),
    ("39156-5", "Body mass index (BMI) [Ratio]", "BMI", "BMI", "kg/m2", 17, 40),
)
# SNOMED CT code, ICD-10-CM code, words.
_DIAGNOSES = (
    ("59621000", "I10", "Hypertension"),
    ("44054006", "E11.9", "Diabetes type 2"),
    ("195967001", "J45.9", "Asthma"),
    ("55464009", "M32.1", "Lupus"),
)
_DRUGS = (
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("308136", "amlodipine 2.5 MG Oral Tablet"),
    ("860975", "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet"),
    ("121191", "rituximab"),
)
_OPERATIONS = (("73761001", "Colonoscopy"), ("80146002", "Appendix taken out"))
_NUMBER_WORDS = ("see comment", "haemolytic", "< 0.1", "12,5", "not done")
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu")
_BROKEN_EACH = 4_000
_MIX = ("Observation",) * 14 + ("Condition",) * 2 + ("MedicationRequest",) * 3 + ("Procedure",)
_LINES_OF_A_PATIENT = 120

Json = dict[str, Any]


@dataclass(slots=True)
class WrittenFeed:
    """What was written: bytes before packing, whole lines by resource type, and how many lines are broken."""

    bytes: int = 0
    lines: Counter[str] = field(default_factory=Counter)
    broken: int = 0


def write_feed(folder: Path, size: int, *, packed: bool = False, seed: int = SEED) -> WrittenFeed:
    """Write a feed of `size` bytes or a little more, before it is packed. The same seed writes the same lines."""
    folder.mkdir(parents=True, exist_ok=True)
    written, files = WrittenFeed(), {}
    lines = _lines(random.Random(seed))
    with ExitStack() as stack:
        while written.bytes < size:
            kind, line, is_broken = next(lines)
            if kind not in files:
                files[kind] = stack.enter_context(_opened(folder / f"{kind}.ndjson", packed=packed))
            files[kind].write(line + b"\n")
            written.bytes += len(line) + 1
            if is_broken:
                written.broken += 1
            else:
                written.lines[kind] += 1
    return written


def _opened(path: Path, *, packed: bool) -> IO[bytes]:
    if packed:
        return gzip.GzipFile(path.with_name(f"{path.name}.gz"), "wb", compresslevel=1, mtime=0)  # type: ignore[return-value]  # a writable stream of bytes, if no IO[bytes] to the stub
    return path.open("wb", buffering=1 << 20)


def _lines(dice: random.Random) -> Iterator[tuple[str, bytes, bool]]:
    """Resource type, line, and whether it is broken, without end."""
    for number, (code, display) in enumerate(_DRUGS):
        drug = {"resourceType": "Medication", "id": f"m{number}", "code": _concept((RXNORM, code, display))}
        yield "Medication", json.dumps(drug).encode(), False
    count, patient = 0, 0
    while True:
        patient += 1
        yield "Patient", _patient(patient, dice), False
        for _ in range(_LINES_OF_A_PATIENT):
            count += 1
            kind = dice.choice(_MIX)
            line = json.dumps(_MAKERS[kind](patient, dice), ensure_ascii=False).encode()
            is_broken = count % _BROKEN_EACH == 0
            yield kind, _damaged(line, count // _BROKEN_EACH) if is_broken else line, is_broken


def _damaged(line: bytes, which: int) -> bytes:
    no_utf8 = line.replace(b'"resourceType"', b'"resource\xff\xfeType', 1)
    return (line[: len(line) // 2], b"#" + line, no_utf8)[which % 3]


def _patient(number: int, dice: random.Random) -> bytes:
    return json.dumps(
        {
            "resourceType": "Patient",
            "id": _id("p", number),
            "name": [{"family": _word(dice).title(), "given": [_word(dice).title()]}],
            "gender": dice.choice(("female", "male")),
            "birthDate": f"{dice.randrange(1930, 2015)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}",
        }
    ).encode()


def _entry(kind: str, patient: int, dice: random.Random) -> Json:
    """What all entries have: an id, a profile, whose and of which visit."""
    return {
        "resourceType": kind,
        "id": _id("e", dice.getrandbits(60)),
        "meta": {
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind.lower()}"],
            "lastUpdated": "2026-01-31T10:00:00.000+01:00",
        },
        "subject": {"reference": f"Patient/{_id('p', patient)}"},
        "encounter": {"reference": f"Encounter/{_id('v', dice.getrandbits(40))}"},
    }


def _observation(patient: int, dice: random.Random) -> Json:
    code, display, local, words, unit, least, most = dice.choice(_RESULTS)
    codings = (
        _concept((LOINC, code, display), text=display),
        _concept((LOINC, code, display), (LOCAL, local, words), text=words),
        _concept((LOCAL, local, words)),
        _concept(text=words),
    )
    day = f"20{dice.randrange(10, 26)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
    value = {"value": round(dice.uniform(least, most), 4), "unit": unit, "system": "http://unitsofmeasure.org"}
    said: Json = {"valueQuantity": {**value, "code": unit}}
    if dice.random() < 0.05:
        said = {"valueString": dice.choice(_NUMBER_WORDS)}
    return {
        **_entry("Observation", patient, dice),
        "status": "final",
        "category": [_concept(("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Lab"))],
        "code": dice.choices(codings, (70, 15, 10, 5))[0],
        "effectiveDateTime": f"{day}T08:15:00+01:00",
        "issued": f"{day}T09:15:00.000+01:00",
        **said,
    }


def _condition(patient: int, dice: random.Random) -> Json:
    snomed, icd, words = dice.choice(_DIAGNOSES)
    codings = (
        _concept((SNOMED, snomed, words), text=words),
        _concept((ICD10, icd, words), (SNOMED, snomed, words)),
        _concept((LOCAL, f"D{dice.randrange(900)}", f"{words} {dice.randrange(90)}")),
        _concept(text=f"{words} {_word(dice)} {_word(dice)}"),
    )
    status = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {
        **_entry("Condition", patient, dice),
        "clinicalStatus": _concept((status, "active", "Active")),
        "code": dice.choices(codings, (50, 20, 10, 20))[0],
        "onsetDateTime": f"20{dice.randrange(10, 26)}-05-17",
    }


def _prescription(patient: int, dice: random.Random) -> Json:
    number = dice.randrange(len(_DRUGS))
    code, display = _DRUGS[number]
    drug: Json = {"medicationCodeableConcept": _concept((RXNORM, code, display), text=display)}
    if dice.random() < 0.3:
        drug = {"medicationReference": {"reference": f"Medication/m{number}", "display": display}}
    return {
        **_entry("MedicationRequest", patient, dice),
        "status": "active",
        "intent": "order",
        **drug,
        "authoredOn": f"20{dice.randrange(10, 26)}-03-02",
        "dosageInstruction": [{"text": f"{dice.randrange(1, 4)} a day", "asNeededBoolean": False}],
    }


def _procedure(patient: int, dice: random.Random) -> Json:
    code, words = dice.choice(_OPERATIONS)
    said = _concept((SNOMED, code, words)) if dice.random() < 0.8 else _concept(text=f"{words} {_word(dice)}")
    done = {"start": "2019-05-17T08:00:00Z", "end": "2019-05-17T09:00:00Z"}
    return {**_entry("Procedure", patient, dice), "status": "completed", "code": said, "performedPeriod": done}


_MAKERS = {
    "Observation": _observation,
    "Condition": _condition,
    "MedicationRequest": _prescription,
    "Procedure": _procedure,
}


def _concept(*codings: tuple[str, str, str], text: str | None = None) -> Json:
    found: Json = {}
    if codings:
        found["coding"] = [{"system": system, "code": code, "display": display} for system, code, display in codings]
    return found if text is None else {**found, "text": text}


def _word(dice: random.Random) -> str:
    return "".join(dice.choices(_SYLLABLES, k=3))


def _id(letter: str, number: int) -> str:
    return f"{letter}{number:015x}-4af0-b1c2-9d3e5f708192"


def main() -> None:
    """Write one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.invented_feed", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mb", type=int, default=1_000, help="MB before packing (10^6 bytes).")
    parser.add_argument("--gz", action="store_true", help="Pack each file.")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    written = write_feed(options.folder, options.mb * 1_000_000, packed=options.gz, seed=options.seed)
    print(f"{written.bytes:,} bytes, {dict(written.lines)}, {written.broken} broken")  # noqa: T201


if __name__ == "__main__":
    main()
