"""docs/design.md, 4a, qualitative results: positive, negative, indeterminate; titres; viral loads; the pregnancy test."""

from typing import Any

from tests.facts.contract_4a.rows import Table, row
from tests.facts.records import INTERPRETATION, Json, coded, concept, flag, lab, observation, patient, quantity
from tests.facts.small_rules import LOINC

V2 = "http://terminology.hl7.org/CodeSystem/v2-0078"
HBSAG, DNA, ANA, DSDNA, HIV = "5196-1", "29615-2", "5048-4", "5130-0", "56888-1"
SURFACE, TITER, LOAD, TEST = "result.hbsag", "lab.ana_titer", "lab.hbv_dna", "result.pregnancy_test"
HEPATITIS = "NCT07083349/exc-10a"
ENOUGH = "NCT07083349/inc-06"  # at least 1:80
POSITIVE, NEGATIVE = "10828004", "260385009"


def words(text: str, loinc: str = HBSAG) -> Json:
    return observation(loinc, valueString=text)


def answer(code: str, system: str, loinc: str = HBSAG) -> Json:
    return observation(loinc, valueCodeableConcept=concept(code, system))


def flagged(code: str, system: str = INTERPRETATION, loinc: str = HBSAG, **value: Any) -> Json:
    return observation(loinc, interpretation=[concept(code, system)], **value)


def titer(text: str) -> Json:
    return words(text, ANA)


def ratio(above: float, below: float, comparator: str | None = None, at: str = "denominator") -> Json:
    ends = {"numerator": quantity(above), "denominator": quantity(below)}
    if comparator is not None:
        ends[at]["comparator"] = comparator
    return observation(ANA, valueRatio=ends)


def load(value: float, unit: str = "copies/mL", comparator: str | None = None, **elements: Any) -> Json:
    return lab(DNA, value, unit, comparator=comparator, **elements)


def dsdna(value: float, limit: float, **elements: Any) -> Json:
    return lab(DSDNA, value, "IU/mL", referenceRange=[{"high": quantity(limit, "IU/mL")}], **elements)


def below_in_words(value: float, text: str = "< 25", **limits: Any) -> Json:
    return lab(DSDNA, value, "IU/mL", referenceRange=[{"text": text, **limits} if text else limits])


def ranged_text(text: str, limit: float) -> Json:
    return observation(DSDNA, valueString=text, referenceRange=[{"high": quantity(limit)}])


def hcg(value: float, *, limit: float | None = None, **elements: Any) -> Json:
    ranges = [] if limit is None else [{"high": quantity(limit, "mIU/mL")}]
    return lab("21198-7", value, "mIU/mL", referenceRange=ranges, **elements)


TORCH = ("25542-2", "24116-6", "24119-0", "16944-1")
SURFACE_POSITIVE = coded(HBSAG, POSITIVE)

TABLE: Table = {
    "an answer may say what it is of": [
        row("name before", SURFACE, "negative", words("HBsAg negative")),
        row("name behind", SURFACE, "negative", words("Negative for HBsAg")),
        row("positive", SURFACE, "positive", words("HBsAg: POSITIVE")),
        row("in full", SURFACE, "negative", words("Hepatitis B surface antigen not detected")),
        row("a dash is no minus", SURFACE, "positive", words("HBsAg - positive")),
        row("German, one word", SURFACE, "positive", words("HBsAg-positiv")),
        row("German", SURFACE, "negative", words("HBs-Antigen nicht nachweisbar")),
        row("German, for", SURFACE, "negative", words("Negativ für HBsAg")),
        row("a sign", SURFACE, "negative", words("HBsAg (-)")),
        row("a sign alone behind it", SURFACE, "negative", words("HBsAg -")),
        row("Chinese", SURFACE, "negative", words("乙肝表面抗原阴性")),
        row("Chinese, with the colon", SURFACE, "positive", words("乙肝表面抗原：阳性(+)")),
        row("French", SURFACE, "negative", words("AgHBs négatif")),
        row("Spanish", SURFACE, "negative", words("Antígeno de superficie negativo")),
        row("with an index", SURFACE, "negative", words("HBsAg 0.05 S/CO (negative)")),
        row("contradicts its number", SURFACE, "value_not_understood", words("HBsAg 12 S/CO (negative)")),
        row("indeterminate", SURFACE, "indeterminate", words("HBsAg equivocal")),
        row("another analyte", SURFACE, "value_not_understood", words("Anti-HBs positive")),
        row("about two", SURFACE, "value_not_understood", words("HBsAg negative, HBcAb positive")),
        row("its antibody", SURFACE, "value_not_understood", words("anti-HBsAg positive")),
        row("more than is understood", SURFACE, "value_not_understood", words("HBsAg negative in 2019, now unknown")),
        row("the name alone", SURFACE, "value_not_understood", words("HBsAg")),
        row("as a coded answer's words", SURFACE, "negative", observation(HBSAG, valueCodeableConcept={"text": "HBsAg negative"})),
        row("as an unlisted code's name", SURFACE, "positive", observation(HBSAG, valueCodeableConcept=concept("165806002", "http://snomed.info/sct", "Hepatitis B surface antigen positive (finding)"))),
        row("as the name of the result", SURFACE, "negative", observation(HBSAG, code={**concept(HBSAG, LOINC), "text": "HBsAg negative"})),
        row("the name against the value", SURFACE, "value_not_understood", observation(HBSAG, code={**concept(HBSAG, LOINC), "text": "HBsAg negative"}, valueString="positive")),
        row("a name without an answer", SURFACE, "no_result", observation(HBSAG, code={**concept(HBSAG, LOINC), "text": "HBsAg"})),
        row("HIV", "result.hiv_antibody", "negative", words("HIV 1/2 Ag/Ab non-reactive", HIV)),
        row("HIV, two viruses", "result.hiv_antibody", "value_not_understood", words("HIV-1 negative, HIV-2 positive", HIV)),
        row("tested for", "result.hiv_antibody", "negative", words("tested negative for HIV", HIV)),
        row("hepatitis C", "result.hcv_antibody", "negative", words("Anti-HCV nicht reaktiv", "16128-1")),
        row("its RNA is another test", "result.hcv_antibody", "value_not_understood", words("HCV RNA positive", "16128-1")),
        row("ANA", "result.ana_qualitative", "positive", words("ANA positive", "8061-4")),
        row("the pregnancy test", TEST, "negative", words("Pregnancy test: negative", "2118-8")),
    ],
    "a coded answer": [
        row("SNOMED CT", SURFACE, "positive", coded(HBSAG, POSITIVE)),
        row("SNOMED CT, not detected", SURFACE, "negative", coded(HBSAG, "260415000")),
        row("SNOMED CT, non-reactive", SURFACE, "negative", coded(HBSAG, "131194007")),
        row("LOINC answer", SURFACE, "negative", answer("LA6577-6", LOINC)),
        row("LOINC answer, detected", SURFACE, "positive", answer("LA11882-0", LOINC)),
        row("v3 as the value", SURFACE, "negative", answer("NEG", INTERPRETATION)),
        row("an answer of the site", SURFACE, "value_not_understood", answer("N", "urn:site:answers")),
        row("text beside a code of the site", SURFACE, "negative", observation(HBSAG, valueCodeableConcept=concept("N1", "urn:site", "Negative"))),
        row("yes or no", SURFACE, "positive", observation(HBSAG, valueBoolean=True)),
    ],
    "text in common spellings, nothing guessed": [
        *(row(text, SURFACE, "negative", words(text)) for text in (
            "Negative", "NEG", "neg.", "Non-reactive", "NON REACTIVE", "nonreactive", "Not Detected", "Not detected.",
            "negativ", "nicht nachweisbar", "Absent", "Target not detected", "Non Reactive ",
        )),
        *(row(text, SURFACE, "positive", words(text)) for text in (
            "Positive", "POS", "Reactive", "Detected", "DETECTED", "positiv", "reaktiv", "+",
        )),
        *(row(text, SURFACE, "indeterminate", words(text)) for text in ("Equivocal", "Indeterminate", "borderline", "grenzwertig")),
        *(row(text, SURFACE, "value_not_understood", words(text)) for text in (
            "see report", "pending", "possibly positive", "not negative", "cannot exclude reactive", "Normal", "Abnormal", "—", "--",
            "positive control failed", "previously positive",
        )),
    ],
    "interpretation codes of v2 and v3": [
        row("v3 positive", SURFACE, "positive", flagged("POS")),
        row("v3 negative", SURFACE, "negative", flagged("NEG")),
        row("v3 not detected", SURFACE, "negative", flagged("ND")),
        row("v3 non-reactive", SURFACE, "negative", flagged("NR")),
        row("v3 indeterminate", SURFACE, "indeterminate", flagged("IND")),
        row("v2", SURFACE, "positive", flagged("POS", V2)),
        row("abnormal says nothing about presence", SURFACE, "value_not_understood", flagged("A")),
        row("high neither", SURFACE, "value_not_understood", flagged("H")),
        row("normal neither", SURFACE, "value_not_understood", flagged("N")),
        row("a flag against the value", SURFACE, "value_not_understood", flagged("POS", valueString="Negative")),
        row("a flag without its system goes before the number", SURFACE, "positive", observation(HBSAG, interpretation=[{"coding": [{"code": "POS"}]}], valueQuantity=quantity(0.4, "S/CO"))),
        row("a normal one says nothing there either", SURFACE, "negative", observation(HBSAG, interpretation=[{"coding": [{"code": "N"}]}], valueQuantity=quantity(0.4, "S/CO"))),
        row("a flag with the value", SURFACE, "negative", flagged("NEG", valueString="Negative")),
        row("abnormal beside a positive answer", SURFACE, "positive", flagged("A", valueString="Positive")),
    ],
    "a number with an interpretation flag uses the flag": [
        row("an index flagged negative", SURFACE, "negative", flagged("NEG", valueQuantity=quantity(0.4, "S/CO"))),
        row("an index flagged positive", SURFACE, "positive", flagged("POS", valueQuantity=quantity(0.4, "S/CO"))),
        row("against its own range", "result.anti_dsdna", "negative", dsdna(200, 25, interpretation=flag("NEG"))),
        row("a bare S/CO without range, below 1", SURFACE, "negative", observation(HBSAG, valueQuantity=quantity(0.4, "S/CO"))),
        row("another index without range", SURFACE, "value_not_understood", observation(HBSAG, valueQuantity=quantity(0.4, "COI"))),
    ],
    "a bare number by the observation's own range, where the fact says so": [
        row("above the limit", "result.anti_dsdna", "positive", dsdna(26, 25)),
        row("at the limit", "result.anti_dsdna", "negative", dsdna(25, 25)),
        row("at a limit that is itself outside, in words", "result.anti_dsdna", "value_not_understood", below_in_words(25)),
        row("below it", "result.anti_dsdna", "negative", below_in_words(24.9)),
        row("above it", "result.anti_dsdna", "positive", below_in_words(25.1)),
        row("at it, in numbers and words", "result.anti_dsdna", "value_not_understood", below_in_words(25, high=quantity(25, "IU/mL"))),
        row("at a limit with a comparator", "result.anti_dsdna", "value_not_understood", below_in_words(25, text="", high=quantity(25, "IU/mL", "<"))),
        row("below some number below the limit", "result.anti_dsdna", "negative", dsdna(10, 25, comparator="<")),
        row("above some number below the limit", "result.anti_dsdna", "value_not_understood", dsdna(10, 25, comparator=">")),
        row("no range", "result.anti_dsdna", "value_not_understood", lab(DSDNA, 26, "IU/mL")),
        row("a number with words that say the contrary", "result.anti_dsdna", "value_not_understood", ranged_text("12 (positive)", 25)),
        row("a number with a word that is not known", "result.anti_dsdna", "value_not_understood", ranged_text("12 hemolysed", 25)),
        row("a number as text", "result.anti_dsdna", "negative", ranged_text("12", 25)),
        row("a number as text with its unit", "result.anti_dsdna", "positive", ranged_text("26 IU/mL", 25)),
    ],
    "indeterminate makes both questions unknown": [
        row("is it positive?", "NCT07617779/exc-05b", "unknown", coded(HBSAG, "82334004")),
        row("is it negative?", "NCT06027853/inc-06", "unknown", coded("2118-8", "82334004")),
        row("the newest is indeterminate, an older one negative", "NCT07617779/exc-05b", "unknown", coded(HBSAG, NEGATIVE, "2026-01-01"), coded(HBSAG, "82334004")),
    ],
    "a result that was never taken is not normal": [
        row("HIV", "NCT07617779/exc-05a", "unknown"),
        row("HIV, negative", "NCT07617779/exc-05a", "pass", coded(HIV, NEGATIVE)),
        row("HIV, positive", "NCT07617779/exc-05a", "fail", coded(HIV, POSITIVE)),
    ],
    "titres in every form": [
        *(row(form, TITER, "80", titer(form)) for form in ("1:80", "1/80", "1 : 80", "80", "1:80 homogeneous", "1:80 (speckled)", "Titer 1:80", "Positive 1:80", "positive, 1:80")),
        row("at least", TITER, ">=80", titer(">=1:80")),
        row("at least, as one sign", TITER, ">=80", titer("≥1:80")),
        row("above", TITER, ">80", titer(">1:80")),
        row("below", TITER, "<80", titer("<1:80")),
        row("negative, below", TITER, "<80", titer("Negative (<1:80)")),
        row("thousands", TITER, "1280", titer("1:1,280")),
        row("valueRatio", TITER, "80", ratio(1, 80)),
        row("valueRatio, at least", TITER, ">=80", ratio(1, 80, ">=")),
        row("valueRatio, the comparator above", TITER, ">80", ratio(1, 80, ">", "numerator")),
        row("valueQuantity", TITER, "80", lab(ANA, 80)),
        row("valueQuantity {titer}", TITER, "80", lab(ANA, 80, "{titer}")),
        row("valueQuantity with comparator", TITER, ">=1280", lab(ANA, 1280, "titer", comparator=">=")),
        row("valueInteger", TITER, "80", observation(ANA, valueInteger=80)),
        row("text of a concept", TITER, "80", observation(ANA, valueCodeableConcept={"text": "1:80"})),
        row("negative", TITER, "0", titer("Negative")),
        row("negative, coded", TITER, "0", coded(ANA, NEGATIVE)),
        row("positive says no number", TITER, "value_not_understood", titer("Positive")),
        row("two titres", TITER, "value_not_understood", titer("1:80, 1:320")),
        row("from one titre to another: the result is no number of 1", "result.ana", "value_not_understood", titer("1:80-1:160")),
        row("the ratio upside down", TITER, "value_not_understood", ratio(80, 1)),
        row("of nothing", TITER, "value_not_understood", titer("1:0")),
        row("negative and yet high", TITER, "value_not_understood", titer("Negative 1:160")),
    ],
    "titres at their threshold": [
        row("1:80", ENOUGH, "pass", titer("1:80")),
        row("1:40", ENOUGH, "fail", titer("1:40")),
        row("at least 1:80", ENOUGH, "pass", titer(">=1:80")),
        row("above 1:40 may be 1:80", ENOUGH, "unknown", titer(">1:40")),
        row("below 1:80", ENOUGH, "fail", titer("<1:80")),
        row("below 1:160 may be 1:80", ENOUGH, "unknown", titer("<1:160")),
        row("negative", ENOUGH, "fail", titer("Negative")),
        row("valueRatio 1:160", ENOUGH, "pass", ratio(1, 160)),
    ],
    "HBV DNA: 1 IU is 5 to 6 copies, not detected is negative": [
        row("in its own unit", "lab.hbv_dna_iu", "200", load(200, "[IU]/mL")),
        row("copies are an interval in IU", "lab.hbv_dna_iu", "200 to 240", load(1200, "copies/mL")),
        row("an interval", LOAD, "1000 to 1200", load(200, "[IU]/mL")),
        row("IU/mL as feeds write it", LOAD, "1000 to 1200", load(200, "IU/mL")),
        row("below a limit in IU", LOAD, "<120", load(20, "IU/mL", "<")),
        row("not detected", LOAD, "0", words("Not detected", DNA)),
        row("target not detected", LOAD, "0", words("Target Not Detected", DNA)),
        row("detected says no number", LOAD, "value_not_understood", words("Detected", DNA)),
        row("not detected, as a result", "result.hbv_dna", "negative", words("Not detected", DNA)),
        row("a load, as a result", "result.hbv_dna", "positive", load(150)),
        row("below a limit is neither", "result.hbv_dna", "value_not_understood", load(20, "IU/mL", "<")),
        row("a log is the power of ten", LOAD, "1000", load(3, "log copies/mL")),
        row("a load in log units under its own code", "result.hbv_dna", "positive", lab("48398-2", 3.2, "log IU/mL")),
    ],
    "HBV DNA at its threshold of 1000 copies/mL": [
        row("1000 copies", HEPATITIS, "fail", SURFACE_POSITIVE, load(1000)),
        row("200 IU are at least 1000 copies", HEPATITIS, "fail", SURFACE_POSITIVE, load(200, "IU/mL")),
        row("180 IU are 900 to 1080 copies", HEPATITIS, "unknown", SURFACE_POSITIVE, load(180, "IU/mL")),
        row("not detected", HEPATITIS, "pass", SURFACE_POSITIVE, words("Not detected", DNA)),
        row("few copies, no range: they may be above the limit", HEPATITIS, "unknown", SURFACE_POSITIVE, load(100)),
        row("few copies, above the limit", HEPATITIS, "fail", SURFACE_POSITIVE, load(100, referenceRange=[{"high": quantity(20, "copies/mL")}])),
        row("few copies, within the limit", HEPATITIS, "pass", SURFACE_POSITIVE, load(15, referenceRange=[{"high": quantity(20, "copies/mL")}])),
        row("surface antigen negative: the load does not matter", HEPATITIS, "pass", coded(HBSAG, NEGATIVE), load(1000)),
        row("surface antigen never tested", HEPATITIS, "unknown", load(1000)),
        row("neither tested", HEPATITIS, "unknown"),
    ],
    "pregnancy test: hCG in serum or plasma, not in urine": [
        row("serum, qualitative", TEST, "negative", coded("2118-8", NEGATIVE)),
        row("serum, positive", TEST, "positive", coded("2118-8", POSITIVE)),
        row("urine", TEST, "no_result", coded("2106-3", NEGATIVE)),
        row("urine beside serum", TEST, "positive", coded("2106-3", NEGATIVE, "2026-05-30"), coded("2118-8", POSITIVE)),
        row("a number by its range", TEST, "negative", hcg(2, limit=5)),
        row("above its range", TEST, "positive", hcg(2500, limit=5)),
        row("below 5, with a limit of 5", TEST, "negative", hcg(5, limit=5, comparator="<")),
        row("a number without range", TEST, "value_not_understood", hcg(2)),
        row("a number with a flag", TEST, "negative", hcg(2, interpretation=flag("NEG"))),
        row("the criterion", "NCT06027853/inc-06", "pass", coded("2118-8", NEGATIVE)),
        row("positive", "NCT06027853/inc-06", "fail", coded("2118-8", POSITIVE)),
        row("urine only", "NCT06027853/inc-06", "unknown", coded("2106-3", NEGATIVE)),
        row("a man needs none", "NCT06027853/inc-06", "pass", person=patient(gender="male")),
    ],
    "results of several tests": [
        row("TORCH: all negative", "NCT07617779/exc-05e", "pass", *(coded(code, NEGATIVE) for code in TORCH)),
        row("TORCH: one positive", "NCT07617779/exc-05e", "fail", coded("24119-0", POSITIVE)),
        row("TORCH: one never taken", "NCT07617779/exc-05e", "unknown", *(coded(code, NEGATIVE) for code in TORCH[:3])),
        row("EBV: DNA alone", "NCT07617779/exc-05f", "fail", lab("32585-2", 500, "copies/mL")),
        row("ANA by its titre", "NCT06676631/inc-04", "pass", titer("1:320")),
        row("anti-Smith alone", "NCT06676631/inc-04", "pass", coded("5356-1", POSITIVE)),
        row("one negative, the others never taken", "NCT06676631/inc-04", "unknown", coded("5356-1", NEGATIVE)),
        row("all three negative", "NCT06676631/inc-04", "fail", coded("5356-1", NEGATIVE), coded("31348-6", NEGATIVE), coded("8061-4", NEGATIVE)),
    ],
}  # fmt: skip
