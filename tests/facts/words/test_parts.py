"""A part less never makes a fact absent: every coded entry of every sample, without code, system or words."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_service.facts import FactReader
from cds_service.facts.fact import Events
from cds_service.fhir import read_bundle
from cds_service.library import Library
from tests.facts.words.test_unread import AS_OF, UNLISTED

SAMPLES = sorted((Path(__file__).parents[3] / "fhir_samples" / "patients").glob("*.json"))
CODES = ("code", "vaccineCode", "medicationCodeableConcept")
KINDS = ("Condition", "Procedure", "Immunization", "AllergyIntolerance", "MedicationRequest", "MedicationStatement")
Json = dict[str, Any]


def without(coding: Json, *names: str) -> Json:
    return {name: value for name, value in coding.items() if name not in names}


LESS = {
    # What is left of each coding of an entry, and of its text.
    "its words alone": lambda coding: without(coding, "system", "code"),
    "its words under a code that no table has": lambda coding: {**coding, "code": UNLISTED},
    "its words under a system of the site": lambda coding: {**coding, "system": "urn:site"},
    "no system": lambda coding: without(coding, "system"),
    "nothing at all": lambda coding: {},
}


def entries(document: Json) -> Iterator[tuple[int, str]]:
    """The coded entries by their place and the element of their code."""
    for place, entry in enumerate(document["entry"]):
        if entry["resource"]["resourceType"] in KINDS:
            for name in CODES:
                if entry["resource"].get(name, {}).get("coding"):
                    yield place, name


def said(library: Library, document: Json) -> dict[str, tuple[bool | None, frozenset[str]]]:
    """Of each event fact whether it is there, ever, and the entries that certainly say so."""
    sheet = FactReader(read_bundle(json.dumps(document).encode()), library.facts, AS_OF).sheet()
    found = {}
    for name in sheet:
        value = sheet[name].value
        if isinstance(value, Events):
            sure = frozenset(item.evidence.source for item in value.items if item.sure)
            found[name] = value.history("closed"), sure
    return found


@pytest.mark.parametrize("what", LESS)
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_an_entry_that_says_less_makes_nothing_absent(library: Library, path: Path, what: str) -> None:
    whole = json.loads(path.read_bytes())
    before = said(library, whole)
    for place, name in entries(whole):
        less = copy.deepcopy(whole)
        resource = less["entry"][place]["resource"]
        code = resource[name]
        code["coding"] = [LESS[what](coding) for coding in code["coding"]]
        if what == "nothing at all":
            code.pop("text", None)
        source = f"{resource['resourceType']}/{resource['id']}"
        after = said(library, less)
        absent = {fact for fact, (_, sure) in before.items() if source in sure and after[fact][0] is False}
        assert not absent, (source, absent)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_code_or_words_more_make_nothing_certain_that_they_do_not_say(library: Library, path: Path) -> None:
    """An entry that was not understood stays so beside a code that no table has, and beside words in any language."""
    whole = json.loads(path.read_bytes())
    about = next(e["resource"]["id"] for e in whole["entry"] if e["resource"]["resourceType"] == "Patient")
    bare: Json = {"resourceType": "Condition", "id": "more", "subject": {"reference": f"Patient/{about}"}}
    added = {}
    for what, code in {
        "nothing": {},
        "a code": {"coding": [{"system": "urn:site", "code": "1"}]},
        "words": {"text": "Qwertitis"},
        "both": {"coding": [{"system": "http://snomed.info/sct", "code": UNLISTED}], "text": "пневмония"},
    }.items():
        held = {**whole, "entry": [*whole["entry"], {"resource": {**bare, "code": code}}]}
        added[what] = {fact: told for fact, (told, _) in said(library, held).items()}
    assert added["nothing"] == added["a code"] == added["words"] == added["both"]
