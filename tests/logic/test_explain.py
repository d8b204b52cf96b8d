"""Which part decided, by how much a number missed, and when time alone will turn a test."""

import sys
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.logic import Explainer, Explainers, Program, Reason, TracedPart, clears_on, decisive, model
from cds_service.logic.check import typed_rule
from tests.logic.small_world import TITLES, VOCABULARY, exactly, put
from tests.logic.strategies import as_ofs, documents, rules

AS_OF = date(2026, 11, 24)
HB, ECOG, COPIES = {"var": "lab.hb"}, {"var": "score.ecog"}, {"var": "score.copies"}
STROKE, STEROID, SITS = {"var": "condition.stroke"}, {"var": "medication.steroid"}, {"var": "sits"}
ULN, AGE, ONSET = {"var": "lab.alt.x_uln"}, {"var": "patient.age"}, {"var": "onset.days_since"}
ANAEMIC, STEADY = {"var": "defined.anaemic"}, {"var": "defined.steady"}
END = {"var": "days_since_end"}
LIMIT = {"quantity": [8, "g/dL"]}
HALF_YEAR = {"quantity": [6, "mo"]}
CHOSEN, ECOG_SAID = {"<=": [ECOG, {"if": [SITS, 1, 2]}]}, "ECOG performance status"
FINE, FRAIL = {">=": [HB, LIMIT]}, {">": [ECOG, 1]}


def compiled(rule: Any) -> model.BoolExpr:
    typed, findings = typed_rule(rule, VOCABULARY)
    assert typed is not None, list(findings)
    return typed


def facts(**nodes: Any) -> dict[str, Any]:
    """A document of facts by short names; a number is exact, a pair an interval, anything else a truth or code."""
    names = {
        "hb": "lab.hb", "alb": "lab.alb", "uln": "lab.alt.x_uln", "ecog": "score.ecog", "copies": "score.copies",
        "sits": "sits", "stroke": "condition.stroke.any", "hbsag": "result.hbsag", "onset": "onset.days_since",
        "years": "patient.age.a", "days": "patient.age.d",
    }  # fmt: skip
    document: dict[str, Any] = {}
    for name, value in nodes.items():
        pair = value if isinstance(value, tuple) else (value, value)
        numeric = isinstance(pair[0], int | float) and not isinstance(pair[0], bool)
        put(document, names[name], {"age": 0, **({"lo": pair[0], "hi": pair[1]} if numeric else {"is": value})})
    return document


def reasons(rule: Any, document: dict[str, Any], as_of: date = AS_OF) -> tuple[Reason, ...]:
    return Explainer(compiled(rule), TITLES).reasons(document, as_of)


# rule, facts, the decisive leaves in words
DECISIVE: list[tuple[Any, dict[str, Any], list[str]]] = [
    (FINE, facts(hb=70), ["haemoglobin ≥ 8 g/dL"]),
    ({"and": [FINE, SITS]}, facts(hb=70, sits=True), ["haemoglobin ≥ 8 g/dL"]),
    ({"and": [FINE, SITS]}, facts(hb=70, sits=False), ["haemoglobin ≥ 8 g/dL", "sits independently"]),
    ({"and": [FINE, SITS]}, facts(hb=70), ["haemoglobin ≥ 8 g/dL"]),
    ({"and": [FINE, SITS]}, facts(hb=80), ["sits independently"]),
    ({"and": [FINE, SITS]}, facts(hb=80, sits=True), ["haemoglobin ≥ 8 g/dL", "sits independently"]),
    ({"or": [FINE, SITS]}, facts(hb=70, sits=False), ["haemoglobin ≥ 8 g/dL", "sits independently"]),
    ({"or": [FINE, SITS]}, facts(hb=80, sits=False), ["haemoglobin ≥ 8 g/dL"]),
    ({"or": [FINE, SITS]}, facts(sits=False), ["haemoglobin ≥ 8 g/dL"]),
    ({"!": [{"or": [FINE, SITS]}]}, facts(hb=80), ["haemoglobin ≥ 8 g/dL"]),
    ({"if": [SITS, FINE, FRAIL]}, facts(sits=True, hb=70), ["haemoglobin ≥ 8 g/dL"]),
    ({"if": [SITS, FINE, FRAIL]}, facts(sits=False, ecog=0), ["ECOG performance status > 1"]),
    ({"if": [SITS, FINE, FRAIL]}, facts(sits=True), ["haemoglobin ≥ 8 g/dL"]),
    ({"if": [SITS, FINE, FRAIL]}, facts(hb=70, ecog=0), ["haemoglobin ≥ 8 g/dL", "ECOG performance status > 1"]),
    ({"if": [SITS, FINE, FRAIL]}, facts(hb=70, ecog=2), ["sits independently"]),
    ({"if": [SITS, FINE, FRAIL]}, facts(hb=70), ["sits independently", "ECOG performance status > 1"]),
    ({"if": [SITS, True, FRAIL]}, facts(sits=True), ["sits independently"]),
    ({"if": [SITS, None, FRAIL]}, facts(sits=True), ["sits independently"]),
    ({"==": [SITS, STROKE]}, facts(sits=True, stroke=False), ["sits independently", "stroke"]),
    ({"==": [SITS, STROKE]}, facts(sits=True), ["stroke"]),
    ({"==": [SITS, True]}, facts(sits=False), ["sits independently"]),
    (ANAEMIC, facts(hb=90), ["haemoglobin < 8 g/dL"]),
    ({"<=": [1, ECOG, 2]}, facts(ecog=3), ["ECOG performance status ≤ 2"]),
    ({"<=": [ECOG, ULN, COPIES]}, facts(ecog=3, copies=2), ["ECOG performance status ≤ SMN2 copies"]),
    ({"<=": [ECOG, ULN, COPIES]}, facts(ecog=3, copies=4), [f"{ECOG_SAID} ≤ ALT × ULN", "ALT × ULN ≤ SMN2 copies"]),
    (CHOSEN, facts(ecog=(0, 3)), [f"{ECOG_SAID} ≤ (1 if sits independently, else 2)", "sits independently"]),
    (CHOSEN, facts(ecog=0), [f"{ECOG_SAID} ≤ (1 if sits independently, else 2)"]),
    ({"and": [SITS, None]}, facts(sits=True), ["unknown"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "document", "expected"), DECISIVE)
def test_the_decisive_leaves(rule: Any, document: dict[str, Any], expected: list[str]) -> None:
    titles = {name: title for name, title in TITLES.items() if name != "lab.alt.x_uln"}
    titles["lab.alt"] = "ALT"
    step = Explainer(compiled(rule), {**titles, "lab.alt": "ALT"}).explain(document, AS_OF)
    said = [leaf.words.replace(" (× ULN)", " × ULN") for leaf in decisive(step)]
    assert said == expected


def test_every_part_has_its_value_place_and_words() -> None:
    step = Explainer(compiled({"or": [{"!": [STEADY]}, FINE]}), TITLES).explain(facts(sits=True), AS_OF)
    assert [(s.pointer, s.definition, s.value, s.words) for s in step.walk()] == [
        ("", "", None, "steady: no; or haemoglobin ≥ 8 g/dL"),
        ("/or/0", "", None, "steady: no"),
        ("/or/0/!/0", "", None, "steady"),
        ("", "defined.steady", None, "sits independently and no stroke within the last year"),
        ("/and/0", "defined.steady", True, "sits independently"),
        ("/and/1", "defined.steady", None, "no stroke within the last year"),
        ("/and/1/!", "defined.steady", None, "stroke within the last year"),
        ("/or/1", "", None, "haemoglobin ≥ 8 g/dL"),
    ]


def test_a_reason_names_the_facts_that_it_rests_on() -> None:
    [reason] = reasons({"<": [HB, {"var": "lab.alb"}]}, facts(hb=80, alb=40))
    assert reason.facts == ("lab.hb", "lab.alb")
    assert reason.value is False
    assert reason.flip is None
    assert reason.text() == "haemoglobin ≥ albumin"


@given(rules, documents(), as_ofs)
@settings(max_examples=100)
def test_the_whole_is_as_on_its_own_and_known_things_rest_on_known_things(
    rule: Any, document: dict[str, Any], as_of: date
) -> None:
    typed = compiled(rule)
    explainer = Explainer(typed, TITLES)
    step = explainer.explain(document, as_of)
    found = explainer.reasons(document, as_of)
    assert (step.value,) == Program([typed]).evaluate(document, as_of).truths
    assert found
    assert all(reason.text() for reason in found)
    if step.value is not None:
        assert all(reason.value is not None for reason in found)


def told(step: TracedPart) -> list[tuple[Any, ...]]:
    """All that a step says."""
    return [(s.pointer, s.definition, s.value, s.words, s.rule, len(s.parts)) for s in step.walk()]


@given(rules, documents(), as_ofs)
@settings(max_examples=150)
def test_every_part_is_what_the_engine_says_of_it_alone(rule: Any, document: dict[str, Any], as_of: date) -> None:
    for step in Explainer(compiled(rule), TITLES).explain(document, as_of).walk():
        alone = replace(step.rule, implied=False) if isinstance(step.rule, model.Compare) else step.rule
        assert (step.value,) == Program([alone]).evaluate(document, as_of).truths


@given(st.lists(rules, max_size=4), st.lists(documents(), min_size=1, max_size=4), as_ofs)
@settings(max_examples=50)
def test_rules_together_and_one_document_after_another_are_as_each_by_itself(
    written: list[Any], patients: list[dict[str, Any]], as_of: date
) -> None:
    typed = [compiled(rule) for rule in written]
    together = Explainers(typed, TITLES)
    for document in patients:
        fresh = [Explainer(rule, TITLES).explain(document, as_of) for rule in typed]
        found = together.explain(document, as_of)
        assert [told(step) for step in found] == [told(step) for step in fresh]
        assert [step.decisive_facts for step in found] == [step.decisive_facts for step in fresh]


INF = sys.float_info.max
# rule, facts, text of the flip
FLIPS: list[tuple[Any, dict[str, Any], str]] = [
    (FINE, facts(hb=78), "78 g/L, needs ≥ 80 g/L (8 g/dL)"),
    ({"<": [HB, {"quantity": [80, "g/L"]}]}, facts(hb=78), "78 g/L, needs ≥ 80 g/L"),
    ({"<": [{"quantity": [80, "g/L"]}, HB]}, facts(hb=78.5), "78.5 g/L, needs > 80 g/L"),
    (FINE, facts(hb=(60, 70)), "from 60 to 70 g/L, needs ≥ 80 g/L (8 g/dL)"),
    (FINE, facts(hb=(0, 49.99999999999999)), "from 0 to below 50 g/L, needs ≥ 80 g/L (8 g/dL)"),
    (FINE, facts(hb=(10.000000000000002, 50)), "above 10 to 50 g/L, needs ≥ 80 g/L (8 g/dL)"),
    ({"!": [FINE]}, facts(hb=(200, INF)), "≥ 200 g/L, needs < 80 g/L (8 g/dL)"),
    ({"!": [FINE]}, facts(hb=(200.00000000000003, INF)), "> 200 g/L, needs < 80 g/L (8 g/dL)"),
    (FINE, facts(hb=(-INF, 20)), "≤ 20 g/L, needs ≥ 80 g/L (8 g/dL)"),
    (FINE, facts(hb=(-INF, 19.999999999999996)), "< 20 g/L, needs ≥ 80 g/L (8 g/dL)"),
    ({"<=": [ECOG, 2]}, facts(ecog=3), "3, needs ≤ 2"),
    ({"==": [ECOG, 2]}, facts(ecog=3), "3, needs = 2"),
    ({"!=": [ECOG, 2]}, facts(ecog=2), "2, needs ≠ 2"),
    ({"<=": [ULN, 3]}, facts(uln=4.2), "4.2 × ULN, needs at most 3 × ULN"),
    ({">=": [AGE, {"quantity": [18, "a"]}]}, facts(years=1), "1 year, needs ≥ 18 years"),
    ({"<": [AGE, {"quantity": [4, "wk"]}]}, facts(days=30), "30 days, needs < 4 weeks"),
    ({">=": [ONSET, {"quantity": [90, "d"]}]}, facts(onset=(20, 30)), "from 20 to 30 days, needs ≥ 90 days"),
]


@pytest.mark.parametrize(("rule", "document", "text"), FLIPS, ids=[text for _, _, text in FLIPS])
def test_the_nearest_flip(rule: Any, document: dict[str, Any], text: str) -> None:
    [reason] = reasons(rule, document)
    assert reason.flip is not None
    assert reason.flip.text() == text


def test_a_flip_as_data() -> None:
    [reason] = reasons(FINE, facts(hb=78))
    flip = reason.flip
    assert flip is not None
    assert (flip.fact, flip.low, flip.high, flip.relation, flip.limit, flip.unit, flip.written) == (
        "lab.hb",
        78,
        78,
        "≥",
        80.0,
        "g/L",
        "8 g/dL",
    )
    assert reason.text() == flip.text()


def test_a_flip_of_an_elapsed_time_counts_the_days_of_its_months() -> None:
    [reason] = reasons({">=": [ONSET, HALF_YEAR]}, facts(onset=100))
    assert reason.flip is not None
    assert (reason.flip.limit, reason.flip.unit) == (184.0, "d")


@pytest.mark.parametrize("rule", [SITS, {">=": [{"+": [ECOG, COPIES]}, 9]}, {">": [ECOG, COPIES]}])
def test_what_is_no_comparison_with_a_limit_has_no_flip(rule: Any) -> None:
    assert [r.flip for r in reasons(rule, facts(sits=False, ecog=1, copies=1))] == [None]


def test_an_unknown_comparison_has_no_flip() -> None:
    assert [r.flip for r in reasons(FINE, {})] == [None]


def record(as_of: date, start: date, end: date | None) -> dict[str, Any]:
    """A record of something that went on from one day to another, or still goes on."""
    return {
        "sure": True,
        "active": {"is": end is None},
        "days_since_start": exactly((as_of - start).days),
        "days_since_course_start": exactly((as_of - start).days),
        "days_since_end": exactly(0 if end is None else (as_of - end).days),
    }


def strokes(*items: dict[str, Any], whole: bool = True) -> dict[str, Any]:
    return {"condition": {"stroke": {"items": list(items), "whole": whole}}}


def test_within_clears_by_the_calendar() -> None:
    day = date(2026, 6, 2)
    [reason] = reasons({"within": [STROKE, HALF_YEAR]}, strokes(record(AS_OF, day, day)))
    assert reason.clears == date(2026, 12, 3)
    assert reason.text() == "stroke within the last 6 months, until 2026-12-03"


def test_a_window_in_weeks_clears_to_the_day() -> None:
    day = date(2026, 11, 1)
    [reason] = reasons({"within": [STROKE, {"quantity": [4, "wk"]}]}, strokes(record(AS_OF, day, day)))
    assert reason.clears == date(2026, 11, 30)


def test_a_window_over_the_end_of_february_clears_when_the_longer_month_is_over() -> None:
    as_of, day = date(2026, 8, 1), date(2026, 2, 28)
    [reason] = reasons({"within": [STROKE, HALF_YEAR]}, strokes(record(as_of, day, day)), as_of)
    assert reason.clears == date(2026, 9, 1)


def test_an_elapsed_fact_clears_when_enough_time_has_passed() -> None:
    [reason] = reasons({">=": [ONSET, HALF_YEAR]}, facts(onset=(AS_OF - date(2026, 8, 31)).days))
    # Six months before 28 February is 28 August, when it had not begun.
    assert reason.clears == date(2027, 3, 1)
    assert reason.text() == "85 days, needs ≥ 6 months, until 2027-03-01"


def test_an_elapsed_fact_clears_from_either_side_of_the_comparison() -> None:
    [reason] = reasons({"<": [{"quantity": [30, "d"]}, ONSET]}, facts(onset=10))
    assert reason.clears == AS_OF + timedelta(days=21)


def test_an_uncertain_date_clears_when_it_is_certain() -> None:
    item = {"sure": True, "active": {"is": False}, "days_since_end": {"lo": 10, "hi": 40}}
    [reason] = reasons({"within": [STROKE, {"quantity": [60, "d"]}]}, strokes(item))
    assert reason.clears == AS_OF + timedelta(days=51)


def test_a_start_without_an_end_clears_too() -> None:
    item = {"sure": True, "days_since_start": exactly(10)}
    rule = {"some": [STROKE, {">": [{"var": "days_since_start"}, {"quantity": [2, "wk"]}]}]}
    [reason] = reasons(rule, strokes(item))
    assert reason.clears == AS_OF + timedelta(days=5)
    assert reason.text() == "no stroke that started more than 2 weeks ago, until 2026-11-29"


# the half-life in days, days since the end, after how many more days 3 half-lives are over
WASHOUTS = [((20, 20), 40, 21), ((18, 32), 40, 57), ((0, 100), 200, 101), ((9.5, 9.5), 20, 9)]


@pytest.mark.parametrize(("half_life", "ended", "more"), WASHOUTS)
def test_a_washout_in_half_lives_clears_when_the_longest_is_over(
    half_life: tuple[float, float], ended: int, more: int
) -> None:
    low, high = half_life
    item = {
        "sure": True,
        "active": {"is": False},
        "days_since_end": exactly(ended),
        "half_life": {"lo": low, "hi": high},
        "half_lives_since_end": {"lo": ended / high, "hi": ended / low if low else INF},
    }
    # It certainly holds today, so that there is something to clear.
    within = {"<=": [END, {"quantity": [ended, "d"]}]}
    rule = {"some": [STROKE, {"or": [within, {"and": [{"<=": [{"var": "half_lives_since_end"}, 3]}, None]}]}]}
    [reason] = reasons(rule, strokes(item))
    assert reason.clears == AS_OF + timedelta(days=more)


def test_what_may_still_go_on_does_not_clear() -> None:
    item = {"sure": True, "days_since_end": {"lo": 0, "hi": 40}}
    [reason] = reasons({"within": [STROKE, {"quantity": [60, "d"]}]}, strokes(item))
    assert reason.clears is None


@pytest.mark.parametrize(
    ("rule", "document"),
    [
        ({"within": [STROKE, HALF_YEAR]}, strokes(record(AS_OF, date(2020, 1, 1), None))),
        ({"within": [STROKE, HALF_YEAR]}, strokes()),
        ({"within": [STROKE, HALF_YEAR]}, strokes(record(AS_OF, AS_OF, AS_OF), whole=False)),
        ({"<=": [ONSET, HALF_YEAR]}, facts(onset=400)),
        ({"<=": [ONSET, HALF_YEAR]}, facts(onset=(400, INF))),
        ({">=": [ONSET, HALF_YEAR]}, facts(onset=(-INF, 20))),
        ({">=": [ONSET, {"var": "onset.days_since"}]}, facts(onset=4)),
        ({">": [{"-": [ONSET]}, {"quantity": [4, "d"]}]}, facts(onset=4)),
        ({"active": [STROKE]}, strokes(record(AS_OF, AS_OF, None))),
        ({"some": [STROKE, {"<": [END, {"var": "days_since_start"}]}]}, strokes(record(AS_OF, AS_OF, None))),
        ({"<": [ONSET, {"if": [SITS, {"quantity": [4, "d"]}, {"quantity": [5, "d"]}]}]}, facts(onset=9, sits=True)),
        ({"<=": [ECOG, 2]}, facts(ecog=3)),
        ({">=": [AGE, {"quantity": [18, "a"]}]}, facts(years=17)),
    ],
)  # fmt: skip
def test_what_waiting_does_not_turn(rule: Any, document: dict[str, Any]) -> None:
    assert {reason.clears for reason in reasons(rule, document)} == {None}


def test_dates_beyond_the_calendar_are_not_reached() -> None:
    [reason] = reasons({">=": [ONSET, {"quantity": [9999, "a"]}]}, facts(onset=(0, INF)))
    assert reason.clears is None
    [reason] = reasons({">=": [ONSET, {"quantity": [9999, "a"]}]}, facts(onset=(10**7, 10**7)))
    assert reason.clears is None


@given(
    st.sampled_from([[4, "wk"], [30, "d"], [1, "mo"], [6, "mo"], [1, "a"]]),
    st.sampled_from(["within", "started", "course", "stopped", "onset"]),
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500), st.booleans()), min_size=1, max_size=3),
    st.sampled_from([date(2024, 2, 29), date(2025, 8, 31), date(2026, 11, 24), date(2027, 1, 30)]),
)
@settings(max_examples=40)
def test_it_clears_on_the_day_that_a_walk_through_the_calendar_finds(
    length: list[Any], asked: str, spells: list[tuple[int, int, bool]], as_of: date
) -> None:
    limit = {"quantity": length}
    rule: Any = {
        "within": {"within": [STROKE, limit]},
        "started": {"some": [STROKE, {"<": [{"var": "days_since_start"}, limit]}]},
        "course": {"some": [STROKE, {"and": [{"var": "active"}, {">=": [{"var": "days_since_course_start"}, limit]}]}]},
        "stopped": {"all": [STROKE, {">": [END, limit]}]},
        "onset": {"<": [limit, ONSET]},
    }[asked]
    dates = [
        (as_of - timedelta(days=max(a, b)), None if going_on else as_of - timedelta(days=min(a, b)))
        for a, b, going_on in spells
    ]
    typed = compiled(rule)
    program = Program([typed])

    def on(day: date) -> dict[str, Any]:
        return {**strokes(*(record(day, start, end) for start, end in dates)), **facts(onset=(day - dates[0][0]).days)}

    now = program.evaluate(on(as_of), as_of).truths[0]
    days = (as_of + timedelta(days=n) for n in range(1, 900))
    found = next((day for day in days if program.evaluate(on(day), day).truths[0] is not now), None)
    assert clears_on(typed, now, on(as_of), as_of) == found
