"""What leaves a measured fact unknown: nothing on record, entered in error, too old, a unit that is not accepted."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from cds_service.durations import Duration
from cds_service.facts.catalogue import QuantityFact
from tools.boundaries.numbers import NumberFact
from tools.boundaries.resources import Json, day
from tools.boundaries.situation import Situation


def absent(names: tuple[str, ...], good: Situation) -> Iterator[Situation]:
    """Nothing on record, and the good value entered in error."""
    nothing: dict[str, Any] = dict.fromkeys(names)
    silent = frozenset(names)
    yield Situation("nothing on record", nothing, silent=silent)
    void = tuple(_with(resource, status="entered-in-error") for resource in good.resources)
    yield Situation(f"entered in error: {good.label}", nothing, void, silent=silent)


def dated(good: Situation, limit: Duration | None, as_of: date) -> Iterator[Situation]:
    """The good value on the last day on which it is fresh, and a day older."""
    if limit is None:
        return
    days = limit.span(as_of)
    for age in (days, days + 1):
        aged = tuple(_with(resource, effectiveDateTime=day(as_of, age)) for resource in good.resources)
        stated = {name: _aged(statement, age) for name, statement in good.stated.items()}
        yield Situation(f"{good.label}, {age} days old", stated, aged)


def in_wrong_units(fact: NumberFact, good: Situation) -> Iterator[Situation]:
    """The good number in a unit that the fact does not accept, and without any where it has one."""
    unit = fact.refused_unit()
    if unit is not None:
        yield Situation(f"in {unit}, which is not accepted", fact.unknown(), _in_unit(good, unit))
    when_missing = isinstance(fact.spec, QuantityFact) and fact.spec.unit_when_missing is not None
    if fact.unit != "1" and not when_missing:
        yield Situation("without a unit", fact.unknown(), _in_unit(good, None))


def _in_unit(good: Situation, unit: str | None) -> tuple[Json, ...]:
    def changed(resource: Json) -> Json:
        element = next((resource[key] for key in ("valueQuantity", "valueInteger") if key in resource), None)
        number = element["value"] if isinstance(element, dict) else element
        if number is None:
            number = int(str(resource["valueString"]).partition(":")[2])
        rest = {key: value for key, value in resource.items() if not key.startswith("value")}
        return {**rest, "valueQuantity": {"value": number} | ({"unit": unit, "code": unit} if unit else {})}

    return tuple(map(changed, good.resources))


def _with(resource: Json, **elements: Any) -> Json:
    return {**resource, **elements}


def _aged(statement: Any, days: int) -> Any:
    if isinstance(statement, str):
        return {"is": statement, "days_ago": days}
    return {**statement, "days_ago": days} if isinstance(statement, dict) else statement
