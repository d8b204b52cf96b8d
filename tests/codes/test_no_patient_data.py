"""What `codes seen` shows holds nothing of a patient: a name is put in every place where a feed may hold one."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.library import Library
from tests.codes.feeds import LOCAL, LOINC, SNOMED, Entry, concept, condition, counted, entry, observation, table, write

NAME, DATE, NUMBER = "Mustermann", "1961-03-17", "8472915"
HB = (LOINC, "718-7", "Hemoglobin")
SECRETS = (NAME, "mustermann", DATE, "17.03.1961", "03/17/61", NUMBER, "Strasse")
runner = CliRunner()
pytestmark = pytest.mark.usefixtures("rules_at_hand")


def person(*, name: str) -> list[Entry]:
    """All that a chart may hold of a person, in the places where people put it."""
    return [
        {
            "resourceType": "Patient", "id": f"{name}-{NUMBER}", "birthDate": DATE,
            "name": [{"family": name}], "address": [{"text": f"{name} Strasse 1"}],
        },
        condition(concept(text=f"Frau {name} klagt seit {DATE}"), name) | {"note": [{"text": name}], "id": name},
        condition(concept((SNOMED, "55464009"), text=f"SLE of {name}, born 17.03.1961"), name),
        condition(concept((SNOMED, "55464009", "Systemic lupus erythematosus"), text=f"{name} SLE"), name),
        condition(concept((LOCAL, f"of {name}", f"of {name}")), name),
        condition(concept((LOCAL, f"ORD{NUMBER}", f"ordered for {name}")), name),
        condition({"coding": [{"code": name, "display": name}]}, name),
        condition(concept((LOINC, f"of {name}", "a code that is none")), name),
        condition(concept((f"the list of {name}", "D17", name)), name),
        condition(concept((SNOMED, "73211009", f"Diabetes of {name}")), name),
        observation(concept(HB), name, valueQuantity={"value": 7, "unit": f"told by Frau {name}"}),
        observation(concept(HB), name, valueString=f"{name}: 12 g/dL on 03/17/61", note=[{"text": name}]),
        observation(concept(HB), name, valueCodeableConcept=concept(text=f"see letter to {name}")),
        observation(concept((LOINC, "8251-1", "Service comment")), name, valueString=f"spoke with {name}"),
        observation(
            concept((LOINC, "5195-3", "HBsAg")), name,
            valueCodeableConcept=concept((SNOMED, "260385009", f"{name} negative")),
        ),
        observation(concept(text=f"note on {name}"), name, valueString=f"{name} was sad"),
        entry("MedicationRequest", name, medicationReference={"reference": f"Medication/{name}", "display": name}),
        entry("Condition", name, code=7, id=name),
    ]  # fmt: skip


@pytest.mark.parametrize("format", ["text", "tsv", "json"])
def test_nothing_of_a_patient_is_shown(format: str, tmp_path: Path) -> None:
    feed, draft = write(tmp_path / "feed.ndjson", person(name=NAME)), tmp_path / "draft"
    result = runner.invoke(app, ["codes", "seen", str(feed), "--format", format, "--map", str(draft)])
    assert result.exit_code == 0, result.output
    drafts = [path.read_text() for path in sorted(draft.rglob("*.json"))]
    assert len(drafts) == 2
    for shown in (result.stdout, result.stderr, *drafts):
        assert [secret for secret in SECRETS if secret in shown] == []
    assert "718-7" in result.stdout


def test_with_words_what_was_typed_is_shown_but_no_dates_and_numbers(tmp_path: Path) -> None:
    feed = write(tmp_path / "feed.ndjson", person(name=NAME))
    shown = runner.invoke(app, ["codes", "seen", str(feed), "--format", "tsv", "--words"]).stdout
    assert "Frau Mustermann klagt seit …" in shown
    assert [secret for secret in (DATE, "17.03.1961", "03/17/61", f"{NAME}-{NUMBER}") if secret in shown] == []


SHOWN = [
    ("words, by enough patients", concept(text="Zwirbelknorz"), 3, "Zwirbelknorz"),
    ("words, by too few", concept(text="Zwirbelknorz"), 2, "(hidden)"),
    ("the display of a known code, by one", concept((SNOMED, "19346006", "Marfan syndrome")), 1, "Marfan syndrome"),
    ("the display of a local code, by one", concept((LOCAL, "D17", "Zwirbelknorz")), 1, "Zwirbelknorz"),
    ("words beside a code, by one", concept((LOCAL, "D17"), text="Zwirbelknorz"), 1, "(hidden)"),
    ("a code without a system, by one", concept(("", "D17", "Zwirbelknorz")), 1, "(hidden)"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "patients", "words"), [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_what_is_shown_by_how_many_patients_have_it(code: Entry, patients: int, words: str, library: Library) -> None:
    given = [condition(code, f"p{number}") for number in range(patients)] * 2
    (line,) = table(library.facts, given, enough=3).lines
    assert (line.sighting.words, line.times) == (words, 2 * patients)


def test_what_nobody_is_known_to_have_is_hidden(library: Library) -> None:
    nobodys = {"resourceType": "Condition", "code": {"text": "Zwirbelknorz"}, "subject": {"display": "Frau Meier"}}
    (line,) = table(library.facts, [nobodys] * 9, enough=2).lines
    assert (line.sighting.words, line.times) == ("(hidden)", 9)


def test_displays_of_one_code_that_differ_were_typed(library: Library) -> None:
    given = [condition(concept((LOCAL, "D17", f"Zwirbelknorz {name}")), name) for name in ("anna", "berta")]
    (line,) = table(library.facts, given, enough=2).lines
    assert (line.sighting.code, line.sighting.words, line.times, line.texts) == ("D17", "(hidden)", 2, 2)


def test_a_number_in_a_value_is_none_that_is_kept(library: Library) -> None:
    words = [observation(concept(HB), f"p{n}", valueString=f"{n}.5 furlong, see {n}") for n in range(3)]
    ((sighting, count),) = counted(library.facts, words, 3).items()
    assert (sighting.value, count.times) == ("#.# furlong, see #", 3)


def test_the_document_of_the_summary_counts_what_is_hidden(tmp_path: Path) -> None:
    feed = write(tmp_path / "feed.ndjson", person(name=NAME))
    document = json.loads(runner.invoke(app, ["codes", "seen", str(feed), "--format", "json"]).stdout)
    summary = document["summary"]
    assert (summary["files"], summary["unreadable"], summary["min_patients"]) == (1, 1, 3)
    assert summary["entries"] == sum(line["times"] for line in document["entries"]) == 17
