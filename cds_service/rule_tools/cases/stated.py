"""Facts in the words of a rule author, and the fact documents that rules are evaluated on.

    "lab.hemoglobin": {"quantity": [82, "g/L"], "days_ago": 3}     "patient.age": {"birth_date": "1980-01-01"}
    "lab.alt.x_uln": 2.9                                           "patient.sex": "female"
    "score.sledai_2k": [8, 10]                                     "condition.sle": true
    "lab.ana_titer": ">=1:80"                                      "condition.malignancy": "history"
    "result.hbsag": "negative"                                     "condition.stroke": [{"end": "2026-05-24"}]
    "date.als_symptom_onset": "2026-03"                            "medication.biologic": [{"start": "2026-09-24"}]

`null` is unknown, as is a fact that is not stated. `docs/testing-rules.md` has the whole grammar.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    TypeAdapter,
    ValidationError,
)

from cds_service.errors import CdsError
from cds_service.facts import fact_document
from cds_service.facts.catalogue import Catalogue, DefinedFact, EventsFact, FactEntry, ResultFact, TiterFact
from cds_service.facts.fact import DaySpan, Evidence, Fact, Value
from cds_service.facts.intervals import Interval, parse_interval, point
from cds_service.logic.check import fact_meant
from cds_service.rule_files import nearest
from cds_service.rule_tools.cases.stated_events import (
    StatedRecord,
    StatedRecords,
    events_of,
    one_word,
    records_in,
    unknown_events,
)
from cds_service.rule_tools.cases.stated_times import (
    Count,
    DaysAgo,
    PartialDate,
    age_of_birth,
    age_of_days,
    age_of_months,
    days_of,
    days_since,
)


def _no_truth_value(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a truth value is not a number")
    return value


Number = Annotated[StrictInt | StrictFloat, BeforeValidator(_no_truth_value), Field(ge=-1e15, le=1e15)]
Amount = Number | str | tuple[Number, Number]
"""A number, an interval of two, or a text such as `<5`, `>=600` and, for a titre, `1:80`."""

_TITER = re.compile(r"\b1\s*[:/]\s*(?=[0-9])")


class StatementError(CdsError):
    """A statement that can't be read. `steps` lead from it to the place of the fault; `hint` says how to mend it."""

    def __init__(self, message: str, hint: str = "", steps: tuple[str | int, ...] = (), code: str = "") -> None:
        super().__init__(message)
        self.message, self.hint, self.steps = message, hint, steps
        self.code = code or "bad-statement"


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Dated(_Form):
    """How old the evidence is; today unless said."""

    days_ago: Count | None = None
    on: PartialDate | None = None

    def age(self, as_of: date) -> int:
        """In days, at most. Raises ValueError."""
        if self.days_ago is not None and self.on is not None:
            raise ValueError("give 'days_ago' or 'on', not both")
        return days_since(self.on, as_of).hi if self.on is not None else self.days_ago or 0


class QuantityForm(_Dated):
    """A number with a unit."""

    quantity: tuple[Amount, str]


class ValueForm(_Dated):
    """A number without a unit."""

    value: Amount


class AnswerForm(_Dated):
    """A qualitative result."""

    is_: Literal["positive", "negative", "indeterminate"] = Field(alias="is")


class AgeForm(_Form):
    """An age: by the birth date, or in completed years, months or days."""

    birth_date: PartialDate | None = None
    a: DaysAgo | None = None
    mo: DaysAgo | None = None
    d: DaysAgo | None = None


class AgoForm(_Form):
    """A moment so many days ago."""

    days_ago: DaysAgo


@dataclass(frozen=True, slots=True)
class Documents:
    """The fact documents of one case: with and without the presumption that what is not on record is absent."""

    closed: Mapping[str, Any]
    opened: Mapping[str, Any]


def documents(facts: Mapping[str, Any], catalogue: Catalogue, as_of: date) -> Documents:
    """The documents of some stated facts. Raises StatementError for the first that can't be read."""
    found = read_facts(facts, catalogue, as_of)
    for _, fault in found:
        if isinstance(fault, StatementError):
            raise fault
    return documents_of(fact for _, fact in found if isinstance(fact, Fact))


def documents_of(facts: Iterable[Fact]) -> Documents:
    """The documents of some facts; a part (`lab.alt.x_uln`) goes into the node of its fact."""
    ordered = sorted(facts, key=lambda fact: fact.name)
    return Documents(fact_document(ordered, "closed"), fact_document(ordered, "open"))


def read_facts(
    facts: Mapping[str, Any], catalogue: Catalogue, as_of: date
) -> list[tuple[str, Fact | StatementError | None]]:
    """Each stated fact by its name; None for one that is stated to be unknown, an error for one that can't be read."""
    found: list[tuple[str, Fact | StatementError | None]] = []
    for name, statement in facts.items():
        try:
            found.append((name, read_fact(name, statement, catalogue, as_of)))
        except StatementError as fault:
            found.append((name, fault))
    return found


def read_fact(name: str, statement: Any, catalogue: Catalogue, as_of: date) -> Fact | None:
    """One stated fact; None where it is stated to be unknown. Raises StatementError."""
    entry = catalogue.lookup(name)
    _refuse(name, entry, catalogue)
    assert entry is not None
    if entry.type == "events":
        assert isinstance(entry.spec, EventsFact)
        return Fact(name, _events(statement, entry.spec, as_of))
    if statement is None or statement == "indeterminate":
        return None
    readers: dict[str, Callable[[Any, FactEntry, date], tuple[Value | None, int]]] = {
        "number": _number,
        "result": _result,
        "boolean": _boolean,
        "sex": _sex,
        "age": _age,
        "date": _date,
    }
    value, age = readers[entry.type](statement, entry, as_of)
    return None if value is None else Fact(name, value, age=age, evidence=(Evidence("case"),))


def _refuse(name: str, entry: FactEntry | None, catalogue: Catalogue) -> None:
    """Raise StatementError for a name that can't be stated."""
    if entry is None:
        base = catalogue.fact_of(name)
        if base is not None:
            raise StatementError(f"{name!r} is read from {base!r}", f"state {base!r}", code="fact-part")
        titles = {known: found.title for known in catalogue.names() if (found := catalogue.lookup(known)) is not None}
        hint = fact_meant(name, titles)
        raise StatementError(f"unknown fact {name!r}", hint, code="unknown-fact")
    if entry.part in ("active", "history"):
        base = name.rpartition(".")[0]
        hint = f'state {base!r}, as "{entry.part}" for instance'
        raise StatementError(f"{name!r} follows from {base!r}", hint, code="fact-part")
    if entry.type == "logic":
        parts = ", ".join(_stated_for(name, catalogue))
        raise StatementError(f"{name!r} is defined by other facts", f"state these: {parts}", code="fact-defined")


def _stated_for(name: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The facts to state for a definition: what it is made of, definitions in it opened up."""
    found: dict[str, None] = {}
    for part in catalogue.facts[name].references():
        is_defined = isinstance(catalogue.facts.get(part), DefinedFact)
        found |= dict.fromkeys(_stated_for(part, catalogue) if is_defined else (part,))
    return tuple(found)


def _number(statement: Any, entry: FactEntry, as_of: date) -> tuple[Value, int]:
    plain = entry.unit in (None, "1")
    if not isinstance(statement, dict):
        if not plain:
            example = f'{{"quantity": [80, "{entry.unit}"]}}'
            raise StatementError(f"{entry.name} has a unit", f"write {example}")
        return _amount(_valid(Amount, statement), entry), 0
    if plain:
        given = _valid(ValueForm, statement)
        return _amount(given.value, entry, ("value",)), _age_of(given, as_of)
    form = _valid(QuantityForm, statement)
    amount, unit = form.quantity
    factor = entry.units.get(unit)
    if factor is None:
        hint = nearest(unit, entry.units) or "its units: " + ", ".join(entry.units)
        raise StatementError(f"{entry.name} is not measured in {unit!r}", hint, ("quantity", 1))
    return _amount(amount, entry, ("quantity", 0)).scale(factor), _age_of(form, as_of)


def _amount(amount: Amount, entry: FactEntry, steps: tuple[str | int, ...] = ()) -> Interval:
    match amount:
        case str() as text:
            bare = _TITER.sub("", text) if isinstance(entry.spec, TiterFact) else text
            found = parse_interval(bare)
            if found is None or found[1]:
                raise StatementError(f'{text!r} is not a number such as "<5" or ">=600"', steps=steps)
            return found[0].at_least(getattr(entry.spec, "minimum", None))
        case (low, high):
            if low > high:
                raise StatementError(f"[{low}, {high}]: the least comes first", steps=steps)
            return Interval(Decimal(repr(low)), Decimal(repr(high)))
        case value:
            return point(Decimal(repr(value)))


def _result(statement: Any, entry: FactEntry, as_of: date) -> tuple[Value | None, int]:
    form = _valid(AnswerForm, statement if isinstance(statement, dict) else {"is": statement})
    age = _age_of(form, as_of)
    lasts = isinstance(entry.spec, ResultFact) and entry.spec.lasting == form.is_
    return None if form.is_ == "indeterminate" else form.is_, 0 if lasts else age


def _boolean(statement: Any, entry: FactEntry, as_of: date) -> tuple[Value, int]:
    return bool(_valid(StrictBool, statement)), 0


def _sex(statement: Any, entry: FactEntry, as_of: date) -> tuple[Value, int]:
    if statement not in ("female", "male"):
        raise StatementError(f"{statement!r} is not female or male", "any other gender is unknown: null")
    return str(statement), 0


def _age(statement: Any, entry: FactEntry, as_of: date) -> tuple[Value, int]:
    form = _valid(AgeForm, statement)
    given = [key for key, value in form if value is not None]
    if len(given) != 1:
        raise StatementError("an age is one of 'birth_date', 'a', 'mo' and 'd'")
    with _told(given[0]):
        if form.birth_date is not None:
            return age_of_birth(form.birth_date, as_of), 0
        if form.d is not None:
            return age_of_days(days_of(form.d), as_of), 0
        years = form.a is not None
        count = days_of(form.a if form.a is not None else form.mo or 0)
        months = (count.lo * 12, count.hi * 12 + 11) if years else (count.lo, count.hi)
        return age_of_months(months, as_of), 0


def _date(statement: Any, entry: FactEntry, as_of: date) -> tuple[Value, int]:
    with _told():
        if isinstance(statement, str):
            return days_since(statement, as_of), 0
        given: DaySpan = days_of(_valid(AgoForm, statement).days_ago)
        return given, 0


def _events(statement: Any, spec: EventsFact, as_of: date) -> Value:
    if statement is None:
        return unknown_events()
    with _told():
        match statement:
            case False:
                stated = records_in([])
            case True:
                stated = records_in([StatedRecord()])
            case str():
                stated = records_in([one_word(statement)])
            case list():
                stated = records_in([_valid(StatedRecord, item, i) for i, item in enumerate(statement)])
            case {"records": _}:
                stated = _valid(StatedRecords, statement)
            case _:
                stated = records_in([_valid(StatedRecord, statement)])
        return events_of(stated, spec, as_of)


@contextmanager
def _told(*steps: str | int) -> Iterator[None]:
    """A ValueError of the translation as a StatementError at the given place."""
    try:
        yield
    except ValueError as fault:
        raise StatementError(str(fault), steps=steps) from fault


def _age_of(form: _Dated, as_of: date) -> int:
    with _told("on" if form.on is not None else "days_ago"):
        return form.age(as_of)


def _valid(form: Any, statement: Any, *steps: str | int) -> Any:
    """The statement as a form. Raises StatementError with the place of the first fault."""
    try:
        return _adapter(form).validate_python(statement, strict=False)
    except ValidationError as problem:
        error = problem.errors(include_url=False)[0]
        if error["type"] == "extra_forbidden":
            key = str(error["loc"][-1])
            hint = nearest(key, form.model_fields) if isinstance(form, type) and issubclass(form, BaseModel) else ""
            raise StatementError(f"unknown key {key!r}", hint, (*steps, *error["loc"]), "unknown-key") from problem
        raise StatementError(error["msg"], steps=(*steps, *_real(error["loc"]))) from problem


@cache
def _adapter(form: Any) -> TypeAdapter[Any]:
    # To make one costs far more than to use it, and there are a handful of forms for thousands of statements.
    return TypeAdapter(form)


def _real(place: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A pydantic location without the names of the alternatives that it tried."""
    return tuple(step for step in place if isinstance(step, int) or re.fullmatch(r"[a-z_]+", step))
