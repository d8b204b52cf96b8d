"""How LOINC's long common names write what its table abbreviates: LOINC Users' Guide, appendices A and B.

Only what has one abbreviation stands here. Words that the table writes in more than one way are left out, so that a
filter on them is refused instead of answered by half.
"""

from collections.abc import Mapping

PROPERTIES: Mapping[str, str] = {
    "#": "Num",
    "# ratio": "NRto",
    "#/area": "Naric",
    "#/volume": "NCnc",
    "entitic mass": "EntMass",
    "entitic volume": "EntVol",
    "enzymatic activity/mass": "CCnt",
    "enzymatic activity/time": "CRat",
    "enzymatic activity/volume": "CCnc",
    "identifier": "Prid",
    "interpretation": "Imp",
    "length": "Len",
    "log #/volume": "LnCnc",
    "log units/volume": "LaCnc",
    "mass": "Mass",
    "mass fraction": "MFr",
    "mass ratio": "MRto",
    "mass/mass": "MCnt",
    "mass/time": "MRat",
    "mass/vol": "MCnc",
    "mass/volume": "MCnc",
    "molar ratio": "SRto",
    "moles/mass": "SCnt",
    "moles/time": "SRat",
    "moles/vol": "SCnc",
    "moles/volume": "SCnc",
    "multiple of the median": "MoM",
    "partial pressure": "PPres",
    "presence": "PrThr",
    "pressure": "Pres",
    "ratio": "Ratio",
    "susceptibility": "Susc",
    "time": "Time",
    "titer": "Titr",
    "type": "Type",
    "units/volume": "ACnc",
    "volume": "Vol",
    "volume fraction": "VFr",
    "volume rate/area": "ArVRat",
}
"""The words in brackets, and the property."""

MEASURED = (
    frozenset(
        {
            "area",
            "enzymatic activity ratio",
            "entitic mean volume",
            "mass or moles/volume",
            "mass/area",
            "measurement",
            "molar amount",
            "molar concentration difference",
            "molecules/volume",
            "percentile",
            "pure mass fraction",
            "pure volume fraction",
            "time ratio",
            "z-score",
        }
    )
    | PROPERTIES.keys()
)
"""The words in brackets that are a property, with those whose abbreviation is not told here."""

SCALES: Mapping[str, str] = {
    "Prid": "Nom",
    "PrThr": "Ord",
    "Type": "Nom",
    **dict.fromkeys(
        (
            *("ACnc", "ArVRat", "CCnc", "CCnt", "CRat", "EntMass", "EntVol", "LaCnc", "Len", "LnCnc", "MCnc", "MCnt"),
            *("MFr", "MRat", "MRto", "Mass", "MoM", "NCnc", "NFr", "NRto", "Naric", "Num", "PPres", "Pres", "Ratio"),
            *("SCnc", "SCnt", "SRat", "SRto", "Time", "Titr", "VFr", "Vol"),
        ),
        "Qn",
    ),
}
"""The scale that names of a property have where they write none."""

SYSTEMS: Mapping[str, str] = {
    "amniotic fluid": "Amnio fld",
    "arterial blood": "BldA",
    "arterial cord blood": "BldCoA",
    "blood": "Bld",
    "blood or tissue": "Bld/Tiss",
    "body fluid": "Body fld",
    "bone marrow": "Bone mar",
    "bronchoalveolar lavage": "BAL",
    "capillary blood": "BldC",
    "central venous blood": "BldCV",
    "cerebral spinal fluid": "CSF",
    "cervix": "Cvx",
    "cord blood": "BldCo",
    "dbs": "Bld.dot",
    "dialysis fluid": "Dial fld",
    "dried blood spot": "Bld.dot",
    "exhaled gas": "Exhl gas",
    "gastric fluid": "Gast fld",
    "genital specimen": "Genital",
    "hair": "Hair",
    "mixed venous blood": "BldMV",
    "nasopharynx": "Nph",
    "nose": "Nose",
    "pericardial fluid": "Pericard fld",
    "peritoneal dialysis fluid": "Dial fld prt",
    "peritoneal fluid": "Periton fld",
    "plasma": "Plas",
    "platelet poor plasma": "PPP",
    "pleural fluid": "Plr fld",
    "red blood cells": "RBC",
    "respiratory specimen": "Respiratory",
    "semen": "Semen",
    "serum": "Ser",
    "serum or plasma": "Ser/Plas",
    "serum, plasma or blood": "Ser/Plas/Bld",
    "specimen": "XXX",
    "sputum": "Sputum",
    "stool": "Stool",
    "sweat": "Sweat",
    "synovial fluid": "Synv fld",
    "throat": "Thrt",
    "tissue": "Tiss",
    "unspecified specimen": "XXX",
    "urethra": "Urethra",
    "urine": "Urine",
    "urine sediment": "Urine sed",
    "vaginal fluid": "Vag",
    "venous blood": "BldV",
    "venous cord blood": "BldCoV",
    "vitreous fluid": "Vitr fld",
}
"""The words after "in"."""

METHODS: Mapping[str, str] = {
    "automated": "Automated",
    "automated count": "Automated count",
    "calculation": "Calculated",
    "coagulation assay": "Coag",
    "complement fixation": "Comp fix",
    "confirm": "Confirm",
    "confirm method": "Confirm",
    "confirmatory method": "Confirm",
    "estimate": "Estimated",
    "estimated": "Estimated",
    "hemagglutination": "HA",
    "hemagglutination inhibition": "HAI",
    "immunoassay": "IA",
    "immunoblot": "IB",
    "immunofluorescence": "IF",
    "latex agglutination": "LA",
    "manual count": "Manual count",
    "molecular genetics method": "Molgen",
    "naa with probe detection": "Probe.amp.tar",
    "neutralization test": "Neut",
    "probe with signal amplification": "Probe.amp.sig",
    "radioimmunoassay (ria)": "RIA",
    "rapid immunoassay": "IA.rapid",
    "screen": "Screen",
    "screen method": "Screen",
}
"""The words after "by"; other words are the method as they stand."""

COMPONENTS: Mapping[str, tuple[str, str | None]] = {
    "INR": ("Coagulation tissue factor induced.INR", "RelTime"),
    "aPTT": ("Coagulation surface induced", "Time"),
    "Prothrombin time (PT)": ("Coagulation tissue factor induced", "Time"),
}
"""Everyday names, and the component and property that they stand for (LOINC 6301-6, 14979-9, 5964-2)."""
