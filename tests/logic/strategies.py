"""Random rules over the small vocabulary, and random partial fact documents."""

from typing import Any

from hypothesis import strategies as st

from cds_service.durations import Duration
from tests.logic.small_world import AGES, AS_OFS, DAYS, ELAPSED_FIELDS, EVENTS, FACTS, MAX, put

MASSES = ("lab.hb", "lab.alb")
PLAIN_NUMBERS = ("lab.alt.x_uln", "score.ecog", "score.copies")
BOOLEANS = ("sits", "condition.stroke.history", "condition.stroke", "medication.steroid")
DEFINED = ("defined.steady", "defined.anaemic", "defined.either")
CODES = {"patient.sex": ("male", "female"), "result.hbsag": ("positive", "negative")}
ORDERINGS = ("<", "<=", ">", ">=")
EQUALITIES = ("==", "===", "!=", "!==")
LENGTHS = ([7, "d"], [60, "d"], [4, "wk"], [2, "mo"], [3, "mo"], [6, "mo"], [1, "a"])

as_ofs = st.sampled_from(AS_OFS)
lookbacks = st.sampled_from([None, None, Duration(days=7), Duration(months=1), Duration(1, 15)])
seeds = st.integers(0, 2**32)


def var(name: str) -> dict[str, str]:
    """A fact by its name."""
    return {"var": name}


def one_of(*names: str) -> st.SearchStrategy[dict[str, str]]:
    """One of these facts."""
    return st.sampled_from(names).map(var)


lengths = st.sampled_from(LENGTHS).map(lambda length: {"quantity": length})
masses = st.one_of(
    st.sampled_from([79.5, 80, 85, 90]).map(lambda value: {"quantity": [value, "g/L"]}),
    st.sampled_from([7.95, 8, 8.5, 9]).map(lambda value: {"quantity": [value, "g/dL"]}),
)
counts = st.sampled_from([-1, 0, 0.5, 1, 1.5, 2, 3, 4])


divisors = st.sampled_from([-2, 0.5, 3])


def limited(
    measures: st.SearchStrategy[Any], limits: st.SearchStrategy[Any], *, relative: bool = True
) -> st.SearchStrategy[Any]:
    """A measure beside a limit, on either side, or between two; where `relative`, beside other measures too."""
    relations = st.sampled_from(ORDERINGS + EQUALITIES)
    shapes = [
        st.tuples(relations, measures, limits),
        st.tuples(relations, limits, measures),
        st.tuples(st.sampled_from(ORDERINGS), limits, measures, limits),
    ]
    if relative:
        shapes.append(st.tuples(relations, measures, measures))
        shapes.append(st.tuples(st.sampled_from(ORDERINGS), measures, st.one_of(measures, limits), measures))
    return st.one_of(shapes).map(lambda t: {t[0]: list(t[1:])})


def arithmetic(
    facts: st.SearchStrategy[Any], limits: st.SearchStrategy[Any], tests: Any, factors: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """A fact, or arithmetic over facts of one unit and `factors` without any."""

    def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        either = st.one_of(inner, limits, st.just(None))
        return st.one_of(
            st.tuples(st.sampled_from(["+", "min", "max"]), st.tuples(inner, either).map(list)),
            st.tuples(st.sampled_from(["+", "min", "max"]), st.tuples(limits, inner, either).map(list)),
            st.tuples(st.just("-"), st.lists(inner, min_size=1, max_size=2)),
            st.tuples(st.just("*"), st.tuples(counts, inner, counts).map(list)),
            st.tuples(st.just("/"), st.tuples(inner, divisors).map(list)),
            st.tuples(st.sampled_from(["*", "/", "%"]), st.tuples(inner, factors).map(list)),
            st.tuples(st.just("if"), st.tuples(tests, inner, either).map(list)),
            st.tuples(st.just("if"), st.tuples(tests, either, tests, either, inner).map(list)),
        ).map(lambda t: {t[0]: t[1]})

    return st.recursive(facts, larger, max_leaves=2)


simple_tests = one_of("sits", "condition.stroke", "defined.anaemic")
number_leaves = st.one_of(
    limited(arithmetic(one_of(*MASSES), masses, simple_tests, one_of(*PLAIN_NUMBERS)), masses),
    limited(arithmetic(one_of(*PLAIN_NUMBERS), counts, simple_tests, one_of(*PLAIN_NUMBERS)), counts),
    limited(one_of("onset.days_since"), lengths),
    limited(one_of("patient.age"), lengths, relative=False),
    st.tuples(one_of(*PLAIN_NUMBERS), st.lists(counts, min_size=1, max_size=3)).map(lambda t: {"in": list(t)}),
)
code_leaves = st.sampled_from(sorted(CODES)).flatmap(
    lambda name: st.one_of(
        st.tuples(st.sampled_from(EQUALITIES), st.sampled_from(CODES[name]), st.booleans()).map(
            lambda t: {t[0]: [t[1], var(name)] if t[2] else [var(name), t[1]]}
        ),
        st.lists(st.sampled_from(CODES[name]), min_size=1, max_size=2).map(lambda codes: {"in": [var(name), codes]}),
    )
)


def joined(leaves: st.SearchStrategy[Any], max_leaves: int) -> st.SearchStrategy[Any]:
    """Conditions joined by every operator that joins conditions."""

    def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        several = st.lists(inner, min_size=1, max_size=3)
        return st.one_of(
            st.tuples(st.sampled_from(["and", "or"]), several),
            st.tuples(st.sampled_from(["and", "or"]), several),
            st.tuples(st.sampled_from(["!", "!!"]), st.tuples(inner).map(list)),
            st.tuples(st.just("if"), st.tuples(inner, inner, inner).map(list)),
            st.tuples(st.just("if"), st.tuples(inner, inner, inner, inner, inner).map(list)),
            # A bare null beside == is refused, so it is wrapped.
            st.tuples(
                st.sampled_from(EQUALITIES),
                st.tuples(inner, inner).map(lambda sides: [{"!!": [None]} if s is None else s for s in sides]),
            ),
        ).map(lambda t: {t[0]: t[1]})

    return st.recursive(leaves, larger, max_leaves=max_leaves)


record_tests = joined(
    st.one_of(
        one_of("active"),
        limited(one_of(*ELAPSED_FIELDS), lengths),
        limited(arithmetic(one_of(*ELAPSED_FIELDS), lengths, one_of("active"), st.sampled_from([2, 7])), lengths),
        st.sampled_from([True, False, None]),
    ),
    max_leaves=2,
)
event_leaves = st.one_of(
    st.tuples(st.sampled_from(["some", "all", "none"]), one_of(*EVENTS), record_tests).map(
        lambda t: {t[0]: list(t[1:])}
    ),
    st.tuples(one_of(*EVENTS), lengths).map(lambda t: {"within": list(t)}),
    one_of(*EVENTS).map(lambda fact: {"active": [fact]}),
)
leaves = st.one_of(
    number_leaves,
    code_leaves,
    event_leaves,
    one_of(*BOOLEANS, *DEFINED),
    st.sampled_from([True, False, None]),
)
rules = st.one_of(leaves, joined(leaves, max_leaves=4))


def intervals(values: tuple[float, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """An exact number, an interval, or a half-open one."""
    value = st.sampled_from(values)
    return st.one_of(
        value.map(lambda v: {"lo": v, "hi": v}),
        st.tuples(value, value).map(lambda t: {"lo": min(t), "hi": max(t)}),
        value.map(lambda v: {"lo": v, "hi": MAX}),
        value.map(lambda v: {"lo": -MAX, "hi": v}),
    )


MASS_VALUES = (0.0, 79.0, 79.5, 80.0, 80.5, 85.0, 90.0, 170.0)
COUNT_VALUES = (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0)
TRUTHS = st.booleans().map(lambda value: {"is": value})
AGE_VALUES = (0, 1, 2, 3, 6, 7, 12, 28, 60, 366)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """One record, with fields missing here and there."""
    record: dict[str, Any] = {"sure": draw(st.booleans())}
    if draw(st.booleans()):
        record["active"] = draw(TRUTHS)
    for field in ELAPSED_FIELDS:
        if draw(st.booleans()):
            record[field] = draw(intervals(DAYS))
    return record


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A partial fact document: facts missing, imprecise, stale, hinted at, lists not whole."""
    document: dict[str, Any] = {}
    for name, kind in FACTS.items():
        if not draw(st.integers(0, 4)):
            continue
        if kind.kind == "age":
            for part in AGES:
                put(document, f"{name}.{part}", draw(intervals(AGE_VALUES)))
        elif kind.kind == "events":
            put(document, name, {"items": draw(st.lists(records(), max_size=2)), "whole": draw(st.booleans())})
            if draw(st.booleans()):
                put(document, name, {"any": draw(TRUTHS)})
        else:
            node = {
                "number": intervals(MASS_VALUES if kind.unit == "g/L" else COUNT_VALUES),
                "elapsed": intervals(DAYS),
                "boolean": TRUTHS,
                "code": st.sampled_from(sorted(kind.values)).map(lambda code: {"is": code}),
            }[kind.kind]
            put(document, name, draw(node))
            if kind.dated and draw(st.integers(0, 9)):
                put(document, name, {"age": draw(st.sampled_from([0, 0, 0, 0, 5, 31, 90, 91, 10**9]))})
    return document
