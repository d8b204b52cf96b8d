"""A feed of many lines: none is lost beside a broken one, and what is remembered on the way changes no count."""

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.invented_feed import WrittenFeed, write_feed
from cds_service.feed import UnreadPlace, read_feed
from cds_service.fhir import read_document
from cds_service.library import Library
from cds_service.terminology.seen import Sighting, SightingTable, Survey, table_of
from tests.codes.feeds import LOCAL, RXNORM, Entry, concept, condition, counted, entry

COUNTED = ("Observation", "Condition", "MedicationRequest", "Procedure")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WrittenFeed]:
    """An invented feed with three broken lines, one of each kind."""
    folder = tmp_path_factory.mktemp("feed")
    return folder, write_feed(folder, 11_000_000)


def surveyed(folder: Path, library: Library) -> tuple[SightingTable, list[UnreadPlace]]:
    problems: list[UnreadPlace] = []
    survey = Survey(library.facts, 3, problems.append)

    def lost(problem: UnreadPlace) -> None:
        problems.append(problem)
        survey.lost()

    for _, found in read_feed([str(folder)], lost):
        for document in found:
            survey.add(document)
    return table_of(survey.finish(), library.facts), problems


def test_every_line_counts_and_what_is_broken_is_named_with_file_and_line(
    written: tuple[Path, WrittenFeed], library: Library
) -> None:
    folder, feed = written
    table, problems = surveyed(folder, library)
    broken = {
        f"{path} line {number}"
        for path in folder.glob("*.ndjson")
        for number, line in enumerate(path.read_bytes().splitlines(), 1)
        if not is_resource(line)
    }
    assert (len(broken), {problem.place for problem in problems}) == (3, broken)
    assert table.entries == sum(feed.lines[kind] for kind in COUNTED) + 3
    assert table.patients == feed.lines["Patient"]


def test_a_packed_feed_is_the_same_feed(written: tuple[Path, WrittenFeed], library: Library, tmp_path: Path) -> None:
    folder, feed = written
    assert write_feed(tmp_path, 11_000_000, packed=True) == feed
    assert surveyed(tmp_path, library)[0] == surveyed(folder, library)[0]


def is_resource(line: bytes) -> bool:
    try:
        return "resourceType" in json.loads(line)
    except ValueError:
        return False


def test_what_was_met_before_is_counted_as_if_it_were_met_first(library: Library) -> None:
    drug = concept((RXNORM, "121191", "rituximab"))
    several: list[Entry] = [
        condition(concept(text="Zwirbelknorz")),
        entry("Procedure", code=concept(text="Zwirbelknorz")),
        condition(concept(text="Lupus")),
        condition(concept((LOCAL, "D17", "Lupus"))),
        condition(concept((LOCAL, "D17", "Hay fever"))),
        entry("MedicationRequest", medicationCodeableConcept=drug),
        entry("MedicationStatement", medicationCodeableConcept=drug),
        entry("MedicationRequest", medicationReference={"reference": "#d", "display": "rituximab"},
              contained=[{"resourceType": "Medication", "id": "d", "code": concept(text="Zwirbelknorz")}]),
        entry("MedicationRequest", medicationReference={"reference": "#d", "display": "rituximab"},
              contained=[{"resourceType": "Medication", "id": "d", "code": drug}]),
    ]  # fmt: skip
    alone: Counter[Sighting] = Counter()
    for one in several:
        alone.update({sighting: count.times for sighting, count in counted(library.facts, [one]).items()})
    together = {sighting: count.times for sighting, count in counted(library.facts, several * 3).items()}
    assert together == {sighting: 3 * times for sighting, times in alone.items()}


@pytest.mark.parametrize("enough", [1, 3, 8, 9, 30])
def test_patients_are_told_apart_up_to_the_number_that_is_asked(enough: int, library: Library) -> None:
    of = [f"p{number % 20}" for number in range(100)]
    survey = Survey(library.facts, enough, lambda _: None)
    for patient in of:
        survey.add(read_document(json.dumps(condition(concept(text="Zwirbelknorz"), patient))))
    ((_, count),) = survey.finish().items()
    assert (len(count.patients), count.times) == (min(enough, 20), 100)
