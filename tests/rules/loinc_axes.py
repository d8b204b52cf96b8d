"""By fact: which LOINC codes measure it, told by the axes of their long common names, and which don't, with the reason.

A LOINC name says "Component [Property] (note) in System by Method --challenge" (https://loinc.org/kb/users-guide/). Codes
of these components, properties and systems, by any method, are one measurement: each is a code of the fact. `OUT` has
those that are not, in spite of their axes; `BESIDE` has the codes of a fact that its axes don't show.

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
    challenge: str


def parse(name: str) -> Name | None:
    """The axes of a long common name; `None` for one that gives its component alone."""
    if name.startswith("[component]"):
        return None
    plain, _, challenge = name.partition(" --")
    found = _NAME.fullmatch(plain)
    if found is None:
        return Name(plain, "", "", "", "", challenge)
    axes = {axis: found[axis] or "" for axis in Name._fields if axis != "challenge"}
    return Name(**axes, challenge=challenge)


class Axes(NamedTuple):
    components: tuple[str, ...]
    properties: tuple[str, ...]
    systems: tuple[str, ...]
    notes: tuple[str, ...] = ("",)

    def hold(self, name: Name) -> bool:
        return (
            name.component in self.components
            and name.property in self.properties
            and name.system in self.systems
            and name.note in self.notes
            and not name.challenge
        )


MASS = ("Mass/volume", "Moles/volume", "Mass or Moles/volume")
COUNT = ("#/volume",)
ENZYME = ("Enzymatic activity/volume",)
ANSWER = ("Presence", "Units/volume", "Titer", "Interpretation", "Ratio", "")
LOAD = ("Presence", "Units/volume", "#/volume", "log units/volume", "Log #/volume")
BLOOD = ("Blood", "Arterial blood", "Venous blood", "Capillary blood", "Mixed venous blood", "Central venous blood")
SERUM = ("Serum or Plasma", "Serum", "Plasma", "Serum, Plasma or Blood", *BLOOD)
CLOTTING = ("Platelet poor plasma", "Platelet poor plasma or blood", *BLOOD)
URINE = tuple([f"{hours} hour Urine" for hours in (1, 2, 3, 4, 5, 6, 8, 10, 12, 18, 24, 48, 72)]) + (
    "Urine",
    "Urine collected for unspecified duration",
)
HBV, HCV = "Hepatitis B virus", "Hepatitis C virus"
GFR = "Glomerular filtration rate/1.73 sq M.predicted"

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
    "lab.prothrombin_time": Axes(("Prothrombin time (PT)", "Prothrombin time"), ("",), ("", *CLOTTING)),
    "lab.aptt": Axes(("aPTT",), ("",), CLOTTING),
    "lab.egfr_ckd_epi": Axes((GFR,), ("Volume Rate/Area",), ("Serum, Plasma or Blood", "Serum or Plasma")),
    "lab.egfr_mdrd": Axes((GFR, f"{GFR} among non-blacks", f"{GFR} among blacks"), ("Volume Rate/Area",), SERUM),
    "lab.urine_protein_24h": Axes(("Protein",), ("Mass/time",), ("24 hour Urine",)),
    "lab.upcr": Axes(("Protein/Creatinine",), ("Mass Ratio", "Ratio"), URINE),
    "lab.urine_protein": Axes(("Protein",), ("Mass/volume",), URINE),
    "lab.urine_creatinine": Axes(("Creatinine",), MASS, URINE),
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
    "vital.oxygen_saturation": Axes(("Oxygen saturation",), ("",), ("Arterial blood",)),
    "vital.lowest_oxygen_saturation": Axes(("Oxygen saturation",), ("",), ("Arterial blood",)),
    "vital.body_weight": Axes(("Body weight", "Body weight Measured", "Body weight Stated"), ("",), ("",)),
    "vital.body_height": Axes(("Body height", "Body height Measured", "Body height Stated"), ("",), ("",)),
    "vital.bmi": Axes(("Body mass index (BMI)",), ("Ratio",), ("",)),
    "vital.lvef": Axes(("Left ventricular Ejection fraction",), ("",), ("",)),
    "vital.qtc": Axes(("QTc interval", "Q-T interval corrected"), ("",), ("",)),
}
