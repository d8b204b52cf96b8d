"""An Observation and its components as sightings: whether a fact has the code, and whether the value was read."""

from collections.abc import Iterator

from cds_service.facts import FactReaders
from cds_service.facts.catalogue import Numeric, ResultFact
from cds_service.facts.observations import ObservationOrComponent, RangePerson, Result, Unreadable, has_value, shown
from cds_service.fhir import (
    CodeableConcept,
    Coding,
    DiagnosticReport,
    Observation,
    Quantity,
    Record,
    decode_resource,
    resource_type,
)
from cds_service.terminology.seen.sighting import Outcome, Sighting

_NOBODY = RangePerson(None, None)
# Of several facts that have a code, the one that was read speaks for it.
_RANK: tuple[Outcome, ...] = ("read", "unit_refused", "value_refused", "words_refused", "no_value", "hint")


def result_sightings(view: Observation, knowledge: FactReaders) -> Iterator[Sighting]:
    """What became of an Observation and of each of its components: one sighting for each that says something."""
    alone = Record(None, {"Observation": (view,)}, frozenset(), {}, ())
    told: dict[int, list[tuple[str, Result]]] = {}
    for name, measurements in knowledge.observations.sort(alone).items():
        for measurement in measurements:
            told.setdefault(id(measurement.saying), []).append((name, measurement))
    sayings: list[ObservationOrComponent] = [view, *view.component]
    for saying in sayings:
        of = told.get(id(saying), [])
        if of:
            yield _of_fact(saying, of, knowledge)
        elif saying is not view or has_value(saying) or not view.component:
            yield _of_none(saying, knowledge)


def observations_in(view: Observation | DiagnosticReport) -> Iterator[Observation]:
    """The Observation itself, and those that live inside it or inside a report."""
    if isinstance(view, Observation):
        yield view
    for raw in view.contained:
        if resource_type(raw) == "Observation":
            inner = decode_resource("Observation", raw, "")
            if isinstance(inner, Observation):
                yield inner


def _of_fact(saying: ObservationOrComponent, of: list[tuple[str, Result]], knowledge: FactReaders) -> Sighting:
    outcomes = {name: _outcome(name, measurement, knowledge) for name, measurement in of}
    outcome = min(outcomes.values(), key=_RANK.index)
    facts = tuple(sorted(name for name, one in outcomes.items() if one == outcome))
    coding = next(measurement.coding for name, measurement in of if name == facts[0])
    unit, value = _value(saying)
    concept = saying.value_codeable_concept
    if outcome == "read" and concept is not None and concept.coding:
        value = ""  # its code was read: what stands beside it may be anything
    words, typed = _words(coding, saying.code)
    return Sighting("Observation", outcome, coding.system or "", coding.code or "", words, typed, unit, value, facts)


def _of_none(saying: ObservationOrComponent, knowledge: FactReaders) -> Sighting:
    """One that no fact has. Its value is not kept: nothing depends on it, and it may be a note."""
    concept = saying.code or CodeableConcept()
    systems = knowledge.systems
    coded = [coding for coding in concept.coding if coding.code]
    known = [coding for coding in coded if any(map(systems.is_known, systems.keys((coding,))))]
    coding = (known or coded or [Coding()])[0]
    words, typed = _words(coding, concept)
    outcome: Outcome = "no_fact" if known else "unknown_code"
    unit, _ = _value(saying)
    return Sighting("Observation", outcome, coding.system or "", coding.code or "", words, typed, unit)


def _outcome(name: str, measurement: Result, knowledge: FactReaders) -> Outcome:
    spec = knowledge.catalogue.facts[name]
    saying = measurement.saying
    if measurement.how == "hint":
        return "hint"
    if measurement.how in {"mention", "about"}:
        return "words_refused"
    if isinstance(spec, ResultFact):
        reader = knowledge.results[name]
        says = has_value(saying) or saying.interpretation or reader.in_code(saying)
        if not says and measurement.how != "variant":
            return "no_value"
        answer: object = reader.read(saying, _NOBODY, measurement.how)
    elif not has_value(saying):
        return "no_value"
    elif isinstance(spec, Numeric):
        answer = knowledge.numbers[name].read(saying)
    else:
        return "read"  # a date: whether it is one says nothing of codes, units and words
    if not isinstance(answer, Unreadable) or answer.reason == "indeterminate":
        return "read"
    if answer.reason == "unit_not_understood":
        return "unit_refused"
    return "words_refused" if _value(saying)[1] else "value_refused"


def _value(saying: ObservationOrComponent) -> tuple[str, str]:
    """The unit of the value, and the value itself where it is words."""
    quantity = saying.value_quantity
    if isinstance(quantity, Quantity):
        return quantity.unit or quantity.code or "", ""
    concept = saying.value_codeable_concept
    if concept is not None:
        said = (text for coding in concept.coding for text in (coding.display, coding.code) if text)
        return "", next(said, concept.text or "")
    text, unit = shown(saying)
    return unit, text if saying.value_string is not None and any(map(str.isalpha, text)) else ""


def _words(coding: Coding, concept: CodeableConcept | None) -> tuple[str, bool]:
    """What it is called, and whether that was typed."""
    typed = "" if concept is None else concept.text or ""
    return coding.display or typed, not coding.display or not (coding.system and coding.code)
