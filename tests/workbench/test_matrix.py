"""Patients × trials as values: who stands where, and which of them somebody wants to see."""

from datetime import date

import pytest

from cds_service.fhir import Record, read_bundle
from cds_service.library import Library
from cds_service.rule_tools import default_samples_dir, sample_people
from cds_service.workbench.pages.matrix_table import matrix_table
from cds_service.workbench.views import Cell, Column, Matrix, MatrixRow, Wanted, groups

SAMPLES = default_samples_dir()
AS_OF = date(2026, 11, 24)
TRIAL = "NCT07083349"


def record(story: str) -> Record:
    return read_bundle((SAMPLES / "patients" / f"{story}.json").read_bytes())


def test_the_matrix_has_a_verdict_for_every_patient_and_trial(library: Library) -> None:
    [row] = Matrix(library, AS_OF).rows({"sle-likely": record("sle-likely")}, {"sle-likely": "Woman of 34"})
    assert (row.patient, row.person, row.who) == ("sle-likely", "Woman of 34", "female, 34 years")
    assert set(row.cells) == {t.id for t in library.trials}
    assert row.cells[TRIAL].verdict == "likely_eligible"
    assert row.cells["NCT06027853"].told.startswith("fails inc-02a")


def test_a_result_without_patients_or_trials_has_no_bare_head(library: Library) -> None:
    matrix = Matrix(library, AS_OF)
    rows = matrix.rows({"sle": record("sle")}, {"sle": "Woman of 41"})
    told = [
        bool(matrix_table(r, c, lambda *_parts, **_query: "#"))
        for r, c in ((rows, matrix.columns), ((), matrix.columns), (rows, ()))
    ]
    assert told == [True, False, False]


def test_trials_stand_by_disease_and_every_one_is_there(library: Library) -> None:
    columns = Matrix(library, AS_OF).columns
    assert groups(columns) == [
        ("Acute myeloid leukaemia", 1),
        ("Amyotrophic lateral sclerosis", 1),
        ("Systemic lupus erythematosus", 2),
        ("Spinal muscular atrophy", 1),
    ]
    assert {column.trial for column in columns} == {trial.id for trial in library.trials}


@pytest.mark.parametrize(
    ("wanted", "patients", "trials"),
    [
        (Wanted(), "sle sle-likely healthy als-likely", 5),
        (Wanted(show="fits"), "sle-likely als-likely", 2),
        (Wanted(show="may"), "sle sle-likely", 2),
        (Wanted(show="either"), "sle sle-likely als-likely", 3),
        (Wanted(patient="woman LUPUS"), "sle sle-likely", 5),
        (Wanted(patient="als-likely"), "als-likely", 5),
        (Wanted(patient="male 57"), "als-likely", 5),
        (Wanted(trial="nk510"), "sle sle-likely healthy als-likely", 1),
        (Wanted(trial="lupus"), "sle sle-likely healthy als-likely", 2),
        (Wanted(trial="NCT06598202", show="fits"), "als-likely", 1),
        (Wanted(trial="NCT06598202", patient="healthy", show="fits"), "", 0),
        (Wanted(patient="nobody"), "", 5),
    ],
)
def test_what_is_wanted_of_the_matrix(library: Library, wanted: Wanted, patients: str, trials: int) -> None:
    matrix = Matrix(library, AS_OF)
    people = sample_people(SAMPLES)
    names = ("sle", "sle-likely", "healthy", "als-likely")
    rows, columns = wanted.of(matrix.rows({name: record(name) for name in names}, people), matrix.columns)
    assert [row.patient for row in rows] == patients.split()
    assert len(columns) == trials


def test_a_row_is_worked_out_once_for_a_record(library: Library) -> None:
    matrix, sle = Matrix(library, AS_OF), record("sle")
    assert matrix.known("sle", sle) is None
    [row] = matrix.rows({"sle": sle}, {})
    assert matrix.known("sle", sle) is row
    assert matrix.known("sle", record("sle-likely")) is None


def test_the_matrix_shows_text_never_elements() -> None:
    row = MatrixRow("<i>", "<b>A & B</b>", "", {"T": Cell("likely_eligible", "<u>")})
    text = matrix_table([row], [Column("T", "<s>", "<p>")], lambda *steps, **_: "/" + "/".join(steps) + '"')
    assert [tag for tag in ("<i>", "<b>", "<u>", "<s>", "<p>") if tag in text] == []
    assert 'href="/patients/&lt;i&gt;&quot;"' in text
