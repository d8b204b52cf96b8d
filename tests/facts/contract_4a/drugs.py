"""docs/design.md, 4a, drugs: start, end, what is current, since when, by which code and route."""

from typing import Any

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import SUBJECT, Json, concept, lab, quantity, request, statement
from tests.facts.small_rules import ATC, RXNORM

PREDNISONE, AZATHIOPRINE, RILUZOLE, RITUXIMAB = "8640", "1256", "35623", "121191"
BUDESONIDE, FLUTICASONE, BECLOMETASONE, SALBUTAMOL = "19831", "41126", "1347", "435"
STEROID, CURRENT_STEROID = "medication.systemic_glucocorticoid", "medication.systemic_glucocorticoid.active"
THINNER = "medication.therapeutic_anticoagulant"
BETA = "medication.oral_beta2_agonist"
LATELY = "NCT06027853/exc-02a"  # a systemic steroid within 3 days
THIRTY_DAYS = "NCT06598202/inc-07"  # riluzole, where it is taken, since at least 30 days
ORAL, TOPICAL, INHALED, NASAL, OCULAR, JOINT = (
    "26643006", "6064005", "447694001", "46713006", "54485002", "12130007",
)  # fmt: skip


def bounded(start: str | None = None, end: str | None = None) -> Json:
    return {"timing": {"repeat": {"boundsPeriod": period(start, end)}}}


def period(start: str | None = None, end: str | None = None) -> Json:
    return {key: value for key, value in (("start", start), ("end", end)) if value is not None}


def riluzole(status: str = "active", authored: str | None = None, **elements: Any) -> Json:
    return request(RILUZOLE, status, authored, **elements)


def supplied(start: str, end: str, status: str = "completed") -> Json:
    """A prescription for a stated time."""
    return riluzole(status, start, dosageInstruction=[bounded(start, end)])


def by(route: str, drug: str = PREDNISONE) -> Json:
    return request(drug, dosageInstruction=[{"route": concept(route)}])


def by_words(route: str, drug: str) -> Json:
    return request(drug, dosageInstruction=[{"route": {"text": route}}])


def atc(code: str) -> Json:
    return request(medicationCodeableConcept=concept(code, ATC))


def edaravone(route: str | None, authored: str | None = None, **elements: Any) -> Json:
    dosage = {} if route is None else {"dosageInstruction": [{"route": concept(route)}]}
    return request(medicationCodeableConcept=concept("N07XX14", ATC), authored=authored, **dosage, **elements)


def dosed(drug: str, words: str, **elements: Any) -> Json:
    return request(drug, dosageInstruction=[{"text": words}], **elements)


def counted(drug: str, value: float, unit: str) -> Json:
    return request(drug, dosageInstruction=[{"doseAndRate": [{"doseQuantity": quantity(value, unit)}]}])


def told(words: str, drug: str = PREDNISONE) -> Json:
    return request(drug, dosageInstruction=[{"text": words}])


def given(drug: str, status: str = "completed", **when: Any) -> Json:
    return {
        "resourceType": "MedicationAdministration",
        "id": f"given-{drug}",
        "status": status,
        "medicationCodeableConcept": concept(drug, RXNORM),
        "subject": SUBJECT,
        **when,
    }


def medication(id: str, code: Json | None, **elements: Any) -> Json:
    return {"resourceType": "Medication", "id": id, **({} if code is None else {"code": code}), **elements}


def referring(to: str, **elements: Any) -> Json:
    made = request(medicationReference={"reference": to}, **elements)
    return {key: value for key, value in made.items() if key != "medicationCodeableConcept"}


TABLE: Table = {
    "which ones never count": [
        *(
            row(status, STEROID, "no", request(status=status))
            for status in ("cancelled", "draft", "not-taken", "not-done", "entered-in-error")
        ),
        row("a statement that it is not taken", STEROID, "no", statement(status="not-taken")),
        row("an administration that was not done", STEROID, "no", given(PREDNISONE, "not-done")),
        row("a request not to give it", STEROID, "no", request(doNotPerform=True)),
        row("a plan is no order", STEROID, "unknown", request(intent="plan")),
        row("an unknown status", STEROID, "unknown", request(status="unknown")),
    ],
    "active without end is current": [
        row("a request", CURRENT_STEROID, "yes", request()),
        row("a statement", CURRENT_STEROID, "yes", statement()),
        row("without any date", CURRENT_STEROID, "yes", request(authored=None)),
        row("with an end to come", CURRENT_STEROID, "yes", statement(effectivePeriod=period("2026-01-01", "2026-07-01"))),
        row("with today as its end", CURRENT_STEROID, "yes", statement(effectivePeriod=period("2026-01-01", "2026-06-01"))),
        row("with an end that has passed", CURRENT_STEROID, "no", statement(effectivePeriod=period("2026-01-01", "2026-05-31"))),
        row("to begin tomorrow", CURRENT_STEROID, "no", statement(effectivePeriod=period("2026-06-02"))),
    ],
    "the end that goes with the start": [
        row("of the dosage", CURRENT_STEROID, "no", request(dosageInstruction=[bounded("2026-01-01", "2026-05-01")])),
        row("until when it may be handed out is no end", CURRENT_STEROID, "yes", request(dispenseRequest={"validityPeriod": period("2026-01-01", "2026-05-01")})),
        row("three days ago", LATELY, "fail", statement(status="completed", effectivePeriod=period("2026-01-01", "2026-05-29"))),
        row("four days ago", LATELY, "pass", statement(status="completed", effectivePeriod=period("2026-01-01", "2026-05-28"))),
        row("stopped before its planned end: ended at some time", LATELY, "unknown", statement(status="stopped", effectivePeriod=period("2026-01-01", "2026-07-01"))),
    ],
    "completed or stopped without end: ended at an unknown time since the start": [
        row("completed", CURRENT_STEROID, "no", request(status="completed")),
        row("stopped", CURRENT_STEROID, "no", request(status="stopped")),
        row("perhaps within 3 days", LATELY, "unknown", request(status="completed")),
        row("begun within 3 days", LATELY, "fail", request(status="stopped", authored="2026-05-30")),
        row("a single dose ended when it was given", LATELY, "pass", given(PREDNISONE, effectiveDateTime="2026-05-01T08:00:00Z")),
        row("a dose of yesterday", LATELY, "fail", given(PREDNISONE, effectiveDateTime="2026-05-31T08:00:00Z")),
    ],
    "start: a stated one wins over the day of writing": [
        row("authored 30 days ago", THIRTY_DAYS, "pass", riluzole(authored="2026-05-02")),
        row("authored 29 days ago", THIRTY_DAYS, "fail", riluzole(authored="2026-05-03")),
        row("the period before what was written later", THIRTY_DAYS, "pass", riluzole(authored="2026-05-20", dispenseRequest={"validityPeriod": period("2026-05-02")})),
        row("the dosage's bounds", THIRTY_DAYS, "pass", riluzole(authored="2026-05-20", dosageInstruction=[bounded("2026-05-02")])),
        row("authored before the period", THIRTY_DAYS, "fail", riluzole(authored="2026-05-02", dispenseRequest={"validityPeriod": period("2026-05-20")})),
        row("authored before the dosage's bounds", THIRTY_DAYS, "fail", riluzole(authored="2026-05-02", dosageInstruction=[bounded("2026-05-20")])),
        row("two kinds that disagree", THIRTY_DAYS, "unknown", riluzole(dosageInstruction=[bounded("2026-05-20")], dispenseRequest={"validityPeriod": period("2026-05-02")})),
        row("a statement's period", THIRTY_DAYS, "pass", statement(RILUZOLE, effectivePeriod=period("2026-05-02"))),
        row("no start at all", THIRTY_DAYS, "unknown", riluzole()),
        row("a month that may be 30 days ago", THIRTY_DAYS, "unknown", riluzole(authored="2026-05")),
        row("the month before", THIRTY_DAYS, "pass", riluzole(authored="2026-04")),
        row("not taken: passes", THIRTY_DAYS, "pass"),
        row("no longer taken: passes", THIRTY_DAYS, "pass", supplied("2026-05-10", "2026-05-20")),
        row("each of the two drugs", THIRTY_DAYS, "fail", riluzole(authored="2026-01-01"), edaravone(ORAL, "2026-05-20")),
    ],
    "a renewed prescription is no new start": [
        row("the next day", THIRTY_DAYS, "pass", supplied("2026-04-01", "2026-05-19"), riluzole(authored="2026-05-20")),
        row("overlapping", THIRTY_DAYS, "pass", supplied("2026-04-01", "2026-05-25"), riluzole(authored="2026-05-20")),
        row("after 14 days", THIRTY_DAYS, "pass", supplied("2026-04-01", "2026-05-06"), riluzole(authored="2026-05-20")),
        row("after 15 days: a new start", THIRTY_DAYS, "fail", supplied("2026-04-01", "2026-05-05"), riluzole(authored="2026-05-20")),
        row("month by month", THIRTY_DAYS, "pass", supplied("2026-03-20", "2026-04-19"), supplied("2026-04-20", "2026-05-19"), riluzole(authored="2026-05-20")),
        row("two that are current", THIRTY_DAYS, "pass", riluzole(authored="2026-01-01"), riluzole(authored="2026-05-20")),
        row("one of which nobody knows when it ended", THIRTY_DAYS, "unknown", riluzole("completed", "2026-04-01"), riluzole(authored="2026-05-20")),
        row("one that was never taken does not join", THIRTY_DAYS, "fail", riluzole("cancelled", "2026-04-01"), riluzole(authored="2026-05-20")),
        row("one in error does not join", THIRTY_DAYS, "fail", riluzole("entered-in-error", "2026-04-01"), riluzole(authored="2026-05-20")),
    ],
    "RxNorm: the ingredient and its clinical and branded drugs": [
        row("ingredient", STEROID, "yes", request(PREDNISONE)),
        row("clinical drug", STEROID, "yes", request("312615")),
        row("branded drug", STEROID, "yes", request("206954")),
        row("azathioprine tablet", "medication.immunosuppressant", "yes", request("197388")),
        row("antimalarials are none", "medication.immunosuppressant", "no", request(medicationCodeableConcept=concept("5521", RXNORM, display="hydroxychloroquine"))),
        row("a code that no table has, without a name", "medication.immunosuppressant", "unknown", request("5521")),
        row("rituximab", "medication.biologic", "yes", request(RITUXIMAB)),
        row("an RxNorm code under its OID", STEROID, "yes", request(medicationCodeableConcept=concept(PREDNISONE, "urn:oid:2.16.840.1.113883.6.88"))),
        row("in words alone", STEROID, "unknown", request(medicationCodeableConcept={"text": "Prednisone 5 mg"})),
        row("a drug that cannot be told", STEROID, "unknown", referring("Medication/none")),
    ],
    "ATC by prefix": [
        row("prednisone", STEROID, "yes", atc("H02AB07")),
        row("the group", STEROID, "yes", atc("H02AB")),
        row("azathioprine", "medication.immunosuppressant", "yes", atc("L04AX01")),
        row("insulin, by a longer code", "medication.diabetes_drug", "yes", atc("A10AE04")),
        row("another group", STEROID, "no", atc("C09AA02")),
    ],
    "contained and referenced Medication": [
        row("contained", STEROID, "yes", referring("#m", contained=[medication("m", concept(PREDNISONE, RXNORM))])),
        row("referenced", STEROID, "yes", referring("Medication/m"), medication("m", concept(PREDNISONE, RXNORM))),
        row("by its ingredient", STEROID, "yes", referring("Medication/m"), medication("m", None, ingredient=[{"itemCodeableConcept": concept(PREDNISONE, RXNORM)}])),
        row("in error", STEROID, "unknown", referring("Medication/m"), medication("m", concept(PREDNISONE, RXNORM), status="entered-in-error")),
        row("with a form for the eye", STEROID, "no", referring("#m", contained=[medication("m", concept("8638", RXNORM), form={"text": "Eye drops"})])),
    ],
    "systemic: not on the skin, inhaled, in the nose, the eye or a joint": [
        *(
            row(name, STEROID, expected, by(route))
            for name, route, expected in (
                ("by mouth", ORAL, "yes"), ("into a vein", "47625008", "yes"), ("into a muscle", "78421000", "yes"),
                ("on the skin", TOPICAL, "no"), ("inhaled", INHALED, "no"), ("in the nose", NASAL, "no"),
                ("in the eye", OCULAR, "no"), ("into a joint", JOINT, "no"),
            )
        ),
        *(
            row(name, STEROID, expected, atc(code))
            for name, code, expected in (
                ("nasal group", "R01AD02", "no"), ("inhaled group", "R03BA02", "no"), ("skin group", "D07AC01", "no"),
                ("eye group", "S01BA04", "no"), ("systemic group", "H02AB06", "yes"),
            )
        ),
        row("a cream by its name", STEROID, "no", request(medicationCodeableConcept=concept("106258", RXNORM, display="hydrocortisone 10 MG/ML Topical Cream"))),
        row("eye drops by the instruction", STEROID, "no", told("1 drop in the left eye twice daily", "8638")),
        row("the route as an abbreviation", STEROID, "yes", request(dosageInstruction=[{"route": {"text": "PO"}}])),
        row("the route in words", STEROID, "no", request(dosageInstruction=[{"route": {"text": "Topical"}}])),
        row("two routes: it may be either", STEROID, "unknown", request(dosageInstruction=[{"route": concept(ORAL)}, {"route": concept(TOPICAL)}])),
    ],
    "the ingredient alone: systemic where it usually is": [
        *(
            row(name, STEROID, "yes", request(code))
            for name, code in (
                ("prednisone", PREDNISONE), ("prednisolone", "8638"), ("methylprednisolone", "6902"),
                ("dexamethasone", "3264"), ("hydrocortisone", "5492"),
            )
        ),
        row("budesonide: unknown", STEROID, "unknown", request(BUDESONIDE)),
        row("fluticasone: unknown", STEROID, "unknown", request(FLUTICASONE)),
        row("beclometasone: unknown", STEROID, "unknown", request(BECLOMETASONE)),
        row("budesonide by mouth", STEROID, "yes", by(ORAL, BUDESONIDE)),
        row("budesonide inhaled", STEROID, "no", by(INHALED, BUDESONIDE)),
        row("salbutamol: unknown", BETA, "unknown", request(SALBUTAMOL)),
        row("salbutamol by mouth", BETA, "yes", by(ORAL, SALBUTAMOL)),
        row("salbutamol inhaled", BETA, "no", by(INHALED, SALBUTAMOL)),
        row("salbutamol tablet", BETA, "yes", request("197318")),
        row("salbutamol, ATC group for inhalation", BETA, "no", atc("R03AC02")),
        row("salbutamol, ATC systemic group", BETA, "yes", atc("R03CC02")),
    ],
    "a route that is stated and not understood need not be the usual one": [
        row("a code of the site", STEROID, "unknown", request(dosageInstruction=[{"route": concept("R7", "urn:site")}])),
        row("words that nobody knows", STEROID, "unknown", by_words("qwertial", PREDNISONE)),
        row("no route: as it usually is", STEROID, "yes", request(dosageInstruction=[{"text": "5 mg"}])),
        row("where the product names its form", STEROID, "yes", request("312615", dosageInstruction=[{"route": concept("R7", "urn:site")}])),
        row("one of two is not understood", STEROID, "unknown", request(dosageInstruction=[{"route": concept(TOPICAL)}, {"route": concept("R7", "urn:site")}])),
        row("where no route is asked", "medication.biologic", "yes", request(RITUXIMAB, dosageInstruction=[{"route": concept("R7", "urn:site")}])),
    ],
    "an injection may go into a joint": [
        row("betamethasone by injection", STEROID, "unknown", by_words("injection", "1514")),
        row("into a muscle", STEROID, "yes", by_words("Intramuscular injection", "1514")),
        row("into a joint", STEROID, "no", by_words("Intra-articular", "1514")),
        row("methylprednisolone by injection, which usually is systemic", STEROID, "yes", by_words("injection", "6902")),
    ],
    "an anticoagulant in a dose that treats, or that prevents": [
        row("apixaban 5 mg twice a day", THINNER, "yes", dosed("1364430", "5 mg twice daily")),
        row("apixaban 10 mg, the first week", THINNER, "yes", dosed("1364430", "10 mg twice daily")),
        row("apixaban 2.5 mg twice a day: to prevent, or weak kidneys", THINNER, "unknown", dosed("1364430", "2.5 mg twice daily")),
        row("two tablets of 2.5 mg", THINNER, "yes", dosed("1364435", "take 2 tablets twice daily")),
        row("half a tablet of 5 mg", THINNER, "unknown", dosed("1364445", "take 1/2 tablet twice daily")),
        row("the tablet of 5 mg, no dose written", THINNER, "yes", request("1364445")),
        row("the tablet of 2.5 mg, no dose written", THINNER, "unknown", request("1364435")),
        row("apixaban, nobody wrote how much", THINNER, "unknown", request("1364430")),
        row("by its ATC code", THINNER, "unknown", atc("B01AF02")),
        row("by its ATC code, with a dose", THINNER, "yes", {**atc("B01AF02"), "dosageInstruction": [{"text": "5 mg bid"}]}),
        row("as a structured dose", THINNER, "yes", counted("1364430", 5, "mg")),
        row("rivaroxaban 20 mg", THINNER, "yes", dosed("1114195", "20 mg daily")),
        row("rivaroxaban 10 mg", THINNER, "unknown", dosed("1114195", "10 mg daily")),
        row("edoxaban 60 mg", THINNER, "yes", dosed("1599538", "60 mg daily")),
        row("edoxaban 30 mg", THINNER, "unknown", dosed("1599538", "30 mg daily")),
        row("dabigatran 150 mg twice a day", THINNER, "yes", dosed("1037042", "150 mg twice daily")),
        row("dabigatran 220 mg once a day, after a hip replacement", THINNER, "unknown", dosed("1037042", "220 mg once daily")),
        row("dabigatran 150 mg, how often?", THINNER, "unknown", dosed("1037042", "150 mg")),
        row("enoxaparin 40 mg", THINNER, "unknown", dosed("67108", "40 mg once daily")),
        row("enoxaparin 80 mg", THINNER, "yes", dosed("67108", "80 mg every 12 hours")),
        row("enoxaparin by weight", THINNER, "yes", dosed("67108", "1 mg/kg every 12 hours")),
        row("enoxaparin by weight, to prevent in the obese", THINNER, "unknown", dosed("67108", "0.5 mg/kg every 12 hours")),
        row("enoxaparin in units", THINNER, "yes", dosed("67108", "8000 IU bid")),
        row("the syringe of 60 mg", THINNER, "yes", request("854238")),
        row("the syringe of 40 mg", THINNER, "unknown", request("854235")),
        row("two syringes of 40 mg: 80 mg", THINNER, "yes", dosed("854235", "80 mg every 12 hours")),
        row("dalteparin 5,000 units", THINNER, "unknown", dosed("67109", "5,000 units once daily")),
        row("dalteparin 15,000 units", THINNER, "yes", dosed("67109", "15,000 units once daily")),
        row("nadroparin 5,700 units twice a day", THINNER, "yes", {**atc("B01AB06"), "dosageInstruction": [{"text": "5700 IU twice daily"}]}),
        row("nadroparin 5,700 units once a day", THINNER, "unknown", {**atc("B01AB06"), "dosageInstruction": [{"text": "5700 IU once daily"}]}),
        row("fondaparinux 2.5 mg", THINNER, "unknown", dosed("321208", "2.5 mg daily")),
        row("fondaparinux 7.5 mg", THINNER, "yes", dosed("321208", "7.5 mg daily")),
        row("warfarin in any dose", THINNER, "yes", dosed("11289", "2 mg daily")),
        row("heparin: not told by one dose", THINNER, "unknown", dosed("5224", "5000 units every 8 hours")),
        row("a plan is none yet", THINNER, "unknown", dosed("1364430", "5 mg twice daily", intent="plan")),
        row("at the criterion: treated", "NCT06676631/inc-08", "pass", dosed("1364430", "5 mg twice daily")),
        row("at the criterion: prevented", "NCT06676631/inc-08", "unknown", dosed("1364430", "2.5 mg twice daily"), lab("6301-6", 2.5, None)),
    ],
    "a route settles nothing but the route": [
        row("enoxaparin under the skin: to treat or to prevent?", "medication.therapeutic_anticoagulant", "unknown", by("34206005", "67108")),
        row("so that the INR is asked for", "NCT06676631/inc-08", "unknown", by("34206005", "67108")),
        row("warfarin by mouth", "medication.therapeutic_anticoagulant", "yes", by(ORAL, "11289")),
        row("apremilast by mouth: is it one of those meant?", "medication.immunosuppressant", "unknown", by(ORAL, "1492727")),
        row("tamoxifen by mouth: is it antitumour therapy?", "NCT06027853/exc-02b", "unknown", {**atc("L02BA01"), "dosageInstruction": [{"route": concept(ORAL)}]}),
        row("ceftriaxone into a vein", "medication.iv_anti_infective", "yes", by("47625008", "2193")),
        row("ceftriaxone into a muscle", "medication.iv_anti_infective", "no", by("78421000", "2193")),
        row("ceftriaxone, nobody wrote how", "medication.iv_anti_infective", "unknown", request("2193")),
    ],
    "steroids and β2-agonists at the criteria": [
        row("oral salbutamol 30 days ago", "NCT07617779/exc-14", "fail", statement("197318", "completed", effectivePeriod=period("2026-04-01", "2026-05-02"))),
        row("31 days ago", "NCT07617779/exc-14", "pass", statement("197318", "completed", effectivePeriod=period("2026-04-01", "2026-05-01"))),
        row("inhaled today", "NCT07617779/exc-14", "pass", by(INHALED, SALBUTAMOL)),
        row("rituximab 3 months ago", "NCT07617779/exc-12", "fail", given(RITUXIMAB, effectiveDateTime="2026-03-01")),
        row("and a day more", "NCT07617779/exc-12", "pass", given(RITUXIMAB, effectiveDateTime="2026-02-28")),
        row("topical steroid now", "NCT07617779/exc-13", "pass", by(TOPICAL)),
        row("insulin now", "NCT07617779/exc-13", "fail", atc("A10AE04")),
        row("one class alone fails", "NCT07083349/inc-04a", "fail", request(PREDNISONE)),
        row("with hydroxychloroquine only", "NCT07083349/inc-04a", "fail", request(PREDNISONE), request(medicationCodeableConcept=concept("5521", RXNORM, display="hydroxychloroquine"))),
        row("with a biologic instead", "NCT07083349/inc-04a", "pass", request(PREDNISONE), request(RITUXIMAB)),
        row("where the biologic leaves it open", "NCT06676631/inc-06", "unknown", request(PREDNISONE), request(RITUXIMAB)),
    ],
}  # fmt: skip
