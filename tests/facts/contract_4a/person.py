"""docs/design.md, 4a, childbearing potential, kidney and body; CRITERIA.md's notes on scores and genes."""

from typing import Any

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import (
    Json,
    coded,
    concept,
    condition,
    lab,
    observation,
    patient,
    procedure,
    quantity,
    verified,
)
from tests.facts.small_rules import HGNC, HOUSE, ICD10CM, LOINC

HCG, NEGATIVE, POSITIVE = "2118-8", "260385009", "10828004"
FERTILE = "NCT06027853/inc-06"  # of childbearing potential: a negative serum test
NYHA, ECOG, SPEECH, DYSPNOEA = "88020-3", "89247-1", "82940-8", "82950-7"
GENE, COPIES, STATE, MEANING, VARIANT = "48018-6", "82155-3", "53034-5", "53037-8", "69548-6"
TWO, ONE = "genomics.smn2_copies", "genomics.smn1_copies"
BOTH_LOST = "NCT07617779/inc-02b"


def woman(born: str, **elements: Any) -> Json:
    return patient(birthDate=born, **elements)


def house(code: str, **value: Any) -> Json:
    return {**observation(**value), "code": concept(code, HOUSE)}


def part(code: str, **value: Any) -> Json:
    return {"code": concept(code, LOINC), **value}


def gene(code: str) -> Json:
    return part(GENE, valueCodeableConcept=concept(code, HGNC))


def genetics(*components: Json, loinc: str = VARIANT, **elements: Any) -> Json:
    return observation(loinc, component=list(components), **elements)


def copies(number: float, code: str = "HGNC:11118", **quantities: Any) -> Json:
    return genetics(gene(code), part(COPIES, valueQuantity=quantity(number, **quantities)))


def allele(state: str, meaning: str, code: str = "HGNC:11117", **elements: Any) -> Json:
    return genetics(
        gene(code),
        part(STATE, valueCodeableConcept=concept(state, LOINC)),
        part(MEANING, valueCodeableConcept=concept(meaning, LOINC)),
        **elements,
    )


def gestation(words: str) -> Json:
    return observation("76516-4", valueString=words)


CREATININE = lab("2160-0", 88.4016973126, "umol/L")  # 1 mg/dL
WEIGHT = lab("29463-7", 60, "kg")
HEIGHT = lab("8302-2", 165, "cm")
CLASS_FOUR = condition("36402006")
DAY_URINE = lab("2889-4", 0.9, "g/(24.h)")
REFUTED = verified("refuted")
CURRENT = "NCT06676631/inc-07d"  # eGFR at least 30
CLEARANCE = "NCT06598202/exc-05"  # clearance below 30
HOMOZYGOUS, COMPOUND, HETEROZYGOUS = "LA6705-3", "LA26217-2", "LA6706-1"
PATHOGENIC, LIKELY, BENIGN = "LA6668-3", "LA26332-9", "LA6675-8"

TABLE: Table = {
    "childbearing potential: female, 12 to 55 completed years": [
        row("12 today", FERTILE, "unknown", person=woman("2014-06-01")),
        row("11 until tomorrow", FERTILE, "pass", person=woman("2014-06-02")),
        row("55 until tomorrow", FERTILE, "unknown", person=woman("1970-06-02")),
        row("56 today", FERTILE, "pass", person=woman("1970-06-01")),
        row("55 or 56, and never tested", FERTILE, "unknown", person=woman("1970-06")),
        row("a man", FERTILE, "pass", person=patient(gender="male")),
        row("other", FERTILE, "unknown", person=patient(gender="other")),
        row("unknown", FERTILE, "unknown", person=patient(gender="unknown")),
        row("nothing said", FERTILE, "unknown", person=patient(gender=None)),
        row("other, of 60 years", FERTILE, "pass", person=patient(gender="other", birthDate="1966-01-01")),
        row("with a negative test", FERTILE, "pass", coded(HCG, NEGATIVE)),
        row("sex not known, with a negative test", FERTILE, "pass", coded(HCG, NEGATIVE), person=patient(gender=None)),
        row("with a positive test", FERTILE, "fail", coded(HCG, POSITIVE)),
    ],
    "without hysterectomy, removal of both ovaries, sterilisation or menopause": [
        row("hysterectomy", FERTILE, "pass", procedure("236886002", performedDateTime="2020")),
        row("hysterectomy not done", FERTILE, "unknown", procedure("236886002", "not-done")),
        row("absence of the uterus", FERTILE, "pass", condition("Z90.710", ICD10CM)),
        row("both ovaries absent", FERTILE, "pass", condition("Z90.722", ICD10CM)),
        row("one ovary absent", FERTILE, "unknown", condition("Z90.721", ICD10CM)),
        row("sterilisation status", FERTILE, "pass", condition("Z98.51", ICD10CM)),
        row("menopausal symptoms", FERTILE, "unknown", condition("N95.1", ICD10CM)),
        row("asymptomatic menopausal state", FERTILE, "pass", condition("Z78.0", ICD10CM)),
        row("menopause, refuted", FERTILE, "unknown", condition("Z78.0", ICD10CM, **REFUTED)),
    ],
    "kidney: a reported value wins over a derived one, MDRD is not CKD-EPI": [
        row("reported by CKD-EPI 2021", "kidney.egfr", "29", lab("98979-8", 29, "mL/min/1.73m2"), CREATININE),
        row("and decides", CURRENT, "fail", lab("98979-8", 29, "mL/min/1.73m2"), CREATININE),
        row("MDRD does not count", CURRENT, "pass", lab("33914-3", 29, "mL/min/1.73m2"), CREATININE),
        row("MDRD alone", CURRENT, "unknown", lab("33914-3", 60, "mL/min/1.73m2")),
        row("an old report: derived", CURRENT, "pass", lab("98979-8", 20, "mL/min/1.73m2", "2025-01-01"), CREATININE),
        row("above 60, as laboratories report it", CURRENT, "pass", lab("98979-8", 60, "mL/min/1.73m2", comparator=">")),
        row("above 60 as text", "kidney.egfr", ">60", observation("98979-8", valueString=">60 mL/min/1.73m2")),
        row("not per body surface: not understood", "kidney.egfr", "unit_not_understood", lab("98979-8", 60, "mL/min"), CREATININE),
        row("clearance measured in urine", CLEARANCE, "fail", lab("2164-2", 29, "mL/min"), CREATININE, WEIGHT),
        row("clearance derived", CLEARANCE, "pass", CREATININE, WEIGHT),
        row("clearance without weight", CLEARANCE, "unknown", CREATININE),
        row("severe kidney disease decides without any value", CLEARANCE, "fail", condition("N18.6", ICD10CM)),
        row("CKD-EPI of a child is none", "kidney.egfr", "value_not_understood", CREATININE, person=woman("2016-01-01")),
        row("of whom the sex is not known", "kidney.egfr", "value_not_understood", CREATININE, person=patient(gender="other")),
    ],
    "body: BMI reported, or from height and weight": [
        row("reported", "body.bmi", "31", lab("39156-5", 31, "kg/m2"), WEIGHT, HEIGHT),
        row("from kg and cm", "body.bmi", "25", lab("29463-7", 64, "kg"), lab("8302-2", 160, "cm")),
        row("from pounds and inches", "body.bmi", "24.9610501647", lab("29463-7", 150, "lbs"), lab("8302-2", 65, "in")),
        row("from pounds and feet", "NCT06598202/inc-05", "pass", lab("29463-7", 150, "[lb_av]"), lab("8302-2", 5.5, "[ft_i]")),
        row("from kg and m", "body.bmi", "25", lab("29463-7", 64, "kg"), lab("8302-2", 1.6, "m")),
        row("from grams", "body.bmi", "25", lab("29463-7", 64000, "g"), lab("8302-2", 160, "cm")),
        row("feet and inches as text", "vital.body_height", "167.64", observation("8302-2", valueString="5 ft 6 in")),
        row("pounds and ounces as text", "vital.body_weight", "4.6493217925", observation("29463-7", valueString="10 lb 4 oz")),
        row("twelve inches are no rest of feet", "vital.body_height", "unit_not_understood", observation("8302-2", valueString="5 ft 12 in")),
        row("18", "NCT06598202/inc-05", "pass", lab("39156-5", 18, "kg/m2")),
        row("below 18", "NCT06598202/inc-05", "fail", lab("39156-5", 17.9, "kg/m2")),
        row("30", "NCT06598202/inc-05", "pass", lab("39156-5", 30, "kg/m²")),
        row("above 30", "NCT06598202/inc-05", "fail", lab("39156-5", 30.1, "kg/m^2")),
        row("an old weight", "NCT06598202/inc-05", "unknown", lab("29463-7", 64, "kg", "2026-01-01"), HEIGHT),
        row("an old height of an adult", "NCT06598202/inc-05", "pass", lab("29463-7", 64, "kg"), lab("8302-2", 160, "cm", "2011-01-01")),
        row("no height", "body.bmi", "no_result", WEIGHT),
    ],
    "protein to creatinine": [
        row("g/g", "kidney.upcr", "1", lab("2890-2", 1, "g/g")),
        row("mg/g", "kidney.upcr", "1", lab("2890-2", 1000, "mg/g{creat}")),
        row("mg/g, as feeds write it", "kidney.upcr", "1", lab("2890-2", 1000, "mg/g creat")),
        row("mg/mmol", "kidney.upcr", "1", lab("34366-5", 113.12, "mg/mmol")),
        row("mg/mg", "kidney.upcr", "1", lab("2890-2", 1, "mg/mg")),
        row("no unit", "kidney.upcr", "unit_not_understood", lab("2890-2", 1)),
        row("albumin is not protein", "kidney.upcr", "no_result", lab("9318-7", 1000, "mg/g")),
        row("derived from one urine", "kidney.upcr", "1", lab("2888-6", 113.12, "mg/dL"), lab("2161-8", 113.12, "mg/dL")),
        row("not from two days", "kidney.upcr", "value_not_understood", lab("2888-6", 113.12, "mg/dL"), lab("2161-8", 113.12, "mg/dL", "2026-05-19")),
        row("the criterion at 113.12 mg/mmol", "NCT06676631/inc-03", "pass", CLASS_FOUR, lab("2890-2", 113.12, "mg/mmol")),
        row("below it", "NCT06676631/inc-03", "fail", CLASS_FOUR, lab("2890-2", 113, "mg/mmol"), DAY_URINE),
        row("by the urine of a day", "NCT06676631/inc-03", "pass", CLASS_FOUR, lab("2889-4", 1000, "mg/24h")),
        row("nephritis without a class", "NCT06676631/inc-03", "unknown", condition("M32.14", ICD10CM), lab("2890-2", 2, "g/g")),
    ],
    "vital signs and function": [
        row("oxygen saturation in per cent", "vital.oxygen_saturation", "96", lab("59408-5", 96, "%")),
        row("as a fraction without unit: not understood", "vital.oxygen_saturation", "unit_not_understood", lab("59408-5", 0.96)),
        row("as a fraction with the unit 1", "vital.oxygen_saturation", "96", lab("59408-5", 0.96, "1")),
        row("per cent with the unit 1: not understood", "vital.oxygen_saturation", "value_not_understood", lab("59408-5", 96, "1")),
        row("LVEF, a range", "vital.lvef", "50 to 55", observation("10230-1", valueString="50-55 %")),
        row("a range at the threshold", "NCT06676631/inc-07f", "unknown", observation("10230-1", valueString="40-45%")),
        row("QTc in seconds", "vital.qtc", "480", lab("8636-3", 0.48, "s")),
        row("QTc, two formulas", "vital.qtc", "470 to 490", lab("76634-5", 470, "ms"), lab("76635-2", 490, "msec")),
        row("QT uncorrected", "vital.qtc", "no_result", lab("8634-8", 480, "ms")),
        row("FVC in per cent of predicted", "vital.fvc_percent_predicted", "70", lab("19872-1", 70, "% predicted")),
        row("FVC in litres", "vital.fvc_percent_predicted", "no_result", lab("19868-9", 3.1, "L")),
        row("gestational age in weeks", "vital.gestational_age_at_birth", "245", lab("76516-4", 35, "wk")),
        *(
            row(form, "vital.gestational_age_at_birth", "243", gestation(form))
            for form in ("34 weeks 5 days", "34w5d", "34 wk 5 d", "34+5", "34+5 weeks", "34 5/7 weeks", "243 days")
        ),
        row("no more than six days over", "vital.gestational_age_at_birth", "unit_not_understood", gestation("34+9")),
        row("34 weeks 6 days", "NCT07617779/exc-01", "fail", gestation("34w6d")),
        row("35 weeks 0 days", "NCT07617779/exc-01", "pass", gestation("35w0d")),
        row("35 weeks", "NCT07617779/exc-01", "pass", lab("76516-4", 35, "weeks")),
        row("a bare number: weeks or days?", "NCT07617779/exc-01", "unknown", lab("76516-4", 35)),
    ],
    "scores, coded": [
        row("ECOG as a LOINC answer", "score.ecog", "1", observation(ECOG, valueCodeableConcept=concept("LA9623-5", LOINC))),
        row("ECOG as a number", "score.ecog", "1", observation(ECOG, valueInteger=1)),
        row("ECOG beyond its scale", "score.ecog", "value_not_understood", observation(ECOG, valueInteger=7)),
        row("ECOG beside its answer as interpretation", "score.ecog", "1", observation(ECOG, valueInteger=1, interpretation=[concept("LA9623-5", LOINC)])),
        row("ECOG 0 to 1 as text", "NCT06027853/inc-04", "pass", observation(ECOG, valueString="0-1")),
        row("ECOG 1 to 2", "NCT06027853/inc-04", "unknown", observation(ECOG, valueString="1-2")),
        row("Karnofsky is another scale", "score.ecog", "no_result", lab("89243-0", 90)),
        row("NYHA II", "NCT07083349/exc-07d", "fail", observation(NYHA, valueCodeableConcept=concept("421704003"))),
        row("NYHA I and a good heart", "NCT07083349/exc-07d", "pass", observation(NYHA, valueCodeableConcept=concept("420300004")), lab("10230-1", 60, "%")),
        row("no heart failure on record: presumed", "score.nyha", "presumed 0"),
        row("heart failure without a class", "NCT07083349/exc-07d", "unknown", condition("I50.9", ICD10CM), lab("10230-1", 60, "%")),
        row("a class in the problem list is not presumed away", "NCT07083349/exc-07d", "unknown", condition("420913000"), lab("10230-1", 60, "%")),
        row("heart failure in the past", "score.nyha", "no_result", condition("I50.9", ICD10CM, "resolved")),
        row("ALSFRS-R item as a number", "score.alsfrs_r_speech", "3", observation(SPEECH, valueInteger=3)),
        row("ALSFRS-R item with a unit of points", "score.alsfrs_r_speech", "3", lab(SPEECH, 3, "{score}")),
        row("ALSFRS-R item as text", "score.alsfrs_r_speech", "3", observation(SPEECH, valueString="3")),
        row("a respiratory item below 4", "NCT06598202/inc-04", "fail", observation(DYSPNOEA, valueInteger=3)),
        row("one item alone", "NCT06598202/inc-04", "unknown", observation(DYSPNOEA, valueInteger=4)),
        row("an item of the scale as a component", "score.alsfrs_r_speech", "4", observation("82954-9", component=[part(SPEECH, valueInteger=4)])),
    ],
    "genes": [
        row("SMN2 copies as a component", TWO, "3", copies(3)),
        row("in no unit", TWO, "3", copies(3, unit="copies")),
        row("the gene by its number", TWO, "3", copies(3, "11118")),
        row("of another gene", TWO, "no_result", copies(3, "HGNC:11117")),
        row("the house code", TWO, "2", house("smn2-copies", valueInteger=2)),
        row("the house code as a quantity", TWO, "2", house("smn2-copies", valueQuantity=quantity(2, "{copies}"))),
        row("SMN1 and SMN2 in two observations", ONE, "0", copies(0, "HGNC:11117"), copies(3)),
        row("at least 4", TWO, ">=4", house("smn2-copies", valueString=">=4")),
        row("at least 4: too many", "NCT07617779/inc-02c", "fail", house("smn2-copies", valueString=">=4")),
        row("2", "NCT07617779/inc-02c", "pass", copies(2)),
        row("1", "NCT07617779/inc-02c", "fail", copies(1)),
        row("4", "NCT07617779/inc-02c", "fail", copies(4)),
        row("not in words alone", TWO, "uncoded_mention", genetics(gene("HGNC:11118"), {"code": {"text": "Copy number"}, "valueQuantity": quantity(2)})),
        row("no SMN1", BOTH_LOST, "pass", copies(0, "HGNC:11117")),
        row("one SMN1: the other may have a point mutation", BOTH_LOST, "unknown", copies(1, "HGNC:11117")),
        row("two SMN1", BOTH_LOST, "fail", copies(2, "HGNC:11117")),
        row("homozygous, pathogenic", BOTH_LOST, "pass", allele(HOMOZYGOUS, PATHOGENIC)),
        row("compound heterozygous, likely pathogenic", BOTH_LOST, "pass", allele(COMPOUND, LIKELY)),
        row("heterozygous", BOTH_LOST, "unknown", allele(HETEROZYGOUS, PATHOGENIC)),
        row("homozygous, benign", BOTH_LOST, "unknown", allele(HOMOZYGOUS, BENIGN)),
        row("of SMN2", BOTH_LOST, "unknown", allele(HOMOZYGOUS, PATHOGENIC, "HGNC:11118")),
        row("called absent", BOTH_LOST, "unknown", allele(HOMOZYGOUS, PATHOGENIC, valueCodeableConcept=concept("LA9634-2", LOINC))),
        row("called what nobody understands", BOTH_LOST, "unknown", allele(HOMOZYGOUS, PATHOGENIC, valueCodeableConcept=concept("X1", "urn:site"))),
        row("homozygous, and no judgement: not presumed away", BOTH_LOST, "unknown", copies(2, "HGNC:11117"), genetics(gene("HGNC:11117"), part(STATE, valueCodeableConcept=concept(HOMOZYGOUS, LOINC)))),
        row("two SMN1 and a variant that is called absent", BOTH_LOST, "fail", copies(2, "HGNC:11117"), allele(HOMOZYGOUS, PATHOGENIC, valueCodeableConcept=concept("LA9634-2", LOINC))),
        row("one report of a whole, another of less", BOTH_LOST, "pass", allele(HOMOZYGOUS, PATHOGENIC), allele(HETEROZYGOUS, PATHOGENIC)),
        row("three copies: sits, does not walk", "NCT07617779/inc-03", "pass", copies(3), house("sits-independently", valueBoolean=True), house("walks-independently", valueBoolean=False)),
        row("three copies: walks", "NCT07617779/inc-03", "fail", copies(3), house("walks-independently", valueCodeableConcept=concept("373066001"))),
        row("two copies: passes", "NCT07617779/inc-03", "pass", copies(2)),
        row("copies not known", "NCT07617779/inc-03", "unknown"),
    ],
    "house codes": [
        row("CLL1 on blasts", "NCT06027853/inc-03", "pass", house("cll1-expression-on-blasts", valueCodeableConcept=concept(POSITIVE))),
        row("antibody fluorescence at 2000", "NCT06027853/inc-07", "pass", house("donor-specific-antibody-mfi", valueQuantity=quantity(2000))),
        row("above 2000", "NCT06027853/inc-07", "fail", house("donor-specific-antibody-mfi", valueQuantity=quantity(2001, "MFI"))),
        row("none found", "NCT06027853/inc-07", "pass", house("donor-specific-antibody-mfi", valueString="Negative")),
        row("binding titre 1:50", "NCT07617779/exc-08", "pass", house("aav9-binding-antibody-titer", valueInteger=50), house("aav9-neutralising-antibody-titer", valueInteger=200)),
        row("binding titre above 1:50", "NCT07617779/exc-08", "fail", house("aav9-binding-antibody-titer", valueString="1:51")),
        row("neutralising titre above 1:200", "NCT07617779/exc-08", "fail", house("aav9-neutralising-antibody-titer", valueString=">1:200")),
        row("ventilated 12 hours", "NCT07617779/exc-04", "fail", house("niv-hours-per-day", valueQuantity=quantity(12, "h"))),
        row("ventilated fewer hours", "NCT07617779/exc-04", "pass", house("niv-hours-per-day", valueQuantity=quantity(11.5, "h/d"))),
        row("no ventilation on record", "NCT07617779/exc-04", "pass"),
        row("ventilated, nobody wrote how long", "NCT07617779/exc-04", "unknown", procedure("229306004", performedDateTime="2026-05-01")),
        row("SLEDAI-2K", "NCT07083349/inc-05", "pass", house("sledai-2k-score", valueInteger=9)),
    ],
}  # fmt: skip
