"""A feed that is uploaded to the workbench: what its table holds, and what it doesn't."""

import gzip
import json
from typing import Any

import pytest

from cds_service.errors import RecordError
from cds_service.library import Library
from cds_service.workbench.desk import SeenFeeds
from tests.codes.feeds import LOCAL, concept, condition, lines
from tests.workbench.test_uploads import bundle, by_type, hook, ndjson


def survey_of(file: str, data: bytes, library: Library) -> Any:
    feeds = SeenFeeds()
    return feeds.get(feeds.add(data, file, library.facts))


NAMED = [
    condition(concept(text="Frau Mustermann hat Zwirbelknorz"), "p1"),
    condition(concept((LOCAL, "D18", "Frau Mustermann")), "p1"),
]
COMMON = [condition(concept((LOCAL, "D17", "Zwirbelknorz")), f"p{number}") for number in range(3)]


@pytest.mark.parametrize(
    "data",
    [bundle("sle"), ndjson("sle"), gzip.compress(ndjson("sle")), by_type("sle")],
    ids=["a Bundle", "NDJSON", "gz", "a bulk export in a zip"],
)
def test_a_feed_is_the_same_in_every_form(data: bytes, library: Library) -> None:
    seen, plain = (survey_of("feed", one, library) for one in (data, bundle("sle")))
    assert seen.table == plain.table
    assert (seen.table.patients, seen.unread) == (1, 0)


def test_no_patient_is_in_the_table_nor_is_the_file_kept(library: Library) -> None:
    feeds = SeenFeeds()
    seen = feeds.get(feeds.add(lines([*NAMED, *COMMON]).encode(), "a.ndjson", library.facts))
    assert seen is not None
    told = {(line.sighting.code, line.sighting.words, line.times) for line in seen.table.lines}
    assert told == {("", "(hidden)", 1), ("D18", "(hidden)", 1), ("D17", "Zwirbelknorz", 3)}
    assert "Mustermann" not in repr(seen)


def test_what_cannot_be_read_is_named_and_the_rest_counts(library: Library) -> None:
    data = lines(COMMON[:2]).encode() + b'{"resourceType": "Cond\n' + lines(COMMON[2:]).encode()
    seen = survey_of("a.ndjson", data, library)
    assert [problem.place for problem in seen.problems] == ["a.ndjson line 3"]
    assert seen.table.outcomes == {"unread": 3, "malformed": 1}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "a.json: there is no FHIR in it"),
        (b"nothing", "a.json: the record is not JSON"),
        (json.dumps({"a": 1}).encode(), "a.json: the record is JSON but no FHIR resource"),
        (gzip.compress(bundle("sle"))[:500], "a.json: is cut off"),
        (hook("sle"), "a.json: "),
    ],
    ids=["empty", "no JSON", "no FHIR", "gz cut off", "a hook request"],
)
def test_what_holds_no_feed_is_refused_with_its_place(data: bytes, told: str, library: Library) -> None:
    with pytest.raises(RecordError) as refused:
        survey_of("a.json", data, library)
    assert str(refused.value).startswith(told)


def test_tables_are_few_unguessable_and_forgotten(library: Library) -> None:
    feeds = SeenFeeds()
    names = [feeds.add(lines(NAMED).encode(), "a.ndjson", library.facts) for _ in range(21)]
    assert len(set(names)) == 21
    assert feeds.get(names[0]) is None, "the oldest went"
    assert feeds.get(names[1]) is not None
