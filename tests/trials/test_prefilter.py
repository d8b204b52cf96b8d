"""What a rule is said to need is needed: without it, no record makes the rule what it is asked to be."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.facts.catalogue import EventsFact
from cds_service.facts.fact import UNBOUNDED, Age, DaySpan, Event, Events, Evidence, Fact
from cds_service.library import Library
from cds_service.logic import Program
from cds_service.logic.check import typed_rule
from cds_service.rule_tools.cases import documents_of
from cds_service.trials import NEVER, NOTHING, IndexedPatient, Prefilter, necessary_conditions, outside
from tests.logic.strategies import joined, limited

AS_OF = date(2026, 11, 24)
EVENTS = ("condition.sle", "medication.riluzole", "procedure.lumbar_puncture")
SLE, RILUZOLE = "condition.sle", "medication.riluzole"


def event_names(library: Library) -> frozenset[str]:
    """The names of the facts about events."""
    return frozenset(spec.name for spec in library.catalogue if isinstance(spec, EventsFact))


def var(name: str) -> dict[str, str]:
    return {"var": name}


ages = st.one_of(
    st.integers(0, 5).map(lambda n: {"quantity": [n, "a"]}), st.integers(0, 60).map(lambda n: {"quantity": [n, "mo"]})
)
tests = st.sampled_from([var("active"), True, {"!": [var("active")]}])
leaves = st.one_of(
    st.sampled_from([SLE, f"{SLE}.active", f"{SLE}.history", RILUZOLE, f"{RILUZOLE}.active"]).map(var),
    st.tuples(st.sampled_from(["some", "all", "none"]), st.sampled_from([SLE, RILUZOLE]), tests).map(
        lambda t: {t[0]: [var(t[1]), t[2]]}
    ),
    st.sampled_from([SLE, RILUZOLE]).map(lambda name: {"within": [var(name), {"quantity": [1, "a"]}]}),
    limited(st.just(var("patient.age")), ages, relative=False),
    st.sampled_from(["male", "female"]).map(lambda sex: {"==": [var("patient.sex"), sex]}),
    st.sampled_from([">=", "<"]).map(lambda sign: {sign: [var("lab.hemoglobin"), {"quantity": [80, "g/L"]}]}),
    st.sampled_from([True, False, None]),
)
rules = st.one_of(leaves, joined(leaves, max_leaves=6))
days = st.sampled_from([DaySpan(0, 0), DaySpan(3, 3), DaySpan(400, 400), DaySpan(0, UNBOUNDED)])
truths = st.sampled_from([True, False, None])
events = st.builds(
    Events,
    st.lists(st.builds(Event, st.booleans(), truths, truths, days, days, days, st.just(Evidence("x"))), max_size=2).map(
        tuple
    ),
    st.booleans(),
)


@st.composite
def whole_ages(draw: st.DrawFn) -> Age:
    months = sorted((draw(st.integers(0, 70)), draw(st.integers(0, 70))))
    return Age((months[0] // 12, months[1] // 12), (months[0], months[1]), (30 * months[0], 31 * months[1]))


people = st.tuples(st.none() | whole_ages(), st.sampled_from([None, "male", "female"]))


@settings(max_examples=500)
@given(rule=rules, sle=events, riluzole=events, person=people, anaemic=truths)
def test_without_what_it_needs_a_rule_is_not_what_it_should_be(
    library: Library,
    *,
    rule: Any,
    sle: Events,
    riluzole: Events,
    person: tuple[Age | None, str | None],
    anaemic: bool | None,
) -> None:
    age, sex = person
    typed, _ = typed_rule(rule, library.compiled.vocabulary)
    if typed is None:
        return
    facts = [Fact(SLE, sle), Fact(RILUZOLE, riluzole), Fact("patient.age", age), Fact("patient.sex", sex)]
    documents = documents_of([fact for fact in facts if fact.value is not None])
    if anaemic is not None:
        value = 70.0 if anaemic else 90.0
        for world in (documents.closed, documents.opened):
            world["lab"] = {"hemoglobin": {"lo": value, "hi": value, "age": 0}}  # type: ignore[index]
    program = Program([typed])
    [closed] = program.evaluate(documents.closed, AS_OF).truths
    [opened] = program.evaluate(documents.opened, AS_OF).truths
    on_record = frozenset(fact.name for fact in facts if isinstance(fact.value, Events) and fact.value.items)
    whole = frozenset(f.name for f in facts if isinstance(f.value, Events) and f.value.whole("closed"))
    for wanted in (True, False):
        needs = necessary_conditions(typed, wanted, event_names(library))
        for any_of in needs.entries:
            if any_of.isdisjoint(on_record):
                assert closed is not wanted
                assert opened is not wanted
                assert closed is (not wanted) or not any_of <= whole
        if outside(needs, IndexedPatient(on_record, age, sex)):
            assert closed is (not wanted)
            assert opened is (not wanted)


def entries(*sets: set[str]) -> Prefilter:
    return Prefilter(entries=tuple(map(frozenset, sets)))


@pytest.mark.parametrize(
    ("rule", "wanted", "expected"),
    [
        (var(SLE), True, entries({SLE})),
        (var(SLE), False, NOTHING),
        (var(f"{SLE}.history"), True, entries({SLE})),
        ({"!": [var(SLE)]}, False, entries({SLE})),
        ({"and": [var(SLE), var(RILUZOLE)]}, True, entries({SLE}, {RILUZOLE})),
        ({"or": [var(SLE), var(RILUZOLE)]}, True, entries({SLE, RILUZOLE})),
        ({"or": [var(SLE), {"!": [var(RILUZOLE)]}]}, True, NOTHING),
        ({"or": [{"and": [var(SLE), var(RILUZOLE)]}, var(RILUZOLE)]}, True, entries({SLE, RILUZOLE})),
        ({"within": [var(RILUZOLE), {"quantity": [4, "wk"]}]}, True, entries({RILUZOLE})),
        ({"none": [var(RILUZOLE), var("active")]}, True, NOTHING),
        ({"none": [var(RILUZOLE), var("active")]}, False, entries({RILUZOLE})),
        ({"if": [var(SLE), True, None]}, True, NOTHING),
        ({"if": [var(SLE), var(RILUZOLE), False]}, True, entries({RILUZOLE})),
        (False, True, NEVER),
        (None, True, NOTHING),
        ({"<": [var("lab.hemoglobin"), {"quantity": [80, "g/L"]}]}, True, NOTHING),
        ({">=": [var("patient.age"), {"quantity": [18, "a"]}]}, True, Prefilter(ages=(("a", (18, float("inf"))),))),
        ({">": [var("patient.age"), {"quantity": [18, "a"]}]}, True, Prefilter(ages=(("a", (19, float("inf"))),))),
        ({">": [var("patient.age"), {"quantity": [18, "a"]}]}, False, Prefilter(ages=(("a", (float("-inf"), 18)),))),
        (
            {"<=": [{"quantity": [2, "mo"]}, var("patient.age"), {"quantity": [24, "mo"]}]},
            True,
            Prefilter(ages=(("mo", (2, 24)),)),
        ),
        (
            {"or": [{"<": [var("patient.age"), {"quantity": [2, "a"]}]}, {"==": [var("patient.sex"), "male"]}]},
            True,
            NOTHING,
        ),
        ({"==": [var("patient.sex"), "male"]}, True, Prefilter(sexes=frozenset({"male"}))),
        ({"!=": [var("patient.sex"), "male"]}, True, Prefilter(sexes=frozenset({"female"}))),
    ],
)
def test_needs(library: Library, rule: Any, wanted: bool, expected: Prefilter) -> None:
    typed, findings = typed_rule(rule, library.compiled.vocabulary)
    assert typed is not None, list(findings)
    assert necessary_conditions(typed, wanted, event_names(library)) == expected


def test_the_five_trials_need_their_diagnosis_and_age(library: Library) -> None:
    needs = {one.id: (one.gates.entries, dict(one.fits.ages)) for one in library.stored}
    assert needs["NCT07083349"] == ((frozenset({SLE}),), {"a": (18, 70)})
    assert needs["NCT07617779"] == ((frozenset({"condition.sma"}),), {"mo": (float("-inf"), 60)})
