"""docs/design.md, 4a, drugs: supplies, computed ends, short courses, as needed, gaps, changed doses, half-lives.

As of 1 June 2026. Around each limit: the day before, that day, the day after.
"""

from datetime import timedelta
from typing import Any

from tests.facts.contract_4a.drugs import (
    CURRENT_STEROID,
    INHALED,
    LATELY,
    ORAL,
    PREDNISONE,
    RITUXIMAB,
    STEROID,
    THIRTY_DAYS,
    atc,
    bounded,
    edaravone,
    given,
    period,
    riluzole,
)
from tests.facts.contract_4a.rows import AS_OF, Row, Table, row
from tests.facts.records import SUBJECT, Json, concept, quantity, request, statement
from tests.facts.small_rules import ATC, RXNORM

ANTIBIOTIC, CURRENT_ANTIBIOTIC = "medication.iv_anti_infective", "medication.iv_anti_infective.active"
GROWTH_FACTOR = "medication.hematopoietic_growth_factor.active"
TWO_MONTHS = "NCT07083349/inc-04a"  # a glucocorticoid and an immunosuppressant, each since 2 months, stable for 2 weeks
WASHOUT = "NCT07083349/exc-03c"  # a biologic within 4 weeks or 3 half-lives
ANTITUMOUR = "NCT06027853/exc-02b"
AZATHIOPRINE = "1256"
INTRAVENOUS = "47625008"


def ago(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


def days(number: Any, unit: str = "d") -> Json:
    return quantity(number, unit, code=unit)


def dispense(handed_over: str | None = None, supply: Any = 30, status: str = "completed", **elements: Any) -> Json:
    found: Json = {
        "resourceType": "MedicationDispense",
        "id": f"dispense-{handed_over}-{status}",
        "status": status,
        "medicationCodeableConcept": concept(PREDNISONE, RXNORM),
        "subject": SUBJECT,
        **({} if handed_over is None else {"whenHandedOver": handed_over}),
        **({} if supply is None else {"daysSupply": days(supply) if isinstance(supply, int) else supply}),
        **elements,
    }
    return found


def lasting(authored: str, **repeat: Any) -> Json:
    """An active order whose dosage says how long it lasts."""
    return request(authored=authored, dosageInstruction=[{"timing": {"repeat": repeat}}])


def supply(authored: str, length: Json, repeats: int | None = None) -> Json:
    more = {} if repeats is None else {"numberOfRepeatsAllowed": repeats}
    return request(authored=authored, dispenseRequest={"expectedSupplyDuration": length, **more})


def dosed(*dosages: Json, authored: str = "2026-01-10", drug: str = PREDNISONE, **elements: Any) -> Json:
    return request(drug, authored=authored, dosageInstruction=list(dosages), **elements)


def words(text: str, authored: str = "2026-01-10") -> Json:
    return dosed({"text": text}, authored=authored)


def daily(mg: int, **elements: Any) -> Json:
    """So many milligrams once a day."""
    return {
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}, **elements},
        "doseAndRate": [{"doseQuantity": quantity(mg, "mg", code="mg")}],
    }


def treated(*steroids: Json) -> tuple[Json, ...]:
    """A steroid beside azathioprine since long ago."""
    return (request(AZATHIOPRINE, authored="2025-01-10"), *steroids)


def taken(mg: int, start: str, end: str | None = None) -> Json:
    status = "active" if end is None else "completed"
    return statement(status=status, effectivePeriod=period(start, end), dosage=[daily(mg)])


def stepped(start: str, end: str | None = None) -> Json:
    """The timing of a daily dosage that begins and ends on its own."""
    return {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": period(start, end)}}}


def cycle(start: str, end: str) -> Json:
    """Edaravone by mouth for a time."""
    return edaravone(ORAL, effectivePeriod=period(start, end)) | {
        "resourceType": "MedicationStatement",
        "status": "completed",
        "dosage": [{"route": concept(ORAL)}],
    }


def once(code: str, day: str) -> Json:
    """A single administration, by its ATC code."""
    return given("1", effectiveDateTime=day, medicationCodeableConcept=concept(code, ATC))


def around(what: str, about: str, made: Any, limit: int, outcomes: tuple[str, str, str], *more: Json) -> list[Row]:
    """Rows for something that was `limit` - 1, `limit` and `limit` + 1 days ago."""
    names = (f"{limit - 1} days ago", f"{limit} days ago", f"{limit + 1} days ago")
    return [
        row(f"{what}, {name}", about, expected, *more, made(ago(limit - 1 + number)))
        for number, (name, expected) in enumerate(zip(names, outcomes, strict=True))
    ]


TABLE: Table = {
    "a dispense: from when it was handed over, for its supply": [
        row("handed over, with a supply for longer", STEROID, "yes", dispense(ago(10))),
        *around("a supply of 30 days handed over", CURRENT_STEROID, dispense, 30, ("yes", "unknown", "unknown")),
        row("prepared, where nobody says when it was handed over", CURRENT_STEROID, "yes", dispense(whenPrepared=ago(29))),
        row("and its supply used up", CURRENT_STEROID, "unknown", dispense(whenPrepared=ago(30))),
        row("handed over wins over prepared", CURRENT_STEROID, "yes", dispense(ago(29), whenPrepared=ago(40))),
        row("a supply in weeks", CURRENT_STEROID, "yes", dispense(ago(27), days(4, "wk"))),
        row("used up after 4 weeks", CURRENT_STEROID, "unknown", dispense(ago(28), days(4, "wk"))),
        row("a supply in hours", CURRENT_STEROID, "unknown", dispense(ago(2), days(48, "h"))),
        row("a supply in months, by the calendar", CURRENT_STEROID, "yes", dispense("2026-05-02", days(1, "mo"))),
        row("a month since 1 May is over", CURRENT_STEROID, "unknown", dispense("2026-05-01", days(1, "mo"))),
        row("a supply without a unit is in days", CURRENT_STEROID, "yes", dispense(ago(29), quantity(30))),
        row("a supply in tablets is none", CURRENT_STEROID, "unknown", dispense(ago(2), quantity(30, "tablets"))),
        row("without a supply", CURRENT_STEROID, "unknown", dispense(ago(2), None)),
        row("on record all the same", STEROID, "yes", dispense(ago(2), None)),
        row("an active order decides", CURRENT_STEROID, "yes", dispense(ago(2), None), request()),
        row("to be handed over tomorrow", STEROID, "no", dispense(ago(-1))),
        row("without any date", CURRENT_STEROID, "unknown", dispense()),
        *(row(status, STEROID, "no", dispense(ago(10), status=status)) for status in ("cancelled", "declined", "entered-in-error")),
        *(
            row(status, STEROID, "unknown", dispense(ago(10), status=status))
            for status in ("preparation", "in-progress", "on-hold", "stopped", "unknown")
        ),
        row("a status that FHIR does not know", STEROID, "unknown", dispense(ago(10), status="dispensed")),
        row("inhaled", STEROID, "no", dispense(ago(10), dosageInstruction=[{"route": concept(INHALED)}])),
        row("another drug", STEROID, "no", dispense(ago(10), medicationCodeableConcept=concept("1191", RXNORM, display="aspirin"))),
        row("in words", STEROID, "unknown", dispense(ago(10), medicationCodeableConcept={"text": "Prednisone 5 mg"})),
        row("month by month is one course", TWO_MONTHS, "pass", *treated(dispense(ago(70)), dispense(ago(40)), dispense(ago(10)))),
        row("as one handed over 13 days late", TWO_MONTHS, "pass", *treated(dispense(ago(70)), dispense(ago(27)))),
        row("and one handed over 15 days late perhaps", TWO_MONTHS, "unknown", *treated(dispense(ago(70)), dispense(ago(25)))),
    ],
    "a stated end is the end, a computed one leaves it open": [
        *around("for 5 days, written", CURRENT_STEROID, lambda day: lasting(day, boundsDuration=days(5)), 5, ("yes", "unknown", "unknown")),
        row("no longer certain within 3 days", LATELY, "unknown", lasting(ago(20), boundsDuration=days(5))),
        row("until 3 days ago at least", LATELY, "fail", lasting(ago(8), boundsDuration=days(5))),
        row("until 4 days ago at least", LATELY, "unknown", lasting(ago(9), boundsDuration=days(5))),
        row("of a range the least counts", CURRENT_STEROID, "unknown", lasting(ago(5), boundsRange={"low": days(5), "high": days(10)})),
        row("and before that it is current", CURRENT_STEROID, "yes", lasting(ago(4), boundsRange={"low": days(5), "high": days(10)})),
        row("a range with an upper end alone", CURRENT_STEROID, "unknown", lasting(ago(1), boundsRange={"high": days(10)})),
        row("a length in no unit of time", CURRENT_STEROID, "unknown", lasting(ago(1), boundsDuration=quantity(5, "tablets"))),
        row("a length without a unit", CURRENT_STEROID, "unknown", lasting(ago(1), boundsDuration=quantity(5))),
        row("less than 5 days", CURRENT_STEROID, "unknown", lasting(ago(1), boundsDuration=quantity(5, "d", "<"))),
        row("a length below 0", CURRENT_STEROID, "unknown", lasting(ago(1), boundsDuration=days(-5))),
        row("a length and no start", CURRENT_STEROID, "unknown", dosed({"timing": {"repeat": {"boundsDuration": days(5)}}}, authored=None)),
        *around("a supply for 30 days, written", CURRENT_STEROID, lambda day: supply(day, days(30)), 30, ("yes", "unknown", "unknown")),
        *around("with 2 repeats, written", CURRENT_STEROID, lambda day: supply(day, days(30), 2), 90, ("yes", "unknown", "unknown")),
        row("the dosage's length goes before the supply", CURRENT_STEROID, "unknown", {**lasting(ago(10), boundsDuration=days(5)), "dispenseRequest": {"expectedSupplyDuration": days(90)}}),
        row("the dosage's end goes before the supply", CURRENT_STEROID, "no", dosed(bounded(ago(30), ago(1)), dispenseRequest={"expectedSupplyDuration": days(90)})),
        row("an end yesterday", CURRENT_STEROID, "no", dosed(bounded(ago(30), ago(1)))),
        row("an end today", CURRENT_STEROID, "yes", dosed(bounded(ago(30), ago(0)))),
        row("an end tomorrow", CURRENT_STEROID, "yes", dosed(bounded(ago(30), ago(-1)))),
        row("one dosage that ended beside one that has no end", CURRENT_STEROID, "unknown", dosed(bounded(ago(30), ago(1)), {"text": "then 5 mg a day"})),
        row("one dosage that ended, and one that began then and has no end", CURRENT_STEROID, "yes", dosed(bounded(ago(30), ago(1)), bounded(ago(0)))),
        row("completed, for 5 days: ended at some time since", LATELY, "unknown", {**lasting(ago(20), boundsDuration=days(5)), "status": "completed"}),
        row("and no longer current", CURRENT_STEROID, "no", {**lasting(ago(20), boundsDuration=days(5)), "status": "completed"}),
        row("of two dosages one without a start: it may have begun earlier", TWO_MONTHS, "unknown", *treated(dosed(daily(10) | {"timing": {"repeat": {"boundsPeriod": {"end": ago(21)}}}}, daily(10) | stepped(ago(20))))),
        row("where the other began long ago that is enough", TWO_MONTHS, "pass", *treated(dosed(daily(10), daily(10) | stepped(ago(200))))),
        row("in words, for 5 days", CURRENT_STEROID, "yes", words("40 mg daily for 5 days", ago(4))),
        row("in words, over since today", CURRENT_STEROID, "unknown", words("40 mg daily for 5 days", ago(5))),
        row("x5d", CURRENT_STEROID, "unknown", words("40 mg po qd x5d", ago(5))),
        row("a course of 1 week", CURRENT_STEROID, "unknown", words("1 week course", ago(7))),
        row("in German", CURRENT_STEROID, "unknown", words("40 mg täglich für 5 Tage", ago(5))),
        row("in Chinese", CURRENT_STEROID, "unknown", words("每日1次，连服5天", ago(5))),
        row("two lengths, one after the other", CURRENT_STEROID, "yes", words("40 mg for 5 days, then 20 mg for 5 days", ago(9))),
        row("every 12 hours is no length", CURRENT_STEROID, "yes", words("5 mg every 12 hours", ago(90))),
    ],
    "a hint: it may not be taken": [
        row("on hold", STEROID, "unknown", request(status="on-hold")),
        row("unknown", STEROID, "unknown", request(status="unknown")),
        *(row(intent, STEROID, "unknown", request(intent=intent)) for intent in ("proposal", "plan", "option")),
        row("no intent: it may be a proposal", STEROID, "unknown", request(intent=None)),
        *(row(intent, STEROID, "yes", request(intent=intent)) for intent in ("order", "original-order", "instance-order")),
    ],
    "a short course without an end is current for certain until it should be over": [
        *around("an antibiotic into a vein, ordered", CURRENT_ANTIBIOTIC, lambda day: request("2193", authored=day, dosageInstruction=[{"route": concept(INTRAVENOUS)}]), 14, ("yes", "unknown", "unknown")),
        row("on record all the same", ANTIBIOTIC, "yes", request("2193", authored="2020-01-01", dosageInstruction=[{"route": concept(INTRAVENOUS)}])),
        row("ordered without a date", CURRENT_ANTIBIOTIC, "unknown", request("2193", authored=None, dosageInstruction=[{"route": concept(INTRAVENOUS)}])),
        row("with an end to come", CURRENT_ANTIBIOTIC, "yes", request("2193", dosageInstruction=[{"route": concept(INTRAVENOUS), **bounded(ago(60), ago(-5))}])),
        *around("filgrastim, ordered", GROWTH_FACTOR, lambda day: request(medicationCodeableConcept=concept("L03AA02", ATC), authored=day), 14, ("yes", "unknown", "unknown")),
        *around("a burst of prednisone, ordered", CURRENT_STEROID, lambda day: words("burst: 40 mg", day), 14, ("yes", "unknown", "unknown")),
        row("a dose pack by its name", CURRENT_STEROID, "unknown", request("6902", authored=ago(20), medicationCodeableConcept=concept("6902", RXNORM, display="methylprednisolone 4 MG [Medrol Dosepak]"))),
        row("a pack by its code alone", CURRENT_STEROID, "unknown", request("763181", authored=ago(20))),
        row("prednisone that nobody says is short", CURRENT_STEROID, "yes", request(authored="2020-01-01")),
    ],
    "as needed is not continuous": [
        *(
            row(f"as needed: {name}", CURRENT_STEROID, "unknown", dosed(dosage))
            for name, dosage in (
                ("asNeededBoolean", {"asNeededBoolean": True}), ("asNeededCodeableConcept", {"asNeededCodeableConcept": {"text": "pain"}}),
                ("R5's asNeeded", {"asNeeded": True}), ("R5's asNeededFor", {"asNeededFor": [{"text": "pain"}]}),
                ("the text", {"text": "5 mg as needed"}), ("PRN", {"text": "5 mg PO PRN"}), ("p.r.n.", {"text": "5 mg p.r.n."}),
                ("German", {"text": "bei Bedarf 5 mg"}), ("Chinese", {"text": "必要时口服5mg"}), ("French", {"text": "si besoin"}),
                ("for the patient", {"patientInstruction": "Take if needed"}),
                ("an instruction by its code", {"additionalInstruction": [concept("225761000")]}),
                ("the timing", {"timing": {"code": {"text": "PRN"}}}),
                ("an end to come", {"asNeededBoolean": True, **bounded(ago(30), ago(-30))}),
                ("words against the flag", {"asNeededBoolean": False, "text": "prn"}),
            )
        ),
        row("on record", STEROID, "yes", dosed({"asNeededBoolean": True})),
        row("its end in the past", CURRENT_STEROID, "no", dosed({"asNeededBoolean": True, **bounded(ago(30), ago(1))})),
        row("the flag says no", CURRENT_STEROID, "yes", dosed({"asNeededBoolean": False, "text": "5 mg daily"})),
        row("a regular dosage beside it", CURRENT_STEROID, "yes", dosed({"asNeededBoolean": True}, {"text": "5 mg daily"})),
        row("for 2 months: not known", TWO_MONTHS, "unknown", *treated(dosed({"asNeededBoolean": True}))),
        row("for 2 months: it does not join either", TWO_MONTHS, "unknown", *treated(dosed({"asNeededBoolean": True}), request(authored=ago(20)))),
        row("beside a regular one", TWO_MONTHS, "pass", *treated(dosed({"asNeededBoolean": True}), request(authored=ago(90)))),
    ],
    "records within the gap of the drug are one course": [
        row("riluzole: 14 days apart", THIRTY_DAYS, "pass", riluzole("completed", ago(80), dosageInstruction=[bounded(ago(80), ago(34))]), riluzole(authored=ago(20))),
        row("15 days apart", THIRTY_DAYS, "fail", riluzole("completed", ago(80), dosageInstruction=[bounded(ago(80), ago(35))]), riluzole(authored=ago(20))),
        *(
            row(f"edaravone by mouth: {more} days apart", THIRTY_DAYS, expected, cycle(ago(80), ago(20 + more)), edaravone(ORAL, ago(20)))
            for more, expected in ((27, "pass"), (28, "pass"), (29, "fail"))
        ),
        *around("edaravone by mouth", THIRTY_DAYS, lambda day: edaravone(ORAL, day), 30, ("fail", "pass", "pass")),
        row("into a vein", THIRTY_DAYS, "pass", edaravone(INTRAVENOUS, ago(5))),
        row("nobody wrote how", THIRTY_DAYS, "unknown", edaravone(None, ago(5))),
        row("since long, nobody wrote how", THIRTY_DAYS, "pass", edaravone(None, ago(50))),
    ],
    "a dose changed within 2 weeks leaves open whether it is stable": [
        row("one order, never changed", TWO_MONTHS, "pass", *treated(dosed(daily(10)))),
        *around("raised", TWO_MONTHS, lambda day: taken(20, day), 14, ("unknown", "unknown", "pass"), *treated(taken(10, ago(200), ago(16)))),
        row("renewed at the same dose", TWO_MONTHS, "pass", *treated(taken(10, ago(200), ago(7)), taken(10, ago(6)))),
        row("the same in other tablets", TWO_MONTHS, "pass", *treated(taken(10, ago(200), ago(7)), dosed({"text": "2 tablets once daily"}, authored=ago(6), drug="312617"))),
        row("twice as much in other tablets", TWO_MONTHS, "unknown", *treated(taken(10, ago(200), ago(7)), dosed({"text": "2 tablets once daily"}, authored=ago(6), drug="312615"))),
        row("in words", TWO_MONTHS, "unknown", *treated(words("20 mg daily", ago(200)), words("10 mg daily", ago(6)))),
        row("how often", TWO_MONTHS, "unknown", *treated(words("10 mg daily", ago(200)), words("10 mg twice daily", ago(6)))),
        row("the same in other words", TWO_MONTHS, "pass", *treated(words("10 mg once daily", ago(200)), words("take 10 mg every morning", ago(6)))),
        row("no dose on record shows no change", TWO_MONTHS, "pass", *treated(request(), words("as told", ago(6)))),
        row("within one order", TWO_MONTHS, "unknown", *treated(dosed(daily(20) | stepped(ago(200), ago(6)), daily(10) | stepped(ago(5))))),
        row("within one order, long ago", TWO_MONTHS, "pass", *treated(dosed(daily(20) | stepped(ago(200), ago(31)), daily(10) | stepped(ago(30))))),
        row("lowered to another order that goes on", TWO_MONTHS, "unknown", *treated(taken(10, ago(200)), taken(5, ago(200), ago(10)))),
        row("of another drug", TWO_MONTHS, "pass", *treated(dosed(daily(10))), dosed(daily(50), drug="1191", authored=ago(5))),
        row("of the immunosuppressant", TWO_MONTHS, "unknown", request(), *(dosed(daily(mg), drug=AZATHIOPRINE, authored=ago(day)) for mg, day in ((50, 200), (100, 6)))),
        row("in error: no change", TWO_MONTHS, "pass", *treated(taken(10, ago(200)), {**taken(20, ago(6)), "status": "entered-in-error"})),
    ],
    "within so many half-lives, and not certainly past: unknown": [
        *around("rituximab (18 to 32 days), given", WASHOUT, lambda day: given(RITUXIMAB, effectiveDateTime=day), 96, ("unknown", "unknown", "pass")),
        *around("rituximab, given", WASHOUT, lambda day: given(RITUXIMAB, effectiveDateTime=day), 28, ("fail", "fail", "unknown")),
        *around("belimumab (at most 19.4 days), given", WASHOUT, lambda day: given("1092437", effectiveDateTime=day), 58, ("unknown", "unknown", "pass")),
        *around("anakinra (hours), given", WASHOUT, lambda day: once("L04AC03", day), 28, ("fail", "fail", "pass")),
        *around("one that is not listed (at most 100 days), given", WASHOUT, lambda day: once("L04AG11", day), 300, ("unknown", "unknown", "pass")),
        row("ended, nobody wrote when", WASHOUT, "unknown", request(RITUXIMAB, "completed", "2020-01-01")),
        row("current", WASHOUT, "fail", request(RITUXIMAB)),
        row("ordered for later", WASHOUT, "pass", request(RITUXIMAB, authored=ago(-1))),
        row("never", WASHOUT, "pass"),
    ],
    "antitumour therapy: today and yesterday certainly, up to 2 weeks perhaps": [
        row("now", ANTITUMOUR, "fail", atc("L01BC01")),
        *around("given", ANTITUMOUR, lambda day: once("L01BC01", day), 1, ("fail", "fail", "unknown")),
        *around("given", ANTITUMOUR, lambda day: once("L01BC01", day), 14, ("unknown", "unknown", "pass")),
        row("ordered for tomorrow", ANTITUMOUR, "pass", request(authored=ago(-1), medicationCodeableConcept=concept("L01BC01", ATC))),
    ],
}  # fmt: skip
