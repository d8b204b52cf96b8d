"""READING.md, 1, sentence by sentence: what an entry is to a fact. What could not be read is not absent."""

from typing import Any

from tests.facts.contract_4a.drugs import atc
from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import SUBJECT, Json, concept, condition, procedure, request, statement, verified
from tests.facts.small_rules import CVX, ICD10, ICD10CM, RXNORM, SNOMED

ICD9CM, CPT, SITE = "http://hl7.org/fhir/sid/icd-9-cm", "http://www.ama-assn.org/go/cpt", "urn:site"
UNLISTED = "99999999"
SLE, CANCER, HIV, STROKE = "condition.sle", "condition.malignancy", "condition.hiv", "condition.stroke"
TRANSPLANT, STEROID = "procedure.stem_cell_transplant", "medication.systemic_glucocorticoid"
SUPPRESSANT, GROWTH = "medication.immunosuppressant", "medication.hematopoietic_growth_factor"
GATE = "NCT07083349/inc-02"  # lupus
OPERATED = "NCT06027853/exc-15"  # an operation within 4 weeks
VACCINATED = "NCT06598202/exc-10"  # within 1 month
LIVE = "NCT07083349/exc-03d"  # within 4 weeks
CNS, SEVERE, RENAL = "NCT06027853/exc-09", "NCT06598202/exc-09", "condition.severe_renal_disease"
PCS = "http://hl7.org/fhir/sid/icd-10-pcs"
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"


def said(text: str | None = None, code: str | None = None, system: str = SNOMED, display: str | None = None) -> Json:
    """A disease by words, a code, or both."""
    return condition(None, code=concept(code, system, text, display))


def drug(text: str | None = None, code: str | None = None, display: str | None = None) -> Json:
    return request(medicationCodeableConcept=concept(code, RXNORM, text, display))


def operation(text: str | None = None, code: str | None = None, system: str = CPT, **elements: Any) -> Json:
    return {**procedure(**elements), "code": concept(code, system, text)}


def shot(code: str | None = None, text: str | None = None, status: str = "completed", system: str = CVX) -> Json:
    return {
        "resourceType": "Immunization",
        "id": "v",
        "status": status,
        "vaccineCode": concept(code, system, text),
        "patient": SUBJECT,
        "occurrenceDateTime": "2026-05-20",
    }


TABLE: Table = {
    "a match: a code of the value set, nothing against it": [
        row("a code of the set", SLE, "yes", said(code="55464009")),
        row("its own name beside it", SLE, "yes", said("Systemic lupus erythematosus", "55464009")),
        row("other words beside it", SLE, "yes", said("see letter", "55464009")),
    ],
    "a hint: unknown": [
        row("words that name it", SLE, "unknown", said("SLE")),
        row("an ancestor of a member", "condition.aml_relapsed_refractory", "unknown", said(code="C92.0", system=ICD10CM)),
        row("a chapter of ICD-10 is none of its categories", SLE, "unknown", said(code="M30-M36", system=ICD10)),
        row("a match with a doubt beside it", SLE, "unknown", said("rule out SLE", "55464009")),
        row("of two words for diseases the one that is meant", SLE, "unknown", said("HTN, SLE", "I10", ICD10CM)),
    ],
    "something else: a judged code outside the set": [
        row("another disease", SLE, "no", said(code="I10", system=ICD10CM)),
        row("whatever the language of its words", SLE, "no", said("Bluthochdruck", "I10", ICD10CM)),
        row("another ATC group", STEROID, "no", atc("C09AA02")),
        row("unless its words hit a phrase", CANCER, "unknown", said("lung cancer", "I10", ICD10CM)),
        row("a code that says nothing makes nothing something else", HIV, "unknown", said("Qwertitis", "R69", ICD10CM)),
        row("nor does it make unknown where it stands alone", HIV, "no", said(code="R69", system=ICD10CM)),
    ],
    "judged: by the shape of the code": [
        row("without the dot", SLE, "no", said(code="I10", system=ICD10)),
        row("what is no code of ICD-10", HIV, "unknown", said(code="hypertension", system=ICD10CM)),
        row("a block of ICD-10 is no code of its first category", CANCER, "unknown", said(code="C00-D48", system=ICD10)),
        row("nor of anything else", HIV, "unknown", said(code="C00–D48", system=ICD10CM)),
        row("its name decides", CANCER, "unknown", said("Neoplasms", "C00-D48", ICD10)),
        row("a category that ICD-10 has not", HIV, "unknown", said(code="U50.0", system=ICD10CM)),
        row("a number of another system", HIV, "unknown", said(code="38341003", system=ICD10CM)),
        row("what is no code of ATC", STEROID, "unknown", atc("prednisone?")),
        row("ICD-9-CM, through its equivalents in ICD-10-CM", CANCER, "yes", said(code="174.9", system=ICD9CM)),
        row("all of which are something else", CANCER, "no", said(code="401.9", system=ICD9CM)),
        row("without one it may be anything", CANCER, "unknown", said(code="365.70", system=ICD9CM)),
        row("its words decide", CANCER, "no", said("Essential hypertension", "365.70", ICD9CM)),
        row("a SNOMED CT code that no set lists is not judged", HIV, "unknown", said(code=UNLISTED)),
        row("its name joins the words", HIV, "no", said(code=UNLISTED, display="Essential hypertension (disorder)")),
        row("under a system of the site", HIV, "unknown", said(code="4711", system=SITE)),
        row("with words", HIV, "no", said("hypertension", "4711", SITE)),
    ],
    "something else by its words: readable, and none is telling": [
        *(row(words, HIV, "no", said(words)) for words in ("hypertension", "Hypertension", "HYPERTENSION.", "ｈｙｐｅｒｔｅｎｓｉｏｎ", "low back pain", "kidney stones", "full-time employment", "高血压病")),
        row("an abbreviation that is listed", HIV, "no", said("GERD")),
        row("an operation", TRANSPLANT, "no", operation("colonoscopy")),
        row("a drug and its dose", STEROID, "no", drug("amlodipine 5 mg")),
    ],
    "unread: everything else": [
        row("a word that is in no list", HIV, "unknown", said("Qwertitis")),
        row("one of three", STROKE, "unknown", said("acute qwertitis today")),
        row("an abbreviation that is not listed", STROKE, "unknown", said("XQZ")),
        row("a language without a lexicon", HIV, "unknown", said("Bluthochdruck")),
        row("a script without one", HIV, "unknown", said("гипертония")),
        row("neither code nor words", HIV, "unknown", condition(None)),
        row("an operation by a code without words", TRANSPLANT, "unknown", operation(code="38240")),
        row("a drug that nobody knows", "medication.biologic", "unknown", drug("Qwertimab")),
        row("one that never counts is not unread", HIV, "no", {**said("Qwertitis"), **verified("entered-in-error")}),
        row("nor is what was not done", TRANSPLANT, "no", operation("Qwertectomy", status="not-done")),
        row("of another kind it says nothing", TRANSPLANT, "no", said("Qwertitis")),
    ],
    "a telling word": [
        row("lupus tells of lupus nephritis", "condition.lupus_nephritis", "unknown", said("lupus")),
        row("and not of HIV", HIV, "no", said("lupus")),
        row("acute is mere noise", STROKE, "no", said("acute bronchitis")),
    ],
    "a telling name beats an unlisted code": [
        row("RxNorm 68442", GROWTH, "unknown", drug(code="68442", display="filgrastim")),
        row("an extension of SNOMED CT", CANCER, "unknown", said(code=UNLISTED, display="Malignant melanoma of skin of arm")),
        row("CPT with its words", TRANSPLANT, "unknown", operation("allogeneic hematopoietic stem cell transplantation", "38240")),
    ],
    "an unread entry makes no gate certain": [
        row("alone", GATE, "unknown", said("Qwertitis")),
        row("beside the disease nothing is lost", GATE, "pass", said(code="55464009"), said("Qwertitis")),
    ],
    "an unread entry keeps its dates": [
        row("within the window", OPERATED, "unknown", operation("Qwertectomy", performedDateTime="2026-05-20")),
        row("certainly before it", OPERATED, "pass", operation("Qwertectomy", performedDateTime="2026-01-20")),
        row("without a date", OPERATED, "unknown", operation("Qwertectomy")),
    ],
    "any completed Immunization is a vaccination": [
        row("whatever its code", VACCINATED, "fail", shot("V1", system=SITE)),
        row("whatever its words", VACCINATED, "fail", shot(text="Qwertivax")),
        row("not done", VACCINATED, "pass", shot("140", status="not-done")),
        row("CVX 998: none administered", VACCINATED, "pass", shot("998")),
        row("an immunoglobulin", VACCINATED, "pass", shot("86")),
        row("a skin test", VACCINATED, "pass", shot("96")),
        row("words that say not given", VACCINATED, "unknown", shot(text="influenza vaccine declined")),
        row("a code of none", VACCINATED, "pass", shot("no-known-immunizations", system=IPS)),
        row("a code of no information", VACCINATED, "unknown", shot("no-immunization-info", system=IPS)),
    ],
    "a vaccination recorded as a Procedure": [
        row("a code of one, within the window", VACCINATED, "fail", operation(code="33879002", system=SNOMED, performedDateTime="2026-05-20")),
        row("before it", VACCINATED, "pass", operation(code="33879002", system=SNOMED, performedDateTime="2026-03-20")),
        row("without a date", VACCINATED, "unknown", operation(code="86198006", system=SNOMED)),
        row("not done", VACCINATED, "pass", {**operation(code="33879002", system=SNOMED, performedDateTime="2026-05-20"), "status": "not-done"}),
        row("which vaccine it was is not said", LIVE, "unknown", operation(code="33879002", system=SNOMED, performedDateTime="2026-05-20")),
        row("and it was too long ago", LIVE, "pass", operation(code="33879002", system=SNOMED, performedDateTime="2026-03-20")),
        row("influenza by a code that leaves the way open", LIVE, "unknown", operation(code="86198006", system=SNOMED, performedDateTime="2026-05-20")),
        row("BCG", LIVE, "fail", operation(code="42284007", system=SNOMED, performedDateTime="2026-05-20")),
        row("words", VACCINATED, "unknown", operation("flu shot given", performedDateTime="2026-05-20")),
        row("words", LIVE, "unknown", operation("flu shot given", performedDateTime="2026-05-20")),
        row("words, and long ago", VACCINATED, "pass", operation("flu shot given", performedDateTime="2026-03-20")),
        row("serum, toxoid or vaccine (ICD-10-PCS)", VACCINATED, "unknown", operation(code="3E0234Z", system=PCS, performedDateTime="2026-05-20")),
        row("CPT, which no set lists", VACCINATED, "unknown", operation(code="90471", performedDateTime="2026-05-20")),
        row("CPT with its words", VACCINATED, "unknown", operation("Immunization administration", "90471", performedDateTime="2026-05-20")),
        row("another operation", VACCINATED, "pass", operation("colonoscopy", performedDateTime="2026-05-20")),
    ],
    "beside criteria that say `such as`": [
        row("bleeding in the skull by injury", CNS, "unknown", said(code="S06.5X0A", system=ICD10CM)),
        row("concussion", CNS, "pass", said(code="S06.0X0A", system=ICD10CM)),
        row("immune thrombocytopenia", SEVERE, "unknown", said(code="D69.3", system=ICD10)),
        row("thrombocytopenia without its cause", SEVERE, "pass", said(code="D69.6", system=ICD10)),
        row("nephrotic syndrome", RENAL, "unknown", said(code="N04.9", system=ICD10)),
        row("a stent, nobody says where", "procedure.coronary_intervention", "unknown", operation("stent")),
    ],
    "a route that doesn't fit goes before words": [
        row("tacrolimus ointment", SUPPRESSANT, "no", drug("tacrolimus ointment 0.1%")),
        row("tacrolimus", SUPPRESSANT, "unknown", drug("tacrolimus 1 mg")),
    ],
    "phrases as clinicians write": [
        row("CHF", "condition.heart_failure", "unknown", said("CHF")),
        row("MI with its month", "condition.acute_coronary_syndrome", "unknown", said("MI 08/2025")),
        row("s/p allo-SCT", TRANSPLANT, "unknown", operation("s/p allo-SCT")),
        row("LN class IV", "condition.lupus_nephritis", "unknown", said("LN class IV")),
        row("in Chinese", CANCER, "unknown", said("肺癌")),
    ],
    "negation and others' diseases make no match": [
        *(row(words, CANCER, "no", said(words)) for words in ("no h/o cancer", "FH of breast cancer", "screening for cancer", "cancer ruled out", "未见肺癌", "肺癌已排除")),
        *(row(words, CANCER, "unknown", said(words)) for words in ("r/o cancer", "rule out cancer", "肺癌待排")),
        row("alone, of what nobody understands: unread", HIV, "unknown", said("no qwertitis")),
        row("for what it names: something else", SLE, "no", said("no SLE")),
    ],
    "words that name two concepts, one inside": [
        row("PE", "condition.pulmonary_embolism", "unknown", said("PE")),
        row("MS", "condition.cns_disease", "unknown", said("MS")),
    ],
    "no information is not none": [
        row("IPS: no information about problems", SLE, "unknown", said(code="no-problem-info", system=IPS)),
        row("about drugs", STEROID, "unknown", statement(medicationCodeableConcept=concept("no-medication-info", IPS))),
        row("not asked", HIV, "unknown", said("not asked")),
        row("unknown", HIV, "unknown", said("unknown")),
        row("no known problems are none", SLE, "no", said(code="no-known-problems", system=IPS)),
        row("beside entries the entries count", SLE, "yes", said(code="55464009"), said(code="no-known-problems", system=IPS)),
        row("it is of its kind alone", STEROID, "no", said(code="no-problem-info", system=IPS)),
    ],
    "what restates what is read, and what carries facts of its own": [
        row("a claim for lupus: nothing follows", SLE, "no", {"resourceType": "Claim", "id": "k", "patient": SUBJECT, "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": concept("M32.9", ICD10CM)}]}),
        row("a reaction to a drug may be a disease", SLE, "unknown", {"resourceType": "AdverseEvent", "id": "k", "subject": SUBJECT, "actuality": "actual", "event": concept(text="renal failure")}),
        row("and is no drug", STEROID, "no", {"resourceType": "AdverseEvent", "id": "k", "subject": SUBJECT, "actuality": "actual", "event": concept(text="renal failure")}),
    ],
}  # fmt: skip
