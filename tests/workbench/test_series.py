"""Results over time: which facts have a chart, whose thresholds are in it, and how what is not exact is drawn."""

import re
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from cds_service.fhir import read_bundle
from cds_service.library import Library
from cds_service.matching import match
from cds_service.rule_tools import default_samples_dir
from cds_service.workbench.views import Series, all_series, describe, plot, thresholds
from tests.workbench.histories import ALT, ANA, HEMOGLOBIN, PLATELETS, bundle, course, quantity, result

AS_OF = date(2026, 11, 24)
AML = {"system": "http://snomed.info/sct", "code": "91861009", "display": "Acute myeloid leukemia"}
SAMPLES = default_samples_dir() / "patients"


def series_of(library: Library, data: bytes, as_of: date = AS_OF) -> dict[str, Series]:
    record = read_bundle(data)
    return {s.fact: s for s in all_series(record, match(record, library, as_of))}


@pytest.fixture(scope="module")
def drawn(library: Library) -> dict[str, Series]:
    return series_of(library, course())


OLD, NEW = result(HEMOGLOBIN, "2026-06-11", 98, "g/L"), result(HEMOGLOBIN, "2026-11-18", 96, "g/L")


@pytest.mark.parametrize(
    ("case", "results", "is_drawn"),
    [
        ("one result", [NEW], False),
        ("two results", [OLD, NEW], True),
        ("the same result twice, as feeds send it", [NEW, NEW], False),
        ("two of one day", [NEW, result(HEMOGLOBIN, "2026-11-18", 91, "g/L")], True),
        ("the other one can't be read", [NEW, result(HEMOGLOBIN, "2026-06-11", 98, "furlong")], False),
        ("the other one is not plausible", [NEW, result(HEMOGLOBIN, "2026-06-11", 980, "g/L")], False),
        ("the other one was entered in error", [NEW, {**OLD, "status": "entered-in-error"}], False),
        ("the status of the other one is not known", [NEW, {**OLD, "status": "unknown"}], False),
        ("the other one lies ahead", [NEW, result(HEMOGLOBIN, "2026-12-24", 98, "g/L")], False),
        ("the other one has no date", [NEW, result(HEMOGLOBIN, None, 98, "g/L")], False),
        ("the other one is below a limit", [NEW, result(HEMOGLOBIN, "2026-06-11", "<60 g/L")], True),
        ("height, of which no trial has a limit", [result("8302-2", d, 170, "cm") for d in ("2025", "2026")], True),
    ],
)
def test_a_chart_has_more_than_one_point(
    library: Library, case: str, results: list[dict[str, Any]], *, is_drawn: bool
) -> None:
    assert bool(series_of(library, bundle(*results))) == is_drawn, case


def test_every_sample_has_only_charts_of_more_than_one_point(library: Library) -> None:
    for path in sorted(SAMPLES.glob("*.json")):
        assert all(len(s.drawn) > 1 for s in series_of(library, path.read_bytes()).values()), path.name


def test_results_after_the_day_are_not_in_a_series(library: Library) -> None:
    early = series_of(library, course(), date(2026, 6, 30))["lab.hemoglobin"]
    assert [p.day for p in early.points] == ["2025-10-02", "2026-01", "2026-03-20", "2026-06-11"]


@pytest.mark.parametrize(
    ("who", "data", "trials"),
    [
        ("lupus", bundle(OLD, NEW), {"NCT07083349"}),
        ("leukaemia", bundle(OLD, NEW, condition=AML), set()),
        ("lupus, provisional: may have it", bundle(OLD, NEW).replace(b"confirmed", b"provisional"), {"NCT07083349"}),
        (
            "no disease that a trial asks for",
            bundle(OLD, NEW, condition={**AML, "code": "195967001", "display": "Asthma"}),
            set(),
        ),
    ],
)
def test_thresholds_are_those_of_trials_whose_diagnosis_the_patient_has_or_may_have(
    library: Library, who: str, data: bytes, trials: set[str]
) -> None:
    lines = series_of(library, data)["lab.hemoglobin"].lines
    assert {line.threshold.trial for line in lines} == trials, who


def test_without_a_patient_the_thresholds_are_those_of_all_trials(library: Library) -> None:
    assert {"NCT07083349", "NCT07617779"} <= {t.trial for t in thresholds(library, "lab.hemoglobin")}


def test_a_trial_that_fails_for_another_reason_than_its_diagnosis_still_concerns(library: Library) -> None:
    record = read_bundle(bundle(OLD, NEW).replace(b"1985-03-02", b"1940-03-02"))
    found = match(record, library, AS_OF)
    assert {t.trial.id: t.verdict for t in found.trials}["NCT07083349"] == "not_eligible"
    assert {t.trial for t in thresholds(library, "lab.hemoglobin", found)} == {"NCT07083349"}


def test_values_units_and_limits_are_as_people_write_them(drawn: dict[str, Series]) -> None:
    told = {fact: [(p.day, p.told or p.unread, p.raw) for p in s.points] for fact, s in drawn.items()}
    assert told["lab.hemoglobin"] == [
        ("2025-10-02", "118 g/L", "11.8 g/dL"),
        ("2026-01", "104 g/L", "104 g/L"),
        ("2026-03-20", "implausible (not between 20 and 250 g/L)", "1080 g/L"),
        ("2026-06-11", "98 g/L", "98 g/L"),
        ("2026-09-30", "79 g/L", "79 g/L"),
        ("2026-11-18", "96 g/L", "96 g/L"),
    ]
    assert [t[1] for t in told["lab.platelets"]] == ["< 20 ×10⁹/L", "61 ×10⁹/L", "70 to 90 ×10⁹/L", "141 ×10⁹/L"]
    assert [t[1] for t in told["lab.ana_titer"]] == ["1:80", "1:1280"]
    assert [(line.told, line.threshold.side) for line in drawn["lab.alt"].lines] == [("135 U/L", "high")] * 2


def parts(series: Series, kind: str) -> list[str]:
    """The elements of that class in the picture."""
    return re.findall(rf'<\w+ class="{kind}"[^>]*>', plot(series))


@pytest.mark.parametrize(
    ("fact", "kind", "number"),
    [
        ("lab.hemoglobin", "point", 4),  # exact and final
        ("lab.hemoglobin", "point early", 1),  # preliminary
        ("lab.hemoglobin", "unread-sign", 1),  # not plausible: no place on the scale
        ("lab.hemoglobin", "span", 1),  # a date known to the month
        ("lab.hemoglobin", "course", 2),  # not across what is not plausible, not to what is not of one day
        ("lab.hemoglobin", "threshold", 1),  # two criteria, one line
        ("lab.platelets", "point", 2),
        ("lab.platelets", "open-end", 1),  # < 20
        ("lab.platelets", "span", 5),  # a bar with one end, and the bar of a range with two
        ("lab.platelets", "course", 0),
        ("lab.alt", "open-end", 1),  # > 600
        ("lab.alt", "normal", 2),  # the range of two laboratories
        ("lab.ana_titer", "course", 1),
        ("lab.ana_titer", "as-of", 1),
    ],
)
def test_what_is_not_exact_is_not_drawn_as_a_point(drawn: dict[str, Series], fact: str, kind: str, number: int) -> None:
    assert len(parts(drawn[fact], kind)) == number


def test_a_value_that_no_living_person_has_does_not_flatten_the_others(drawn: dict[str, Series]) -> None:
    ticks = [float(t) for t in re.findall(r'text-anchor="end">([\d.]+)</text>', plot(drawn["lab.hemoglobin"]))]
    assert max(ticks) < 200


def test_titres_stand_at_the_steps_of_dilution(drawn: dict[str, Series]) -> None:
    ticks = re.findall(r">1:(\d+)</text>", plot(drawn["lab.ana_titer"]))
    assert {"160", "320", "640", "1280"} <= set(ticks)
    heights = [
        float(y) for y in re.findall(r'class="grid-line" x1="0.00%" y1="([\d.]+)"', plot(drawn["lab.ana_titer"]))
    ]
    steps = {round(a - b) for a, b in pairwise(heights)}
    assert max(steps) - min(steps) <= 1, "one step of dilution is as high as another"


def test_a_threshold_far_from_every_result_is_told_but_does_not_flatten_them(library: Library) -> None:
    low = [result(PLATELETS, day, value, "10*9/L") for day, value in (("2026-06-01", 2), ("2026-11-18", 3))]
    series = series_of(library, bundle(*low))["lab.platelets"]
    assert {line.told for line in series.lines} == {"50 ×10⁹/L"}
    assert parts(series, "threshold") == []
    assert "platelets ≥ 50 ×10⁹/L" in describe(series)


def test_the_picture_is_told_in_words_with_the_day_that_counts(drawn: dict[str, Series]) -> None:
    told = describe(drawn["lab.hemoglobin"])
    assert told.startswith("Haemoglobin: 118 g/L on 2025-10-02, 104 g/L on 2026-01, ")
    for part in ("normal from 120 to 155", "1 that could not be read", "inc-04b: haemoglobin ≥ 80 g/L", "2026-11-24."):
        assert part in told


def test_many_results_are_told_by_the_first_and_the_last(library: Library) -> None:
    many = [result(HEMOGLOBIN, f"2026-0{month}-01", 90 + month, "g/L") for month in range(1, 10)]
    told = describe(series_of(library, bundle(*many))["lab.hemoglobin"])
    assert told.startswith("Haemoglobin: 9 results, from 91 g/L on 2026-01-01 to 99 g/L on 2026-09-01")


def test_text_from_a_record_is_never_markup(library: Library) -> None:
    evil = [result(ANA, "2024-01-01", "1:80"), result(ANA, "2025-01-01", "1:160"), result(ANA, "2026-01-01", "<b>&x")]
    picture = plot(series_of(library, bundle(*evil))["lab.ana_titer"])
    assert "<b>" not in picture
    assert "&lt;b&gt;&amp;x" in picture


def test_a_range_of_one_side_reaches_to_the_edge(library: Library) -> None:
    upper = {"referenceRange": [{"high": quantity(45, "U/L")}]}
    two = [result(ALT, day, value, "U/L", **upper) for day, value in (("2026-06-01", 20), ("2026-11-18", 90))]
    [band] = parts(series_of(library, bundle(*two))["lab.alt"], "normal")
    found = re.search(r'y="([\d.]+)".*height="([\d.]+)"', band)
    assert found is not None
    assert float(found[1]) + float(found[2]) == pytest.approx(180, abs=0.2)


def test_a_sample_has_a_history_that_is_drawn(library: Library) -> None:
    ratio = series_of(library, (SAMPLES / "lupus-nephritis.json").read_bytes())["lab.upcr"]
    assert [(p.first, round(float(p.value.lo), 1)) for p in ratio.drawn if p.value] == [
        (date(2026, 4, 23), 3.0),
        (date(2026, 8, 6), 2.3),
        (date(2026, 11, 12), 1.9),
    ]
