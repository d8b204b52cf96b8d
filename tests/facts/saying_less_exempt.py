"""The parts without which an entry may say more, or something else, each with the reason (see `test_saying_less`).

Three kinds: what states a doubt, or contradicts (without it nothing is left to be in doubt about); what the contract
reads from an element that is not there (docs/design.md, 4a), which the element took back; and that by which an entry is
about a fact at all. `may` is what may be known more of: nothing else, such as whether it ever was.
"""

from tests.facts.saying_less import Exempt

_WORDS = r"(\.coding(\.(system|code|display))?|\.text)?"
_NUMBER = r"(\.(value|unit|code|system))?"
_DRUG = r"Medication(Request|Statement|Dispense|Administration)"
_DOSAGE = rf"{_DRUG}\.(dosageInstruction|dosage)(\[\])?"
_REPEAT = r"(\.timing(\.repeat)?)?"
_RANGE = r"Observation(\.component)?\.referenceRange"
_NOW = "active|exists|since|within|outcome"
_LATER = "2026-06-0[12]|2026-0[789]|2027"

DOUBTS = (
    Exempt(
        rf"(Condition|AllergyIntolerance)\.verificationStatus{_WORDS}",
        "It states the doubt itself: nothing said is confirmed.",
        "refuted|error|unconfirmed|provisional|differential|confiroed",
    ),
    Exempt(r".*\.modifierExtension.*", "It says that the rest must not be read as it stands."),
    Exempt(r"Condition\.code\.coding\.extension.*", "How sure a diagnosis is, in Germany: a letter beside the code."),
    Exempt(
        r"(Condition\.code|MedicationRequest\.medicationCodeableConcept)\.text",
        "Words beside a code may doubt it, put it into the past, or name what the code does not.",
    ),
    Exempt(
        r"Observation\.code\.text",
        "The name of a result may hold an answer, “HBsAg negative”, which the value contradicts.",
        "negative",
    ),
    Exempt(
        r"Observation\.issued",
        "Of two of one moment the one issued later replaces the other. Where nothing says so both were measured, and "
        "the lowest of the day is the lower one.",
        may="value",
    ),
    Exempt(rf"Condition\.clinicalStatus{_WORDS}", "A status that FHIR does not know is a doubt.", "aktive"),
    Exempt(
        rf"Condition\.(clinicalStatus{_WORDS}|abatementDateTime)",
        "A finding on the problem list that is over says nothing of today: its status, or its end, is the doubt.",
        'resolved|^"2026-05-24',
        may="value|outcome|age",
    ),
    Exempt(
        r"Observation\.(valueBoolean|dataAbsentReason.*)",
        "The code of a finding answers by itself. A value beside it may contradict, and a reason takes it back.",
        may="value|outcome|age",
    ),
    Exempt(r"AdverseEvent\.event.*", "An event that nobody names is no disease."),
    Exempt(r"(DiagnosticReport|Medication)\.status", "Entered in error is a doubt about all of it.", "error"),
    Exempt(rf"{_DRUG}\.doNotPerform", "It denies the rest of the entry.", "true"),
    Exempt(
        r".*\.comparator",
        "“Below 5” says that it is not 5. Without it the number claims to be exact, and nothing shows what is gone.",
    ),
    Exempt(
        rf"Observation\.interpretation{_WORDS}",
        "A flag goes before the number, and one that says off the scale or contradicts takes back what it says.",
    ),
    Exempt(
        r"Observation\.component(\[\]|\.(code|valueQuantity|valueString).*)?",
        "Oxygen that was given is a doubt beside the saturation: it is an upper bound then.",
        may="outcome|value",
    ),
    Exempt(
        rf"{_RANGE}(\[\]|\.(high|low){_NUMBER}|\.text|\.type{_WORDS}|\.appliesTo{_WORDS}|\.age.*)?",
        "A range is none where its parts contradict each other, or it says that it is for others or for treatment.",
        may="x_uln|x_lln|value",
    ),
    Exempt(
        r"Observation\.valueQuantity\.(unit|code)",
        "Of two units that contradict each other, or of one that says what the fact never has, nothing is left.",
    ),
    Exempt(
        rf"Observation\.value(CodeableConcept{_WORDS}|String)",
        "A report on a variant says by its components what was found; its value may call it absent. A text beside a "
        "flag may contradict it.",
        may="outcome|value",
    ),
    Exempt(
        rf"{_DOSAGE}(\.(asNeeded\w*|text|patientInstruction|additionalInstruction.*|timing\.code.*))?",
        "“As needed”, “for 5 days” and “burst” are doubts about what is taken now.",
        may=_NOW,
    ),
    Exempt(
        rf"{_DOSAGE}(\.text)?",
        "“Half a tablet” is less than the product's strength, by which an anticoagulant treats.",
        "1/2 tablet",
    ),
    Exempt(
        rf"{_DRUG}\.medicationCodeableConcept\.coding\.display",
        "“Dose pack” is one too: the name of a pack says that it is for some days.",
        "Dosepak",
        may=_NOW,
    ),
    Exempt(
        rf"{_DOSAGE}(\.doseAndRate.*)?",
        "A changed dose leaves “stable” open where the record shows the change: where both doses are on record.",
        may="outcome",
    ),
)

SILENCES = (
    Exempt(
        rf"Immunization\.vaccineCode{_WORDS}",
        "Any completed immunization is a vaccination, whatever its code: its code alone says that it is none.",
        may="outcome",
    ),
    Exempt(
        rf"(Condition|AllergyIntolerance)\.clinicalStatus{_WORDS}",
        "Active is what counts where nothing is said.",
        "resolved|inactive|remission|relapse",
        may=_NOW,
    ),
    Exempt(r"Condition\.abatementDateTime", "Without an end a disease goes on as long as it lasts.", may=_NOW),
    Exempt(
        r"(Condition\.onsetDateTime|Observation\.effectiveDateTime|MedicationRequest\.authoredOn"
        r"|MedicationDispense\.whenHandedOver|MedicationStatement\.effectivePeriod(\.start)?)",
        "A day to come says that it is planned; without a day it happened, when is not known.",
        _LATER,
    ),
    Exempt(
        rf"({_DOSAGE}{_REPEAT}(\.bounds(Period|Duration|Range).*)?|{_DRUG}\.dispenseRequest(\.expectedSupplyDuration.*)?"
        rf"|{_DRUG}\.effectivePeriod(\.end)?|MedicationDispense\.daysSupply\.(unit|code))",
        "A drug is current without an end. A stated start wins over the day of writing, which decides without one.",
        may=_NOW,
    ),
    Exempt(
        rf"{_DRUG}\.dispenseRequest(\.validityPeriod(\.start)?)?",
        "It is a stated start, see above.",
        may="since|outcome",
    ),
    Exempt(
        rf"({_DOSAGE}(\.route(\.(coding|text))?)?|{_DRUG}\.contained\.form(\.text)?)",
        "Without a route a drug is given as it usually is.",
    ),
    Exempt(rf"{_DOSAGE}(\.text)?", "The instruction may say the route, see above.", "drop|eye|skin|inhal"),
    Exempt(
        r"Observation\.effectiveDateTime",
        "A height without a date is taken for one of the present age, and an adult's has no limit of age.",
        '"199',
        may="value",
    ),
    Exempt(
        r"MedicationRequest\.authoredOn",
        "Which of two doses is the later one is not known without the day: no change is on record.",
        may="outcome",
    ),
)

ABOUT = (
    Exempt(
        rf"Condition\.code{_WORDS}",
        "By its code it is a statement about the disease, and the newest one decides.",
    ),
    Exempt(
        rf"AllergyIntolerance\.reaction(\.substance{_WORDS})?",
        "By the substance of a reaction it is about that; without one it is about its own code alone.",
    ),
    Exempt(
        rf"(Observation|Observation\.component|DiagnosticReport\.contained)\.code{_WORDS}",
        "By its code it is about the fact: without one the others decide, as if it were not there.",
    ),
    Exempt(
        r"(Observation|DiagnosticReport\.contained)\.(value\w+|effectiveDateTime|specimen|resourceType)"
        r"|Observation\.component\.valueCodeableConcept.*"
        r"|DiagnosticReport\.contained",
        "One without a value is passed over; of one gene, moment or specimen are those that say so.",
    ),
    Exempt(
        rf"{_DRUG}\.medicationCodeableConcept{_WORDS}",
        "By its code it is this drug: without one it joins no course and is no dose of it.",
    ),
)

EXEMPT = (*DOUBTS, *SILENCES)

LEFT_OPEN = {
    "condition.lupus_nephritis_by_urine": "Much protein in urine leaves open what no entry says: a doubt itself.",
    "condition.aml_relapsed_refractory": "Of a code of relapse and one of leukaemia the first is gone. The other is "
    "above it in SNOMED CT, whose relations are not shipped; NCT06027853 inc-02b asks for “yes” or nothing.",
}
"""Facts for which an entry of the samples may say more without a part, and why."""
