"""By fact: which LOINC codes measure it, told by the axes of their long common names, and which don't, and why.

A LOINC name says "Component [Property] (note) in System by Method --state" (https://loinc.org/kb/users-guide/). Codes
of these components, properties and systems, by any method, are one measurement: each is a code of the fact. `OUT` has
those that are not, in spite of their axes; `BESIDE` has codes of a fact that are outside its axes.

What lies outside the axes is out by rule, and this is the rule:
* another specimen: urine, fluids, dried spots, cord blood, a fetus, a donor, a blood product, "Specimen" without more;
* another property: presence where an amount is asked, amounts in a day or in a cell, per cent where a count is asked;
* after or before something ("--1 hour post XXX challenge"): another state of the body;
* "[Measurement]": the name of an order, under which no result is reported;
* codes of which the table has the component alone: nobody can tell the specimen.
"""

import re
from typing import NamedTuple

_NAME = re.compile(
    r"(?P<component>.+?)(?: \[(?P<property>[^\]]*)\])?(?: \((?P<note>[^)]*)\))?"
    r"(?: in (?P<system>.+?))?(?: by (?P<method>.+))?"
)


class Name(NamedTuple):
    """A long common name by its axes; empty where it doesn't name one."""

    component: str
    property: str
    system: str
    method: str
    note: str
    state: str


def parse(name: str) -> Name | None:
    """The axes of a long common name; `None` for one that gives its component alone."""
    if name.startswith("[component]"):
        return None
    plain, _, state = name.partition(" --")
    found = _NAME.fullmatch(plain)
    if found is None:
        return Name(plain, "", "", "", "", state)
    axes = {axis: found[axis] or "" for axis in Name._fields if axis != "state"}
    return Name(**axes, state=state)


class Axes(NamedTuple):
    components: tuple[str, ...]
    properties: tuple[str, ...]
    systems: tuple[str, ...]
    notes: tuple[str, ...] = ("",)
    states: tuple[str, ...] = ("",)
    methods: tuple[str, ...] = ()
    """Where the method makes another measurement of it: these and no others."""
    not_by: tuple[str, ...] = ()

    def hold(self, name: Name) -> bool:
        return (
            name.component in self.components
            and name.property in self.properties
            and name.system in self.systems
            and name.note in self.notes
            and name.state in self.states
            and name.method not in self.not_by
            and (not self.methods or name.method in self.methods)
        )


MASS = ("Mass/volume", "Moles/volume", "Mass or Moles/volume")
COUNT = ("#/volume",)
ENZYME = ("Enzymatic activity/volume",)
ANSWER = ("Presence", "Units/volume", "Titer", "Interpretation", "Ratio", "")
LOAD = ("Presence", "Units/volume", "#/volume", "log units/volume", "Log #/volume")
BLOOD = ("Blood", "Arterial blood", "Venous blood", "Capillary blood", "Mixed venous blood", "Central venous blood")
SERUM = ("Serum or Plasma", "Serum", "Plasma", "Serum, Plasma or Blood", *BLOOD)
CLOTTING = ("Platelet poor plasma", "Platelet poor plasma or blood", *BLOOD)
URINE = (
    "Urine",
    "Urine collected for unspecified duration",
    *[f"{hours} hour Urine" for hours in (1, 2, 3, 4, 5, 6, 8, 10, 12, 18, 24, 48, 72)],
)
HBV, HCV = "Hepatitis B virus", "Hepatitis C virus"
GFR = "Glomerular filtration rate/1.73 sq M.predicted"
GFR_OF = ("Volume Rate/Area",), SERUM
NAMED_FORMULAS = (
    "Creatinine-based formula (CKD-EPI)",
    "Creatinine-based formula (CKD-EPI 2021)",
    "Creatinine-based formula (MDRD)",
    "Creatinine and Cystatin C-based formula (CKD-EPI)",
    "Creatinine and Cystatin C-based formula (CKD-EPI 2021)",
    "Cystatin C-based formula",
)
STRIPS = ("Test strip", "Automated test strip")
SPO2 = Axes(("Oxygen saturation",), ("",), ("Arterial blood",), states=("", "on room air", "resting"))

AXES: dict[str, Axes] = {
    "lab.hemoglobin": Axes(("Hemoglobin",), MASS, BLOOD),
    "lab.leukocytes": Axes(
        ("Leukocytes", "Leukocytes [#/volume] corrected for nucleated erythrocytes"), (*COUNT, ""), BLOOD
    ),
    "lab.neutrophils": Axes(("Neutrophils",), COUNT, BLOOD),
    "lab.lymphocytes": Axes(("Lymphocytes",), COUNT, BLOOD),
    "lab.neutrophils_percent": Axes(("Neutrophils/Leukocytes", "Neutrophils/100 leukocytes"), ("",), BLOOD),
    "lab.lymphocytes_percent": Axes(("Lymphocytes/Leukocytes", "Lymphocytes/100 leukocytes"), ("",), BLOOD),
    "lab.platelets": Axes(("Platelets",), COUNT, ("Plasma", *BLOOD)),
    "lab.ast": Axes(("Aspartate aminotransferase",), ENZYME, SERUM),
    "lab.alt": Axes(("Alanine aminotransferase",), ENZYME, SERUM),
    "lab.ggt": Axes(("Gamma glutamyl transferase",), ENZYME, SERUM),
    "lab.bilirubin_total": Axes(("Bilirubin.total",), MASS, SERUM),
    "lab.bilirubin_direct": Axes(("Bilirubin.direct", "Bilirubin.conjugated"), MASS, SERUM),
    "lab.creatinine": Axes(("Creatinine",), MASS, SERUM),
    "lab.albumin": Axes(("Albumin",), MASS, SERUM),
    "lab.inr": Axes(("INR",), ("",), CLOTTING),
    "lab.prothrombin_time": Axes(("Prothrombin time",), ("",), ("", *CLOTTING), notes=("PT",)),
    "lab.aptt": Axes(("aPTT",), ("",), CLOTTING),
    "lab.egfr_ckd_epi": Axes(
        (GFR,),
        *GFR_OF,
        methods=("Creatinine-based formula (CKD-EPI)", "Creatinine-based formula (CKD-EPI 2021)"),
    ),
    "lab.egfr_mdrd": Axes(
        (GFR, f"{GFR} among non-blacks", f"{GFR} among blacks"),
        *GFR_OF,
        methods=("Creatinine-based formula (MDRD)",),
    ),
    "lab.egfr_unnamed": Axes((GFR,), *GFR_OF, not_by=NAMED_FORMULAS),
    "lab.urine_protein_24h": Axes(("Protein",), ("Mass/time",), ("24 hour Urine",)),
    "lab.upcr": Axes(("Protein/Creatinine",), ("Mass Ratio", "Ratio"), URINE),
    "lab.urine_protein": Axes(("Protein",), ("Mass/volume",), URINE, not_by=STRIPS),
    "lab.urine_creatinine": Axes(("Creatinine",), MASS, URINE, not_by=STRIPS),
    "lab.ana_titer": Axes(("Nuclear Ab",), ("Titer",), SERUM),
    "result.pregnancy_test": Axes(
        (
            "Choriogonadotropin",
            "Choriogonadotropin (pregnancy test)",
            "Choriogonadotropin.beta subunit",
            "Choriogonadotropin.beta subunit (pregnancy test)",
            "Choriogonadotropin.intact+Beta subunit",
        ),
        (*ANSWER, *MASS),
        SERUM,
    ),
    "result.ana_qualitative": Axes(("Nuclear Ab",), ("Presence", "Units/volume"), SERUM),
    "result.ana_by_titer": Axes(("Nuclear Ab",), ("Titer",), SERUM),
    "result.anti_dsdna": Axes(("DNA double strand Ab", "DNA double strand IgG Ab"), ANSWER, SERUM),
    "result.anti_smith": Axes(("Smith extractable nuclear Ab", "Smith extractable nuclear IgG Ab"), ANSWER, SERUM),
    "result.hbsag": Axes((f"{HBV} surface Ag",), ANSWER, SERUM),
    "result.hbeag": Axes((f"{HBV} e Ag",), ANSWER, SERUM),
    "result.anti_hbe": Axes((f"{HBV} e Ab", f"{HBV} e IgG Ab"), ANSWER, SERUM),
    "result.anti_hbc": Axes((f"{HBV} core Ab", f"{HBV} core IgG Ab", f"{HBV} core IgG+IgM Ab"), ANSWER, SERUM),
    "result.hbv_dna": Axes((f"{HBV} DNA",), LOAD, SERUM, ("", "viral load")),
    "lab.hbv_dna": Axes((f"{HBV} DNA",), LOAD[1:], SERUM, ("", "viral load")),
    "lab.hbv_dna_iu": Axes((f"{HBV} DNA",), LOAD[1:], SERUM, ("", "viral load")),
    "result.hcv_antibody": Axes((f"{HCV} Ab", f"{HCV} IgG Ab", f"{HCV} Ab Signal/Cutoff"), ANSWER, SERUM),
    "result.hcv_rna": Axes((f"{HCV} RNA",), LOAD, SERUM, ("", "viral load")),
    "result.hiv_antibody": Axes(
        (
            *("HIV 1 Ab", "HIV 1 IgG Ab", "HIV 1+2 Ab", "HIV 1+2 IgG Ab", "HIV 1+O+2 Ab", "HIV 1+2 Ab+HIV1 p24 Ag"),
            *("HIV 1 Ab Signal/Cutoff", "HIV 1+2 Ab Signal/Cutoff", "HIV 1+2 Ab+HIV1 p24 Ag Signal/Cutoff"),
        ),
        ANSWER,
        SERUM,
    ),
    "result.treponema_pallidum_antibody": Axes(
        ("Treponema pallidum Ab", "Treponema pallidum IgG Ab", "Treponema pallidum IgG+IgM Ab"), ANSWER, SERUM
    ),
    "result.toxoplasma_igm": Axes(("Toxoplasma gondii IgM Ab",), ANSWER, SERUM),
    "result.rubella_igm": Axes(("Rubella virus IgM Ab",), ANSWER, SERUM),
    "result.cmv_igm": Axes(("Cytomegalovirus IgM Ab",), ANSWER, SERUM),
    "result.hsv_igm": Axes(("Herpes simplex virus IgM Ab", "Herpes simplex virus 1+2 IgM Ab"), ANSWER, SERUM),
    "result.ebv_vca_igm": Axes(("Epstein Barr virus capsid IgM Ab",), ANSWER, SERUM),
    "result.toxoplasma_dna": Axes(("Toxoplasma gondii DNA",), LOAD, SERUM, ("", "viral load")),
    "result.rubella_rna": Axes(("Rubella virus RNA",), LOAD, (*SERUM, "Specimen"), ("", "viral load")),
    "result.cmv_dna": Axes(("Cytomegalovirus DNA",), LOAD, (*SERUM, "Specimen"), ("", "viral load")),
    "result.hsv_dna": Axes(
        ("Herpes simplex virus DNA", "Herpes simplex virus 1+2 DNA"), LOAD, (*SERUM, "Specimen"), ("", "viral load")
    ),
    "result.ebv_dna": Axes(("Epstein Barr virus DNA",), LOAD, (*SERUM, "Specimen"), ("", "viral load")),
    "vital.oxygen_saturation": SPO2,
    "vital.lowest_oxygen_saturation": SPO2,
    "vital.body_weight": Axes(
        ("Body weight", "Body weight Measured", "Body weight Stated"),
        ("",),
        ("",),
        states=("", "with clothes", "without clothes"),
    ),
    "vital.body_height": Axes(
        ("Body height", "Body height Measured", "Body height Stated"),
        ("",),
        ("",),
        states=("", "lying", "standing"),
    ),
    "vital.bmi": Axes(("Body mass index (BMI)",), ("Ratio",), ("",)),
    "vital.lvef": Axes(("Left ventricular Ejection fraction",), ("",), ("",)),
    "vital.qtc": Axes(("QTc interval", "Q-T interval corrected"), ("",), ("",)),
}

OUT: dict[str, dict[str, str]] = {
    "lab.aptt": {"43734-3": "a mixing study: the patient's plasma with as much saline"},
}
"""By fact: codes of its axes that are none of it, and why."""

BESIDE: dict[str, dict[str, str]] = {
    "lab.creatinine": {"72271-0": "before a contrast medium is before anything was given"},
    "lab.egfr_mdrd": {"76633-7": "its name has the specimen behind the method"},
    "result.hiv_antibody": {
        "49580-4": "a rapid test at the bedside is of blood where nothing else is said; saliva has codes of its own",
        "42600-7": "as 49580-4",
        "43010-8": "as 49580-4",
    },
}
"""By fact: codes of it that are outside its axes, and why."""

NO_AXES: dict[str, str] = {
    "lab.creatinine_clearance": "its names are a formula and a pair of specimens: two codes, by hand",
    "result.pregnancy_status": "a question that is asked, of which LOINC has one code in each questionnaire",
    "result.breastfeeding_status": "as result.pregnancy_status",
    "date.als_symptom_onset": "as result.pregnancy_status",
    "vital.oxygen_flow": "the one code that real feeds use as a component of a saturation (US Core)",
    "vital.inspired_oxygen": "as vital.oxygen_flow",
    "vital.fvc_percent_predicted": "the table has the component alone",
    "vital.gestational_age_at_birth": "a state of its own: at birth",
    "score.ecog": "an answer of an instrument: its own codes and no others",
    "score.nyha": "as score.ecog",
}
"""Facts with LOINC codes that are not told by axes, and why. The items of ALSFRS-R are those of the one instrument."""

NOT_IN_THE_TABLE = frozenset(
    [
        *("result.anti_hbe", "result.anti_hbc", "result.rubella_igm"),
        *("result.hsv_igm", "result.rubella_rna", "result.hsv_dna"),
    ]
)
"""Facts of which the reference table has nothing but components: their axes are held by nothing there."""
