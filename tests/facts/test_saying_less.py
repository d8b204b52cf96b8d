"""Reading is monotonic: an entry without one of its parts never makes surer, nor one certain answer another.

Every element of every entry of the contract's tables is taken away in turn, at every depth, and of the sample patients
too. What is known then was known before and is the same; or the fact is as if the entry were not there, because what it
lost is by what it is about the fact; or the part is one that `EXEMPT` lists with the reason.
"""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path as File
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.facts import build_sheet
from cds_service.library import Library
from tests.facts.contract_4a.rows import Row, outcome
from tests.facts.records import Json, record
from tests.facts.saying_less import Known, Path, asked_of, at, known, more, parts, place, text, without
from tests.facts.saying_less_exempt import ABOUT, EXEMPT, LEFT_OPEN
from tests.facts.test_contract_4a import TABLES

SAMPLES = sorted((File(__file__).parents[2] / "fhir_samples" / "patients").glob("*.json"))
SAMPLES_AS_OF = date(2026, 11, 24)
ROWS = [item for table in TABLES for items in table.TABLE.values() for item in items if item.resources]
BY_TABLE = {table.__name__.rpartition(".")[2]: [i for r in table.TABLE.values() for i in r] for table in TABLES}


def told(item: Row, resources: Sequence[Json], library: Library) -> Known:
    """What is known of the row's fact, or the outcome of its criterion, by these entries."""
    held = record(*resources, about=item.person)
    if "/" in item.about:
        found = outcome(item.about, held, library, item.as_of)
        return {"outcome": None if found == "unknown" else found}
    name, _, part = item.about.rpartition(".")
    named = name if part in {"active", "history", "x_uln", "x_lln"} else item.about
    return known(build_sheet(held, library.facts, item.as_of, [named])[named], library.catalogue, item.as_of)


class Asked:
    """A row of the tables, and what is known by it: asked once."""

    def __init__(self, item: Row, library: Library) -> None:
        self.item, self._library, self._seen = item, library, dict[str, Known]()

    def told(self, number: int | None = None, entry: Json | None = None) -> Known:
        """What is known where the entry of that number is this one, or is not there."""
        held = list(self.item.resources)
        if number is not None:
            held[number : number + 1] = [] if entry is None else [entry]
        key = text(held)
        if key not in self._seen:
            self._seen[key] = told(self.item, held, self._library)
        return self._seen[key]

    def surer(self, number: int, *paths: Path) -> list[str]:
        """What is known more where the entry of that number has lost these parts, exempt ones aside."""
        entry = self.item.resources[number]
        places = [(place(entry, path), text(at(entry, path))) for path in paths]
        after = self.told(number, without(entry, *paths))
        found = more(after, self.told())
        if found and any(exempt.covers(*one) for exempt in ABOUT for one in places):
            alone = {asked_of(one) for one in more(after, self.told(number))}
            found = [one for one in found if asked_of(one) in alone]
        for exempt in EXEMPT:
            if any(exempt.covers(*one) for one in places):
                found = [one for one in found if not exempt.allows(one)]
        where = " and ".join(where for where, _ in places)
        return [f"{self.item.about}, {self.item.why}: without {where}: {one}" for one in found]


@pytest.mark.parametrize("table", BY_TABLE)
def test_an_entry_without_a_part_makes_nothing_surer(table: str, library: Library) -> None:
    found: list[str] = []
    for item in BY_TABLE[table]:
        asked = Asked(item, library)
        for number, entry in enumerate(item.resources):
            for path in parts(entry):
                found += asked.surer(number, path)
    assert not found, "\n".join(sorted(set(found)))


@given(st.sampled_from(ROWS), st.data())
@settings(max_examples=600)
def test_nor_without_several_at_once(library: Library, item: Row, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(item.resources) - 1))
    paths = list(parts(item.resources[number]))
    gone = data.draw(st.lists(st.sampled_from(paths), min_size=2, max_size=4, unique=True))
    assert not Asked(item, library).surer(number, *gone)


def entries(sample: File) -> tuple[Json, list[Json]]:
    """The patient, and the other resources of a sample."""
    held = [one["resource"] for one in json.loads(sample.read_bytes())["entry"]]
    [person] = [one for one in held if one["resourceType"] == "Patient"]
    return person, [one for one in held if one is not person]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_no_fact_of_a_sample_is_surer_for_an_entry_that_says_less(sample: File, library: Library) -> None:
    """Each entry alone with the patient, so that no other one decides in its place; all facts are looked at."""
    person, others = entries(sample)

    def facts(one: Json) -> dict[str, Known]:
        sheet = build_sheet(record(one, about=person), library.facts, SAMPLES_AS_OF)
        return {name: known(sheet[name], library.catalogue, SAMPLES_AS_OF) for name in sheet}

    found, seen = [], set()
    for entry in others:
        told_before: dict[str, Known] = {}
        for path in parts(entry):
            where, part = place(entry, path), text(at(entry, path))
            alike = where, text(entry.get("code") or entry.get("medicationCodeableConcept")), part
            if alike in seen:
                continue
            seen.add(alike)
            told_before = told_before or facts(entry)
            after = facts(without(entry, path))
            allowed = [exempt for exempt in EXEMPT if exempt.covers(where, part)]
            for name in after.keys() - LEFT_OPEN.keys():
                for one in more(after[name], told_before[name]):
                    if not any(exempt.allows(one) for exempt in allowed):
                        found.append(f"{name} without {where} of {entry['id']}: {one}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("exempt", [*EXEMPT, *ABOUT], ids=lambda exempt: exempt.where)
def test_each_exemption_is_needed(exempt: Any, library: Library) -> None:
    """Somewhere in the tables a part of this kind, taken away, says more: otherwise the list has grown too long."""
    for item in ROWS:
        asked = Asked(item, library)
        for number, entry in enumerate(item.resources):
            covered = [path for path in parts(entry) if exempt.covers(place(entry, path), text(at(entry, path)))]
            if any(more(asked.told(number, without(entry, path)), asked.told()) for path in covered):
                return
    pytest.fail(f"nothing needs {exempt.where}")
