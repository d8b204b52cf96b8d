"""The reference in `docs/facts.md`: every fact of the catalogue with what counts, units, freshness and absence."""

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from cds_service.facts.catalogue import (
    GROUPS,
    OTHER,
    PRINTED_SYSTEMS,
    REASONS,
    Code,
    Component,
    DateFact,
    DefinedFact,
    DerivedFact,
    EventsFact,
    FactSpec,
    Formula,
    Lasts,
    Numeric,
    ObservedFact,
    QuantityFact,
    ResultFact,
    ScoreFact,
    TiterFact,
    Where,
    group_of,
)
from cds_service.facts.fact import Reason
from cds_service.facts.intervals import Factor, plain
from cds_service.fhir import NOTHING_FOLLOWS, table_of_types, types_of_events
from cds_service.logic import NamedRule
from cds_service.logic.check import read_rule
from cds_service.logic.words import words
from cds_service.rule_files import read_json
from cds_service.rule_tools.docs.numbers_tables import numbers_tables
from cds_service.rule_tools.docs.reference import RulesReference

MARK = "<!-- From here on written by `cds-service rules docs --facts --out docs/facts.md`; a test keeps it current. -->"
"""What stands above it in the page is written by hand and kept."""

FORMULAS: dict[Formula, str] = {
    "bmi": "weight in kg ÷ (height in m)².",
    "ckd_epi_2021": (
        "CKD-EPI creatinine equation of 2021, without race: 142 × min(Scr/κ, 1)^α × max(Scr/κ, 1)^−1.200 × 0.9938^age "
        "(× 1.012 for women); κ 0.7 and α −0.241 for women, 0.9 and −0.302 for men; Scr in mg/dL, age in completed "
        "years, adults only. Inker et al., N Engl J Med 2021;385:1737-49."
    ),
    "cockcroft_gault": (
        "(140 − age) × weight in kg ÷ (72 × Scr in mg/dL), × 0.85 for women; adults only. "
        "Cockcroft and Gault, Nephron 1976;16:31-41."
    ),
    "upcr": "protein in mg/L ÷ creatinine in mg/L, of the same urine (the same date).",
    "first_known": "the first that has a usable value; one that is on record and can't be read is not passed over.",
    "either_test": "positive if one is positive; negative if one is negative and no other is disputed; else unknown.",
    "both_parts": "positive if one is positive; negative only if all are negative; else unknown.",
    "confirmed_test": "the first decides; without it a negative second one is negative, a positive one unknown.",
}
"""What each formula computes, with its source."""

_SIGNS = {">=": "≥", "<=": "≤"}

_PHRASES_SHOWN = 4


def facts_page(reference: RulesReference, written: str) -> str:
    """The whole page: what is `written` by hand above the mark, and the reference below it."""
    return f"{written.partition(MARK)[0].rstrip()}\n\n{_reference(reference)}"


def _reference(reference: RulesReference) -> str:
    catalogue = reference.library.catalogue
    lines = [MARK, "", "## Reasons", "", "Why a fact is unknown:", "", "| reason | meaning |", "|---|---|"]
    lines += [f"| `{reason}` | {REASONS[reason]} |" for reason in get_args(Reason)]
    lines += numbers_tables(catalogue)
    lines += ["", *_types()]
    lines += ["", "## Every fact", ""]
    lines.append(f"{len(catalogue)} facts. A factor turns a value in that unit into the unit of the fact.")
    for group in (*GROUPS, OTHER):
        facts = [spec for spec in catalogue if group_of(spec.name) == group]
        if facts:
            lines += ["", f"## {group}"]
            for spec in facts:
                lines += ["", f"### `{spec.name}`", "", f"{spec.title}. {spec.description}".rstrip(), ""]
                lines += [f"* {line}" for line in _fact(spec, reference)]
    return "\n".join(lines) + "\n"


def _types() -> Iterator[str]:
    """The closed table of resource types: what follows from one of each."""
    yield "## Resource types"
    yield ""
    yield "Every resource type of FHIR R4 (and those that R4B and R5 added), and what follows from one in a record:"
    yield ""
    yield "| type | what follows | because |"
    yield "|---|---|---|"
    nothing: dict[str, list[str]] = {}
    for entry in table_of_types():
        if entry.what == NOTHING_FOLLOWS:
            nothing.setdefault(entry.why, []).append(entry.name)
        else:
            yield f"| {entry.name} | {entry.what} | {entry.why} |"
    for why, names in nothing.items():
        yield f"| {', '.join(names)} | {NOTHING_FOLLOWS} | {why} |"


def _fact(spec: FactSpec, reference: RulesReference) -> Iterator[str]:
    match spec:
        case EventsFact():
            yield from _events(spec, reference)
        case DerivedFact():
            yield f"derived from {_names(spec.sources)}: {FORMULAS[spec.formula]}"
            yield from (f"never, but told as {other.note!r}: `{other.fact}`" for other in spec.instead)
            if spec.plausible is not None:
                low, high = map(plain, spec.plausible)
                yield f"plausible from {low} to {high}"
        case DefinedFact():
            yield f"defined: {_definition(spec, reference)}"
        case ObservedFact():
            yield from _observed(spec)
        case _:
            yield from spec.page_words
    if isinstance(spec, ObservedFact | DerivedFact):
        yield from _limits(spec, reference)


def _limits(spec: ObservedFact | DerivedFact, reference: RulesReference) -> Iterator[str]:
    fresh = reference.fact(spec.name).fresh_for
    yield f"counts for {fresh}, or for a criterion's own `lookback`" if fresh else "counts for ever"
    if spec.order is not None:
        yield f"where it is missing, a draft order asks for {_code(spec.order)}"


def _observed(spec: QuantityFact | ScoreFact | TiterFact | ResultFact | DateFact) -> Iterator[str]:
    yield f"{spec.kind}: {_codes(spec)}"
    if spec.hint_codes:
        yield f"only may be it, where nothing else is on record: {'; '.join(map(_code, spec.hint_codes))}"
    match spec:
        case QuantityFact():
            yield from _units(spec)
        case ScoreFact() if spec.values:
            yield f"coded answers: {'; '.join(f'{_code(answer)} = {plain(answer.value)}' for answer in spec.values)}"
        case TiterFact():
            yield "the number n of a titre 1:n, however it is written"
        case ResultFact():
            yield from _result(spec)
        case DateFact(else_onset_of=str() as condition):
            yield f"without an observation: the earliest onset of `{condition}`"
    if isinstance(spec, ScoreFact) and spec.component is not None:
        yield _component(spec.component)
    yield from _numeric(spec) if isinstance(spec, Numeric) else _absence(spec)


def _codes(spec: ObservedFact) -> str:
    return "; ".join(map(_code, spec.codes)) or "no code of its own"


def _units(spec: QuantityFact) -> Iterator[str]:
    if spec.unit == "1":
        yield "unit: none, `1` or an annotation such as `{score}`"
        return
    others = [f"`{unit}` × {_factor(factor)}" for unit, factor in spec.units.items() if unit != spec.unit]
    yield ", ".join((f"unit: `{spec.unit}`", *others))
    if spec.unit_when_missing is not None:
        yield f"a number without unit is in `{spec.unit_when_missing}`: the code itself says so"
    if spec.unsettled_by is not None:
        within = spec.unsettled_by.within.words()
        given = _names(spec.unsettled_by.events)
        yield f"only too low counts, with the reason `after_transfusion`, within {within} after {given}"
    if spec.fresh_for_child is not None:
        limit = spec.fresh_for_child.words()
        yield f"measured under 18 years, or where the age isn't known, only evidence of the last {limit} counts"
    if spec.differential is not None:
        parts = _names((spec.differential.count, spec.differential.percent))
        yield f"where no count of that moment or newer is reported: the product of {parts} of one specimen or moment"
    if spec.at_most is not None:
        limits = " or ".join(f"`{name}` above {plain(limit)}" for name, limit in spec.at_most.beside.items())
        yield f"beside {limits} of the same moment only an upper bound (`{spec.at_most.reason}`)"


def _numeric(spec: Numeric) -> Iterator[str]:
    if spec.undetected is not None:
        yield f"“negative” and “not detected” are {plain(spec.undetected)}"
    if spec.presumed is None:
        yield "nothing on record: unknown"
    else:
        value, without = plain(spec.presumed.value), _names(spec.presumed.without)
        yield f"nothing on record: {value} is presumed, where nothing is on record of {without} either, ever"


def _absence(spec: ObservedFact) -> Iterator[str]:
    presumed = getattr(spec, "presumed", None)
    said = "unknown" if presumed is None else f"{presumed} is presumed, where observations were supplied whole"
    yield f"nothing on record: {said}"


def _result(spec: ResultFact) -> Iterator[str]:
    if spec.values:
        yield f"answers besides the common ones: {'; '.join(f'{_code(a)} = {a.value}' for a in spec.values)}"
    alone = [answer for answer in spec.values if answer.alone]
    if alone:
        yield f"answers as the code of an observation or condition, too: {'; '.join(map(_code, alone))}"
    if spec.read_number is not None:
        positive, negative = (_bound(*side) for side in (spec.read_number.positive, spec.read_number.negative))
        yield f"a bare number is positive {positive}, negative {negative}; a flag of the laboratory goes before it"
    if spec.variant is not None:
        conditions = "; ".join(map(_where, spec.variant.where))
        codes = " or ".join(map(_code, spec.variant.codes))
        yield f"also positive: {codes} with components that say: {conditions}"


def _events(spec: EventsFact, reference: RulesReference) -> Iterator[str]:
    yield f"events, from {_resources(spec)}; with `.active` and `.history`"
    for key, heading in (("valueset", "counts"), ("history", "counts for `.history` alone"), ("hints", "may be it")):
        set_id = getattr(spec, key)
        if set_id is not None:
            yield f"{heading}: {_value_set(set_id, reference)}"
    if spec.resource == "Condition" and spec.valuesets:
        yield f"lasts: {'; '.join(_lasting(spec, reference))}"
    if not spec.valuesets:
        yield "counts: any entry"
    if spec.route is not None:
        settled = f"; it settles what `{spec.by_route}` leaves open" if spec.by_route else ""
        yield f"route: {spec.route}{settled}"
    if spec.resource == "Medication":
        yield from _drug(spec)
    if spec.hint_category:
        yield f"may be it too: the category {'; '.join(map(_code, spec.hint_category))}"
    if spec.excepted is not None:
        yield f"never counts: {_value_set(spec.excepted, reference)}"
    for result in spec.borne_out_by:
        limit = plain(result.limit)
        yield f"below {limit} of `{result.fact}` not known to be active; from there on it may be there without an entry"
    if spec.least is not None:
        yield f"only where at least {spec.least} entries are on record"
    if spec.unrecognised == "counts":
        yield "counts: any other entry too, whatever its code or words"
    elif spec.unrecognised is not None:
        yield "may be it too: an entry without a code that is known here"
    presumed = spec.absence == "presumed_absent"
    yield f"nothing on record: {'presumed absent, where it was supplied whole' if presumed else 'unknown'}"


def _drug(spec: EventsFact) -> Iterator[str]:
    """What of a drug's times is its own."""
    if "gap" in spec.model_fields_set:
        yield f"one course: records at most {spec.gap.words()} apart"
    if spec.course is not None:
        said = [word for listed in spec.course.words.values() for word in listed]
        where = f" where the words say {', '.join(said)}" if said else ""
        limit = f"{spec.course.lasts.words()} after its start: {spec.course.reason}"
        yield f"an order without an end{where} is current for certain until {limit}"
    if spec.half_lives is not None:
        most = spec.half_lives.at_most.words()
        yield f"half-lives: `facts/half-lives.json`; at most {most} for one not in it: {spec.half_lives.reason}"


def _lasting(spec: EventsFact, reference: RulesReference) -> list[str]:
    """How long the diseases of a fact last, with the reasons, each once."""
    valuesets = reference.library.facts.valuesets
    sets = dict.fromkeys(part for set_id in spec.valuesets for part in valuesets.parts(set_id))
    reasons: dict[str, dict[str, None]] = {}
    for set_id in sets:
        content, _ = read_json(reference.rules_dir / "valuesets" / f"{set_id}.json", f"valuesets/{set_id}.json")
        compose = content.get("compose", {}) if isinstance(content, dict) else {}
        for part in compose.get("include", ()):
            if "system" in part:
                lasts = part.get("lasts", "chronic")
                said = reasons.setdefault(lasts, {})
                reason = part.get("lasts_reason") or content.get("lasts_reasons", {}).get(lasts)
                said.update({reason.rstrip("."): None} if reason and "lasts" in part else {})
    return [f"{Lasts.parse(lasts).words()} ({'; '.join(why) or 'nothing is said'})" for lasts, why in reasons.items()]


def _value_set(set_id: str, reference: RulesReference) -> str:
    content, _ = read_json(reference.rules_dir / "valuesets" / f"{set_id}.json", f"valuesets/{set_id}.json")
    data: dict[str, Any] = content if isinstance(content, dict) else {}
    phrases = {language: list(listed) for language, listed in data.get("phrases", {}).items() if listed}
    text = (
        f"`{set_id}` ({reference.extent(set_id)}). {data.get('title', set_id)}: {data.get('description', '')}".rstrip()
    )
    if not phrases:
        return text
    counts = ", ".join(f"{len(listed)} {language}" for language, listed in phrases.items())
    some = [phrase for listed in phrases.values() for phrase in listed[:_PHRASES_SHOWN]]
    return f"{text} Hints in words: {counts}; such as {', '.join(some)}."


def _definition(spec: DefinedFact, reference: RulesReference) -> str:
    rule, _ = read_rule({"var": spec.name}, reference.library.compiled.vocabulary)
    return words(rule.body, reference.titles) if isinstance(rule, NamedRule) else "its logic is not sound"


def _resources(spec: EventsFact) -> str:
    *others, last = [row.name for row in types_of_events(spec.resource)]
    return f"{', '.join(others)} and {last}" if others else last


def _component(component: Component) -> str:
    text = f"also the component {_code(component.code)} where {_where(component.where)}"
    named = "” or “".join(component.text_hints)
    return f"{text}; named “{named}” without a code it is only a mention" if named else text


def _where(where: Where) -> str:
    said = [_code(code) for code in where.value] + [f"the text “{text}”" for text in where.text]
    return f"{_code(where.code)} is {' or '.join(said)}"


def _bound(operator: str, bound: Any) -> str:
    limit = "its own upper limit of normal" if bound == "upper_limit" else f"{bound}"
    return f"{_SIGNS.get(operator, operator)} {limit}"


def _factor(factor: Factor) -> str:
    low, high = factor
    return plain(low) if low == high else f"{plain(low)} to {plain(high)}"


def _code(code: Code) -> str:
    shown = f"{PRINTED_SYSTEMS.get(code.system, code.system)} {code.code}"
    return f"{shown} {code.display}" if code.display else shown


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
