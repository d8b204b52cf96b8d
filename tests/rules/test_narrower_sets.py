"""What names a member of a narrower set is never "something else" for a wider one, in whatever language."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from cds_service.facts import build_sheet
from cds_service.facts.fact import Events
from cds_service.library import Library
from cds_service.rule_tools import default_samples_dir
from tests.facts.records import concept, record

Json = dict[str, Any]
VALUE_SETS = default_samples_dir().parent / "rules" / "valuesets"
AS_OF = date(2026, 6, 1)
SUBJECT = {"reference": "Patient/p"}


def a_condition(words: str) -> Json:
    return {"resourceType": "Condition", "subject": SUBJECT, "code": concept(text=words)}


def a_procedure(words: str) -> Json:
    return {"resourceType": "Procedure", "status": "completed", "subject": SUBJECT, "code": concept(text=words)}


def a_device(words: str) -> Json:
    return {"resourceType": "Device", "status": "active", "patient": SUBJECT, "type": concept(text=words)}


def a_vaccination(words: str) -> Json:
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "patient": SUBJECT,
        "vaccineCode": concept(text=words),
    }


def of_the_skin_or_lupus(words: str) -> bool:
    """Lupus, of the skin too, is no *other* autoimmune disease (L93 is none either)."""
    return "lupus" in words.casefold() or words in {"CLE", "DLE", "SCLE", "discoid LE"}


def is_known(fact: str, entry: Json, library: Library) -> bool:
    """Whether it is certain that it was, or was never, on record."""
    events = build_sheet(record(entry), library.facts, AS_OF)[fact].value
    assert isinstance(events, Events)
    return events.history("closed") is not None


def phrases(value_set: str) -> Iterator[str]:
    found = json.loads((VALUE_SETS / f"{value_set}.json").read_text(encoding="utf-8"))["phrases"]
    return (phrase for language in found.values() for phrase in language)


@pytest.mark.parametrize(
    ("narrow", "wide", "entry", "aside"),
    [
        ("mri-unsafe-implant-procedure", "procedure.pacemaker_or_metal_implant", a_procedure, None),
        ("mri-unsafe-implant-condition", "condition.pacemaker_or_metal_implant", a_condition, None),
        ("mri-unsafe-implant-device", "device.pacemaker_or_metal_implant", a_device, None),
        ("autoimmune-disease", "condition.other_autoimmune_disease", a_condition, of_the_skin_or_lupus),
    ],
)
def test_a_phrase_of_the_narrower_set_is_a_hint_of_the_wider(
    narrow: str, wide: str, entry: Callable[[str], Json], aside: Callable[[str], bool] | None, library: Library
) -> None:
    """Without it "Schrittmacher" among the procedures was no implant, and "ITP" no autoimmune disease."""
    missed = []
    for phrase in phrases(narrow):
        if is_known(wide, entry(phrase), library) and not (aside and aside(phrase)):
            missed.append(phrase)
    assert not missed


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        ("麻腮风疫苗", "immunization.live_vaccine"),
        ("Röteln", "immunization.live_vaccine"),
        ("subdural hematoma", "condition.cns_disease"),
        ("Subduralhämatom", "condition.cns_disease"),
        ("硬膜下血肿", "condition.cns_disease"),
        ("Schädel-Hirn-Trauma", "condition.cns_disease"),
        ("脑外伤", "condition.cns_disease"),
        ("hay fever", "condition.nasal_disease"),
        ("家用呼吸机", "condition.niv"),
    ],
)
def test_everyday_words_are_a_hint(words: str, fact: str, library: Library) -> None:
    vaccination = {
        "resourceType": "Immunization",
        "status": "completed",
        "patient": SUBJECT,
        "vaccineCode": concept(text=words),
    }
    entry = vaccination if fact.startswith("immunization") else a_condition(words)
    assert not is_known(fact, entry, library)
