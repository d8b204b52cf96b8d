"""docs/design.md, 4a, conditions and what is like them: certain, hints, never; has it, active, ever."""

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import SUBJECT, Json, coded, concept, condition, patient, procedure, verified
from tests.facts.small_rules import ICD10, ICD10CM, RXNORM, SNOMED

SLE, LUNG_CANCER, GLOMERULONEPHRITIS = "55464009", "254637007", "68815009"
HAS_IT, ACTIVE, EVER = "condition.sle", "condition.sle.active", "condition.sle.history"
CANCER, CANCER_EVER = "condition.malignancy", "condition.malignancy.history"
GATE = "NCT07083349/inc-02"
WOMAN, MAN = patient(gender="female", birthDate="1996-01-01"), patient(gender="male", birthDate="1996-01-01")


def sle(**elements) -> Json:
    return condition(SLE, SNOMED, **elements)


def clinical(status: str | None, **elements) -> Json:
    return condition(SLE, SNOMED, status, **elements)


def words(text: str, **elements) -> Json:
    return condition(None, code={"text": text}, **elements)


def surgical(**elements) -> Json:
    return procedure("1234567008", category=concept("387713003"), **{"performedDateTime": "2026-05-20", **elements})


def allergy(code: Json, clinical: str | None = "active", **elements) -> Json:
    status = {} if clinical is None else {"clinicalStatus": concept(clinical, ALLERGY_STATUS)}
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": SUBJECT,
        "code": code,
        **status,
        **elements,
    }


ALLERGY_STATUS = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
HYPERTENSION = {"coding": [{"system": SNOMED, "code": "38341003"}], "text": "not systemic lupus"}
PREDNISOLONE = concept("8638", RXNORM)

TABLE: Table = {
    "certain when confirmed or when nothing is said": [
        row("confirmed", HAS_IT, "yes", sle(**verified("confirmed"))),
        row("nothing said", HAS_IT, "yes", sle()),
        row("the gate", GATE, "pass", sle()),
        row("confirmed by its text", HAS_IT, "yes", sle(verificationStatus={"text": "Confirmed"})),
    ],
    "unconfirmed, provisional, differential: hints": [
        *(
            row(status, place, expected, sle(**verified(status)))
            for status in ("unconfirmed", "provisional", "differential")
            for place, expected in ((HAS_IT, "unknown"), (ACTIVE, "unknown"), (EVER, "unknown"), (GATE, "unknown"))
        ),
        row("beside a certain one", HAS_IT, "yes", sle(**verified("provisional")), condition("M32.10", ICD10CM)),
        row("an exclusion is not passed on it", "NCT07083349/exc-09", "unknown", condition(LUNG_CANCER, **verified("provisional"))),
    ],
    "a text-only entry that hits a hint: a hint": [
        row("in words", HAS_IT, "unknown", words("Systemic lupus, since 2019")),
        row("in a language of the hints", "condition.als", "unknown", words("Amyotrophe Lateralsklerose")),
        row("within another word it is none", HAS_IT, "no", words("Sleep disorder")),
        row("words of which one is not understood", HAS_IT, "unknown", words("Slept qwertily")),
        row("a display without code", HAS_IT, "unknown", condition(None, code={"coding": [{"display": "SLE"}]})),
        row("a code of the site with a telling display", HAS_IT, "unknown", condition(None, code={"coding": [{"system": "urn:site", "code": "4711", "display": "Systemic lupus erythematosus"}]})),
        row("a known code that says something else wins over its text", HAS_IT, "no", condition(None, code=HYPERTENSION)),
        row("nothing at all: it may be anything", HAS_IT, "unknown", condition(None)),
        row("a broader code is a hint", "condition.als", "unknown", condition("37340000")),
        row("a neoplasm that nobody calls malignant is a hint", "NCT07083349/exc-09", "unknown", condition("126906006")),
    ],
    "refuted and entered in error never count": [
        row("refuted", HAS_IT, "no", sle(**verified("refuted"))),
        row("entered in error", HAS_IT, "no", sle(**verified("entered-in-error"))),
        row("refuted, never had", EVER, "no", sle(**verified("refuted"))),
        row("an exclusion refuted", "NCT07083349/exc-09", "pass", condition(LUNG_CANCER, **verified("refuted"))),
    ],
    "has it: on record, neither resolved nor abated": [
        row("active", HAS_IT, "yes", clinical("active")),
        row("recurrence", HAS_IT, "yes", clinical("recurrence")),
        row("relapse", HAS_IT, "yes", clinical("relapse")),
        row("nothing said", HAS_IT, "yes", clinical(None)),
        row("inactive: not resolved", HAS_IT, "yes", clinical("inactive")),
        row("in remission: not resolved", HAS_IT, "yes", clinical("remission")),
        row("resolved", HAS_IT, "no", clinical("resolved")),
        row("abated", HAS_IT, "no", clinical(None, abatementDateTime="2026-01-01")),
        row("abated, and yet called active", HAS_IT, "no", clinical("active", abatementDateTime="2026-01-01")),
        row("to abate later", HAS_IT, "yes", clinical("active", abatementDateTime="2026-07-01")),
        row("abated this year, up to today", HAS_IT, "no", clinical("active", abatementDateTime="2026")),
    ],
    "active: active, recurrence, relapse or nothing said, not abated": [
        row("active", ACTIVE, "yes", clinical("active")),
        row("recurrence", ACTIVE, "yes", clinical("recurrence")),
        row("relapse", ACTIVE, "yes", clinical("relapse")),
        row("nothing said", ACTIVE, "yes", clinical(None)),
        row("inactive", ACTIVE, "no", clinical("inactive")),
        row("in remission", ACTIVE, "no", clinical("remission")),
        row("resolved", ACTIVE, "no", clinical("resolved")),
        row("abated", ACTIVE, "no", clinical("active", abatementDateTime="2026-01-01")),
        row("of two the active one", ACTIVE, "yes", clinical("remission"), condition("M32.14", ICD10CM)),
    ],
    "ever: and history-of codes": [
        row("resolved", EVER, "yes", clinical("resolved")),
        row("abated", EVER, "yes", clinical(None, abatementDateTime="2001")),
        row("Z85 is cancer once", CANCER_EVER, "yes", condition("Z85.3", ICD10CM)),
        row("and not cancer now", CANCER, "no", condition("Z85.3", ICD10CM)),
        row("nor active cancer", "condition.malignancy.active", "no", condition("Z85.3", ICD10CM)),
        row("in SNOMED CT", CANCER_EVER, "yes", condition("429087003")),
        row("the exclusion for any cancer ever", "NCT07083349/exc-09", "fail", condition("Z85.3", ICD10)),
        row("Z94 is a transplant once", "condition.organ_transplant_status.history", "yes", condition("Z94.0", ICD10CM)),
        row("the exclusion", "NCT07083349/exc-06", "fail", condition("Z94.0", ICD10CM)),
        row("never on record", CANCER_EVER, "no"),
    ],
    "codes in every system": [
        row("SNOMED CT", HAS_IT, "yes", condition(SLE)),
        row("SNOMED CT with edition and version", HAS_IT, "yes", condition(SLE, "http://snomed.info/sct/731000124108/version/20260301")),
        row("an enumerated descendant", HAS_IT, "yes", condition(GLOMERULONEPHRITIS)),
        row("ICD-10-CM", HAS_IT, "yes", condition("M32.9", ICD10CM)),
        row("ICD-10-CM, a descendant", HAS_IT, "yes", condition("M32.14", ICD10CM)),
        row("without the dot", HAS_IT, "yes", condition("M3214", ICD10CM)),
        row("in small letters", HAS_IT, "yes", condition("m32.14", ICD10CM)),
        row("ICD-10 of the WHO", HAS_IT, "yes", condition("M32.1", ICD10)),
        row("ICD-10-GM with its marks", HAS_IT, "yes", condition("M32.1+", "http://fhir.de/CodeSystem/bfarm/icd-10-gm")),
        row("by OID", HAS_IT, "yes", condition("M32.9", "urn:oid:2.16.840.1.113883.6.90")),
        row("the category itself", HAS_IT, "yes", condition("M32", ICD10CM)),
        row("what only begins alike is another code", HAS_IT, "no", condition("M33", ICD10CM)),
        row("no category: it may be a code of anything", HAS_IT, "unknown", condition("M3", ICD10CM)),
        row("drug-induced lupus is left out", HAS_IT, "no", condition("M32.0", ICD10CM)),
        row("of two codings one is enough", HAS_IT, "yes", condition(None, code={"coding": [{"system": "urn:site", "code": "1"}, {"system": ICD10CM, "code": "M32.9"}]})),
        row("a code without system", HAS_IT, "no", condition(None, code={"coding": [{"code": SLE}], "text": "hypertension"})),
    ],
    "breastfeeding and pregnancy on record are conditions": [
        row("pregnant", "condition.pregnancy", "yes", condition("77386006", onsetDateTime="2026-02-01")),
        row("pregnant, nobody says since when", "condition.pregnancy", "unknown", condition("77386006")),
        row("not on record: presumed absent", "condition.pregnancy", "no"),
        row("pregnancy status: pregnant", "NCT06027853/exc-16", "fail", coded("82810-3", "77386006"), person=WOMAN),
        row("pregnancy status: not pregnant", "NCT06027853/exc-16", "pass", coded("82810-3", "60001007"), person=WOMAN),
        row("not pregnant, two years ago", "NCT06027853/exc-16", "pass", coded("82810-3", "60001007", "2024-05"), person=WOMAN),
        row("pregnant, two years ago", "NCT06027853/exc-16", "unknown", coded("82810-3", "77386006", "2024-05"), person=WOMAN),
        row("possibly pregnant", "NCT06027853/exc-16", "unknown", coded("82810-3", "146799005"), person=WOMAN),
        row("a man of whom it is said", "NCT06027853/exc-16", "pass", coded("82810-3", "77386006"), person=MAN),
        row("no status at all: presumed", "NCT06027853/exc-16", "pass", person=WOMAN),
        row("breastfeeding status: yes", "NCT06027853/exc-16", "fail", coded("63895-7", "373066001"), person=WOMAN),
        row("the exclusion", "NCT06027853/exc-16", "fail", condition("Z33.1", ICD10CM, recordedDate="2026-05-02")),
        row("a pregnancy that is over", "NCT06027853/exc-16", "pass", condition("77386006", SNOMED, "resolved", onsetDateTime="2024", abatementDateTime="2025-01-01")),
        row("breastfeeding", "NCT06598202/exc-14", "fail", condition("1260078007", recordedDate="2026-02-01")),
    ],
    "allergies": [
        row("prednisolone as the substance", "NCT07617779/exc-09", "fail", allergy(PREDNISOLONE)),
        row("another glucocorticoid", "NCT07617779/exc-09", "fail", allergy(concept("6902", RXNORM))),
        row("by the substance of a reaction", "NCT07617779/exc-09", "fail", allergy({"text": "steroids"}, reaction=[{"substance": PREDNISOLONE}])),
        row("to penicillin", "NCT07617779/exc-09", "pass", allergy(concept("7980", RXNORM))),
        row("refuted", "NCT07617779/exc-09", "pass", allergy(PREDNISOLONE, **verified("refuted"))),
        row("unconfirmed", "NCT07617779/exc-09", "unknown", allergy(PREDNISOLONE, **verified("unconfirmed"))),
        row("resolved", "NCT07617779/exc-09", "pass", allergy(PREDNISOLONE, "resolved")),
        row("in words", "NCT07617779/exc-09", "unknown", allergy({"text": "Prednisolone"})),
        row("none on record", "NCT07617779/exc-09", "pass"),
    ],
    "procedures": [
        row("not done", "procedure.organ_transplant", "no", procedure("70536003", "not-done")),
        row("entered in error", "procedure.organ_transplant", "no", procedure("70536003", "entered-in-error")),
        row("only prepared", "procedure.organ_transplant", "no", procedure("70536003", "preparation")),
        row("done", "procedure.organ_transplant", "yes", procedure("70536003")),
        row("a procedure only marked as surgical: a hint", "NCT06027853/exc-15", "unknown", surgical()),
        row("long ago", "NCT06027853/exc-15", "pass", surgical(performedDateTime="2020-01-01")),
    ],
}  # fmt: skip
