"""Hook requests that are long in one way: n entries of a kind, of which the rules read every one.

A sample story is the patient, so that trials are judged and cards are made. The six `AXES` are the ways in which a
chart grows without bound; the `VARIANTS` are lists of other kinds, within one resource or of many, that a client may
send as long as it likes. Codes are those of the rules' own facts: what nobody asks for would be left out before it
costs.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from benchmarks.charts import LOINC, STORIES, UCUM

Resource = dict[str, Any]

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
HGNC = "http://www.genenames.org"
AT = "2026-11-20T08:00:00Z"
"""The instant at which everything was measured."""
PLATELETS, HBSAG, GENE, COPIES = "777-3", "5196-1", "48018-6", "82155-3"
TESTS = ("777-3", "718-7", "751-8", "1742-6", "1920-8", "1975-2", "2160-0", "5196-1", "56888-1", "13955-0", "2118-8")
LUPUS, MALIGNANCY, SURGERY = "M32.9", "C50.911", "52734007"
PREDNISOLONE, RITUXIMAB = "H02AB06", "L01FA01"
DISEASES = ("M32.9", "C50.911", "I50.9", "B20", "E11.9", "J44.9", "G40.909", "I63.9", "N18.6", "D84.9")


@dataclass
class Chart:
    """A request in the making: resources by prefetch key, the Patient, and whole values under further keys."""

    story: str
    results: dict[str, list[Resource]] = field(default_factory=dict)
    patient: Resource = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, key: str, resources: Iterable[Resource]) -> None:
        """More resources of this patient under a prefetch key."""
        self.results.setdefault(key, []).extend(resources)

    def subject(self) -> Resource:
        """The reference to the patient."""
        return {"reference": f"Patient/{self.story}"}

    def body(self) -> bytes:
        """The body of the request."""
        body = json.loads((STORIES / f"patient-view-{self.story}.json").read_bytes())
        prefetch = body["prefetch"]
        prefetch["patient"].update(self.patient)
        for key, resources in self.results.items():
            bundle = prefetch.setdefault(key, {"resourceType": "Bundle", "type": "searchset"})
            entries = bundle.setdefault("entry", [])
            entries += [_entry(one) for one in resources]
            bundle["total"] = len(entries)
        prefetch.update(self.values)
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


Grow = Callable[[Chart, int], None]


def request(names: Iterable[str], n: int, story: str = "sle") -> bytes:
    """The body of a hook request that is `n` long in each of these ways. The same arguments give the same bytes."""
    chart = Chart(story)
    for name in names:
        WAYS[name](chart, n)
    return chart.body()


def pairs() -> list[tuple[str, str]]:
    """Any two of the six axes."""
    return list(combinations(AXES, 2))


def _entry(resource: Resource) -> Resource:
    url = f"https://ehr.example.org/fhir/{resource['resourceType']}/{resource.get('id', 'none')}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": "match"}}


def _concept(system: str, code: str, words: str = "") -> Resource:
    return {"coding": [{"system": system, "code": code, **({"display": words} if words else {})}]}


def _quantity(value: float) -> Resource:
    return {"value": value, "unit": "10*3/uL", "system": UCUM, "code": "10*3/uL"}


def _observation(chart: Chart, number: int, code: str = PLATELETS, **elements: Any) -> Resource:
    """A result of that instant, unless `elements` say otherwise; one that is None is left out."""
    whole = {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": _concept(LOINC, code),
        "subject": chart.subject(),
        "effectiveDateTime": AT,
        "valueQuantity": _quantity(150 + number % 251),
        **elements,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _day(number: int) -> str:
    """One of 15,000 days before the story is told, neighbours far apart."""
    return (date(2026, 11, 1) - timedelta(days=number * 7_919 % 15_000)).isoformat()


def _condition(chart: Chart, number: int, code: str = MALIGNANCY, **elements: Any) -> Resource:
    return {
        "resourceType": "Condition",
        "id": f"c{number}",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": _concept(ICD10CM, code, f"Finding {number}"),
        "subject": chart.subject(),
        "onsetDateTime": _day(number),
        **elements,
    }


def _procedure(chart: Chart, number: int) -> Resource:
    return {
        "resourceType": "Procedure",
        "id": f"p{number}",
        "status": "completed",
        "code": _concept(SNOMED, SURGERY, f"Operation {number}"),
        "subject": chart.subject(),
        "performedDateTime": _day(number),
    }


def _use(chart: Chart, number: int, **elements: Any) -> Resource:
    whole = {
        "resourceType": "MedicationRequest",
        "id": f"m{number}",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _concept(ATC, PREDNISOLONE, f"prednisolone {number}"),
        "subject": chart.subject(),
        "authoredOn": _day(number),
        **elements,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _component(number: int, code: str = PLATELETS, **value: Any) -> Resource:
    return {"code": _concept(LOINC, code), **(value or {"valueQuantity": _quantity(150 + number % 251)})}


def _course(chart: Chart, number: int) -> Resource:
    """A drug that was taken and stopped, over a time that no other was."""
    start = date(1985, 1, 1) + timedelta(days=number % 5_000)
    period = {"start": start.isoformat(), "end": (start + timedelta(days=30 + number // 5_000)).isoformat()}
    code = _concept(ATC, RITUXIMAB, f"rituximab {number}")
    whole = {"resourceType": "MedicationStatement", "id": f"s{number}", "status": "completed"}
    return {**whole, "medicationCodeableConcept": code, "subject": chart.subject(), "effectivePeriod": period}


def _medication(number: int, **elements: Any) -> Resource:
    return {
        "resourceType": "Medication",
        "id": f"d{number}",
        "code": _concept(ATC, PREDNISOLONE, f"drug {number}"),
        **elements,
    }


def _instant(chart: Chart, n: int) -> None:
    chart.add("observations", (_observation(chart, i) for i in range(n)))


def _components(chart: Chart, n: int) -> None:
    panel = _observation(chart, -1, "58410-2", valueQuantity=None, component=[_component(i) for i in range(n)])
    chart.add("observations", [panel])


def _conditions(chart: Chart, n: int) -> None:
    # The diagnosis itself: a card's reasons and its grounds name every one.
    chart.add("conditions", (_condition(chart, i, LUPUS) for i in range(n)))


def _procedures(chart: Chart, n: int) -> None:
    chart.add("procedures", (_procedure(chart, i) for i in range(n)))


def _undated(chart: Chart, n: int) -> None:
    chart.add("observations", (_observation(chart, n + i, effectiveDateTime=None) for i in range(n)))


def _keys(chart: Chart, n: int) -> None:
    for i in range(n):
        one = _observation(chart, 2 * n + i, "718-7")
        chart.values[f"further{i}"] = {"resourceType": "Bundle", "type": "searchset", "entry": [_entry(one)]}


AXES: Mapping[str, Grow] = {
    "one instant": _instant,
    "components": _components,
    "conditions": _conditions,
    "procedures": _procedures,
    "undated": _undated,
    "prefetch keys": _keys,
}
"""The six ways in which a chart grows, and what makes it n long."""


def _many(key: str, make: Callable[[Chart, int], Resource]) -> Grow:
    return lambda chart, n: chart.add(key, (make(chart, i) for i in range(n)))


def _listed(key: str, make: Callable[[Chart, list[Any]], Resource], item: Callable[[int], Any]) -> Grow:
    """One resource with a list of n."""
    return lambda chart, n: chart.add(key, [make(chart, [item(i) for i in range(n)])])


def _alike(chart: Chart, number: int) -> Resource:
    return _observation(chart, number, valueQuantity=_quantity(200))


def _answer(chart: Chart, number: int) -> Resource:
    value = {"text": "Negative" if number % 2 else "Positive"}
    return _observation(chart, number, HBSAG, valueQuantity=None, valueCodeableConcept=value)


def _gene(number: int) -> Resource:
    if number % 2:
        return _component(number, COPIES, valueInteger=number % 5)
    return _component(number, GENE, valueCodeableConcept=_concept(HGNC, "HGNC:11118"))


def _text_only(chart: Chart, number: int) -> Resource:
    return _condition(chart, number, code={"text": f"Lupus, seen by ward {number}"}, onsetDateTime=None)


def _referring(chart: Chart, n: int) -> None:
    chart.add("medicationRequests", (_medication(i) for i in range(n)))
    reference = ({"reference": f"Medication/d{i}"} for i in range(n))
    uses = (_use(chart, i, medicationCodeableConcept=None, medicationReference=next(reference)) for i in range(n))
    chart.add("medicationRequests", uses)


def _one_drug(chart: Chart, n: int) -> None:
    """Uses that refer to one Medication, with as many ingredients that refer to one Substance."""
    codings = [{"system": ATC, "code": PREDNISOLONE, "display": f"name {i}"} for i in range(n)]
    substance = {"resourceType": "Substance", "id": "s", "code": {"coding": codings}}
    parts = [{"itemReference": {"reference": "#s"}} for _ in range(n)]
    reference = {"reference": "Medication/d-2"}
    chart.add("medicationRequests", [_medication(-2, contained=[substance], ingredient=parts)])
    uses = (_use(chart, i, medicationCodeableConcept=None, medicationReference=reference) for i in range(n))
    chart.add("medicationRequests", uses)


def _one_device(chart: Chart, n: int) -> None:
    codings = [{"system": SNOMED, "code": "14106009", "display": f"pacemaker {i}"} for i in range(n)]
    whole = {"resourceType": "Device", "id": "v", "type": {"coding": codings}, "patient": chart.subject()}
    use = {"resourceType": "DeviceUseStatement", "status": "active", "device": {"reference": "Device/v"}}
    chart.add("devices", [whole, *({**use, "id": f"u{i}", "subject": chart.subject()} for i in range(n))])


def _one_address(chart: Chart, n: int) -> None:
    """Results that are all at one address, which one of them has as its focus again and again."""
    entries = [{"fullUrl": "urn:uuid:one", "resource": _observation(chart, i)} for i in range(n)]
    focus = [{"reference": "urn:uuid:one"} for _ in range(n)]
    entries.append({"fullUrl": "urn:uuid:two", "resource": _observation(chart, -9, focus=focus)})
    chart.values["chart"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _one_contained_patient(chart: Chart, n: int) -> None:
    identifiers = [{"system": f"urn:s{i}", "value": f"v{i}"} for i in range(n)]
    inside = {"resourceType": "Patient", "id": "p", "identifier": identifiers}
    chart.patient["identifier"] = identifiers[:1]
    results = [{**_inner(i), "subject": {"reference": "#p"}} for i in range(n)]
    chart.add("reports", [_report(chart, [inside, *results])])


def _with_contained(chart: Chart, number: int) -> Resource:
    drug = _medication(number, ingredient=[{"itemCodeableConcept": _concept(ATC, PREDNISOLONE)}])
    reference = {"reference": f"#d{number}"}
    return _use(chart, number, medicationCodeableConcept=None, medicationReference=reference, contained=[drug])


def _report(chart: Chart, inner: list[Resource]) -> Resource:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": _concept(LOINC, "58410-2"),
        "subject": chart.subject(),
        "effectiveDateTime": AT,
        "contained": inner,
        "result": [{"reference": f"#i{number}"} for number in range(len(inner))],
    }


def _inner(number: int) -> Resource:
    whole = {"resourceType": "Observation", "id": f"i{number}", "status": "final"}
    return {**whole, "code": _concept(LOINC, PLATELETS), "valueQuantity": _quantity(150 + number % 251)}


def _ingredients(chart: Chart, n: int) -> None:
    substances = [{"resourceType": "Substance", "id": f"s{i}", "code": _concept(ATC, PREDNISOLONE)} for i in range(n)]
    parts = [{"itemReference": {"reference": f"#s{i}"}} for i in range(n)]
    drug = _medication(-1, contained=substances, ingredient=parts)
    use = _use(chart, -1, medicationCodeableConcept=None, medicationReference={"reference": "Medication/d-1"})
    chart.add("medicationRequests", [drug, use])


def _dosage(number: int) -> Resource:
    period = {"start": _day(number), "end": f"2026-12-{1 + number % 28:02}"}
    return {"text": f"one a day {number}", "timing": {"repeat": {"boundsPeriod": period}}}


def _by_full_url(chart: Chart, n: int) -> None:
    entries = []
    for i in range(n):
        one = _observation(
            chart, i, subject={"reference": "urn:uuid:the-patient"}, hasMember=[{"reference": f"urn:{i}"}]
        )
        entries.append({"fullUrl": f"urn:uuid:{i}", "resource": one})
    whole = {"resourceType": "Patient", "id": chart.story}
    chart.values["chart"] = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:the-patient", "resource": whole}, *entries],
    }


def _people(chart: Chart, n: int) -> None:
    chart.patient["identifier"] = [{"system": f"urn:s{i}", "value": f"v{i}"} for i in range(n)]
    chart.patient["name"] = [{"family": f"Name {i}", "given": ["A", "B"]} for i in range(n)]
    chart.patient["address"] = [{"line": [f"Road {i}"], "city": "Town"} for i in range(n)]
    by_identifier = {"identifier": {"system": "urn:s0", "value": "v0"}}
    chart.add("observations", (_observation(chart, i, subject=by_identifier) for i in range(n)))


def _allergy(chart: Chart, reactions: list[Resource]) -> Resource:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "code": {"text": "allergy"},
        "patient": chart.subject(),
        "reaction": reactions,
    }


def _shot(chart: Chart, number: int) -> Resource:
    code = _concept("http://hl7.org/fhir/sid/cvx", "03", f"MMR {number}")
    whole = {"resourceType": "Immunization", "id": f"v{number}", "status": "completed", "vaccineCode": code}
    return {**whole, "patient": chart.subject(), "occurrenceDateTime": _day(number)}


def _in_parameters(chart: Chart, n: int) -> None:
    parts = [{"name": f"p{i}", "resource": _observation(chart, i)} for i in range(n)]
    chart.values["parameters"] = {"resourceType": "Parameters", "parameter": parts}


def _parts_of_parts(chart: Chart, n: int) -> None:
    inner: Resource = {"name": "x", "resource": _observation(chart, -10)}
    for _ in range(min(n, 300)):
        inner = {"name": "p", "part": [inner, {"name": "y" * (n // 4)}]}
    chart.values["deep"] = {"resourceType": "Parameters", "parameter": [inner]}


def _of_nobody(chart: Chart, number: int) -> Resource:
    return _observation(chart, number, subject={"reference": f"Group/{number}"})


def _cut_off(chart: Chart, n: int) -> None:
    entries = [{"response": {"status": "404"}} if i % 2 else {"fullUrl": f"urn:{i}"} for i in range(n)]
    chart.values["broken"] = {"resourceType": "Bundle", "type": "batch-response", "entry": entries}


VARIANTS: Mapping[str, Grow] = {
    "one instant, one value": _many("observations", _alike),
    "one instant, many facts": _many("observations", lambda c, i: _observation(c, i, TESTS[i % len(TESTS)])),
    "one instant, issued apart": _many(
        "observations", lambda c, i: _observation(c, i, issued=f"2026-11-{1 + i % 20:02}T08:00:00Z")
    ),
    "contradicting answers": _many("observations", _answer),
    "one month": _many("observations", lambda c, i: _observation(c, i, effectiveDateTime="2026-11")),
    "units not understood": _many(
        "observations", lambda c, i: _observation(c, i, valueQuantity={"value": i, "unit": f"u{i}"})
    ),
    "values missing": _many("observations", lambda c, i: _observation(c, i, valueQuantity=None)),
    "genes": _listed(
        "observations", lambda c, parts: _observation(c, -2, "69548-6", valueQuantity=None, component=parts), _gene
    ),
    "gene reports": _many(
        "observations",
        lambda c, i: _observation(c, i, "69548-6", valueQuantity=None, component=[_gene(0), _gene(2 * i + 1)]),
    ),
    "codings of a result": _listed(
        "observations",
        lambda c, codings: _observation(c, -3, code={"coding": codings}),
        lambda i: {"system": LOINC, "code": TESTS[i % 3], "display": f"name {i}"},
    ),
    "codings of a condition": _listed(
        "conditions",
        lambda c, codings: _condition(c, -1, code={"coding": codings}),
        lambda i: {"system": ICD10CM, "code": f"C50.{i}", "display": f"name {i}"},
    ),
    "conditions, many facts": _many("conditions", lambda c, i: _condition(c, i, DISEASES[i % len(DISEASES)])),
    "conditions, words alone": _many("conditions", _text_only),
    "conditions, long words": _many(
        "conditions", lambda c, i: _condition(c, i, code=_concept(ICD10CM, MALIGNANCY, f"{i} " + "lupus " * 60))
    ),
    "conditions, provisional": _many(
        "conditions", lambda c, i: _condition(c, i, LUPUS, verificationStatus={"coding": [{"code": "provisional"}]})
    ),
    "drugs": _many("medicationRequests", _use),
    "courses of a drug": _many("medicationStatements", _course),
    "drugs referred to": _referring,
    "uses of one drug": _one_drug,
    "uses of one device": _one_device,
    "one address": _one_address,
    "one contained patient": _one_contained_patient,
    "drugs contained": _many("medicationRequests", _with_contained),
    "drugs not sent": _many(
        "medicationRequests",
        lambda c, i: _use(c, i, medicationCodeableConcept=None, medicationReference={"reference": f"Medication/x{i}"}),
    ),
    "ingredients": _ingredients,
    "dosages": _listed("medicationRequests", lambda c, doses: _use(c, -2, dosageInstruction=doses), _dosage),
    "vaccinations": _many("immunizations", _shot),
    "reactions": _listed("allergies", _allergy, lambda i: {"substance": _concept(SNOMED, "116602009", f"s{i}")}),
    "contained results": _listed("reports", _report, _inner),
    "members": _listed(
        "observations",
        lambda c, refs: _observation(c, -4, hasMember=refs),
        lambda i: {"reference": f"Observation/o{i}"},
    ),
    "derived from": _many(
        "observations", lambda c, i: _observation(c, i, derivedFrom=[{"reference": f"Observation/o{i + 1}"}])
    ),
    "focus": _listed(
        "observations", lambda c, refs: _observation(c, -5, focus=refs), lambda i: {"reference": f"BodyStructure/{i}"}
    ),
    "extensions": _listed(
        "observations",
        lambda c, more: _observation(c, -6, extension=more),
        lambda i: {"url": f"urn:{i}", "valueString": "x"},
    ),
    "reference ranges": _listed(
        "observations",
        lambda c, ranges: _observation(c, -7, referenceRange=ranges),
        lambda i: {"high": _quantity(400), "text": f"{i}"},
    ),
    "interpretations": _listed(
        "observations", lambda c, said: _observation(c, -8, HBSAG, interpretation=said), lambda i: {"text": f"word {i}"}
    ),
    "full URLs": _by_full_url,
    "identifiers, names and addresses": _people,
    "malformed results": _many("observations", lambda c, i: _observation(c, i, valueQuantity={"value": f"about {i}"})),
    "malformed conditions": _many("conditions", lambda c, i: _condition(c, i, LUPUS, onsetDateTime=i)),
    "unreadable conditions": _many("conditions", lambda c, i: _condition(c, i, code=i)),
    "versions of a result": _many("observations", lambda c, i: _observation(c, 0, issued=_day(i))),
    "copies of a result": _many("observations", lambda c, _: _observation(c, 0)),
    "of a group": _many("observations", _of_nobody),
    "parameters": _in_parameters,
    "parts of parts": _parts_of_parts,
    "failed entries": _cut_off,
}
"""Other long lists."""

WAYS: Mapping[str, Grow] = {**AXES, **VARIANTS}
