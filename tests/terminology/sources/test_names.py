"""What is told by names alone: LOINC's axes by long common names, RxNorm's ingredients and forms by drug names.

The names follow the grammar of the two systems; the substances are invented.
"""

import pytest

from cds_service.terminology.sources import axes_of, drug_of, names_of

ANY = None  # the name does not tell


@pytest.mark.parametrize(
    ("name", "component", "measured", "time", "system", "scale", "method"),
    [
        ("Zorbin [Mass/volume] in Serum or Plasma", "Zorbin", "MCnc", "Pt", "Ser/Plas", "Qn", ""),
        (
            "Zorbocytes [#/volume] in Blood by Automated count",
            "Zorbocytes",
            "NCnc",
            "Pt",
            "Bld",
            "Qn",
            "Automated count",
        ),
        ("Zorbin [Mass/time] in 24 hour Urine", "Zorbin", "MRat", "24H", "Urine", "Qn", ""),
        ("Zorbin/Quillin [Mass Ratio] in Urine", "Zorbin/Quillin", "MRto", "Pt", "Urine", "Qn", ""),
        # A kind of antibody stands behind it in the table.
        (
            "Zorb virus IgG Ab [Presence] in Serum by Immunoassay",
            "Zorb virus Ab.IgG",
            "PrThr",
            "Pt",
            "Ser",
            "Ord",
            "IA",
        ),
        ("Zorb virus Ab [Titer] in Serum", "Zorb virus Ab", "Titr", "Pt", "Ser", "Qn", ""),
        (
            *("Zorb virus DNA [Log #/volume] (viral load) in Plasma by NAA with probe detection", "Zorb virus DNA"),
            *("LnCnc", "Pt", "Plas", "Qn", "Probe.amp.tar"),
        ),
        # What was done before belongs to the component: the plain one is another.
        (
            "Zorbin [Moles/volume] in Serum --2 hours post meal",
            "Zorbin^2 hours post meal",
            "SCnc",
            "Pt",
            "Ser",
            "Qn",
            "",
        ),
        (
            "Zorbin [#/volume] corrected for quills in Blood",
            "Zorbin^^corrected for quills",
            "NCnc",
            "Pt",
            "Bld",
            "Qn",
            "",
        ),
        (
            "Zorbocytes/100 leukocytes in Blood by Manual count",
            "Zorbocytes/Leukocytes",
            "NFr",
            "Pt",
            "Bld",
            "Qn",
            "Manual count",
        ),
        ("Zorbocytes/Leukocytes in Bone marrow", "Zorbocytes/Leukocytes", "NFr", "Pt", "Bone mar", "Qn", ""),
        ("Zorb sp identified in Sputum by Culture", "Zorb sp identified", "Prid", "Pt", "Sputum", "Nom", "Culture"),
        ("Zorbin in LDL [Mass/volume] in Serum", "Zorbin in LDL", "MCnc", "Pt", "Ser", "Qn", ""),
        ("Zorbin [Mass/volume] in Serum from Donor", "Zorbin", "MCnc", "Pt", "Ser^Donor", "Qn", ""),
        ("Zorbin [Presence] in Tissue by FISH Narrative", "Zorbin", "PrThr", "Pt", "Tiss", "Nar", "FISH"),
        ("Zorbin Screen method >50 ng/mL Ql (U)", "Zorbin", "PrThr", "Pt", "Urine", "Ord", "Screen"),
        ("Zorbin Confirm (U) [Mass/Vol]", "Zorbin", "MCnc", "Pt", "Urine", "Qn", "Confirm"),
        ("Deprecated Zorbin [Mass/volume] in Serum", "Zorbin", "MCnc", "Pt", "Ser", "Qn", ""),
        # LOINC's own names for two everyday tests (6301-6, 14979-9).
        (
            "INR in Platelet poor plasma by Coagulation assay",
            "Coagulation tissue factor induced.INR",
            "RelTime",
            "Pt",
            "PPP",
            "Qn",
            "Coag",
        ),
        (
            "aPTT in Platelet poor plasma by Coagulation assay",
            "Coagulation surface induced",
            "Time",
            "Pt",
            "PPP",
            "Qn",
            "Coag",
        ),
        # What has more than one abbreviation, or none here, is not told.
        ("Zorbin [Mass or Moles/volume] in Blood", "Zorbin", ANY, "Pt", "Bld", ANY, ""),
        ("Zorbin in Urine", "Zorbin", ANY, "Pt", "Urine", ANY, ""),
        ("Zorbin [Mass/volume] in Urine collected for unspecified duration", "Zorbin", "MCnc", ANY, "Urine", "Qn", ""),
        ("Zorbin [Susceptibility]", "Zorbin", "Susc", ANY, ANY, ANY, ""),
        ("[component] Zorbin", "Zorbin", ANY, ANY, ANY, ANY, ANY),
        ("[component] Zorb virus IgM Ab", "Zorb virus Ab.IgM", ANY, ANY, ANY, ANY, ANY),
    ],
)
def test_axes_of_a_long_common_name(  # noqa: PLR0917 - the axes are the columns of the table
    name: str,
    component: str,
    measured: str | None,
    time: str | None,
    system: str | None,
    scale: str | None,
    method: str | None,
) -> None:
    assert axes_of(name) == (component, measured, time, system, scale, method)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "How often did you zorb in last 2 weeks [Reported.PHQ]",
        "Zorb severity [Harris Hip Score]",
        "Pain interferes with life in past 7 days",
        "XR Chest Views",
        "R wave duration in lead V1",
        "Body zorb",
    ],
)
def test_a_name_of_another_grammar_tells_nothing(name: str) -> None:
    assert set(axes_of(name)) == {None}


@pytest.mark.parametrize(
    ("name", "ingredients", "forms", "brand", "kind"),
    [
        ("zorbamab", {"zorbamab"}, set(), None, ""),
        ("quillin / zorbamab", {"quillin", "zorbamab"}, set(), None, ""),
        ("zorbamab 10 MG", {"zorbamab"}, set(), None, "SCDC"),
        ("Zorbamab 10 MG [Zorbex]", {"zorbamab"}, set(), "Zorbex", "SBDC"),
        ("zorbamab 10 MG Oral Tablet", {"zorbamab"}, {"Oral Tablet"}, None, "SCD"),
        ("0.5 ML zorbamab 80 MG/ML Prefilled Syringe [Zorbex]", {"zorbamab"}, {"Prefilled Syringe"}, "Zorbex", "SBD"),
        (
            "24 HR zorbin hydrochloride 1.5 MG Extended Release Oral Tablet",
            {"zorbin hydrochloride"},
            {"Extended Release Oral Tablet"},
            None,
            "SCD",
        ),
        ("0.25 MG, 0.5 MG Dose 1.5 ML zorbin 1.34 MG/ML Pen Injector", {"zorbin"}, {"Pen Injector"}, None, "SCD"),
        ("quillin 5 MG / zorbin 10 MG Oral Capsule", {"quillin", "zorbin"}, {"Oral Capsule"}, None, "SCD"),
        ("zorbin, human 100 UNT/ML Injectable Solution", {"zorbin, human"}, {"Injectable Solution"}, None, "SCD"),
        ("Zorbin 2 Oral Tablet", {"zorbin 2"}, {"Oral Tablet"}, None, "SCDF"),
        ("zorbin / quillin Topical Cream [Zorbex]", {"quillin", "zorbin"}, {"Topical Cream"}, "Zorbex", "SBDF"),
        ("zorbin Oral Product", {"zorbin"}, {"Oral Product"}, None, "SCDG"),
        ("zorbin Pill", {"zorbin"}, {"Pill"}, None, "SCDG"),
        (
            "{7 (zorbin 5 MG Oral Tablet) / 21 (350 ML) (quillin (USP) 0.1 MG/ML Oral Solution) } Pack",
            *({"quillin (usp)", "zorbin"}, {"Oral Solution", "Oral Tablet"}, None, "GPCK"),
        ),
        (
            "{2 (zorbin 5 MG Oral Tablet [Zorbex]) } Pack [Zorbex Start]",
            {"zorbin"},
            {"Oral Tablet"},
            "Zorbex Start",
            "BPCK",
        ),
    ],
)
def test_a_drug_by_its_name(name: str, ingredients: set[str], forms: set[str], brand: str | None, kind: str) -> None:
    assert drug_of(name) == (ingredients, forms, brand, kind)


@pytest.mark.parametrize(
    ("precise", "ingredient", "holds"),
    [
        ("zorbin", "zorbin", True),
        ("zorbin hydrochloride", "zorbin", True),
        ("zorbin sodium phosphate", "zorbin", True),
        ("zorbin hydrochloride, anhydrous", "zorbin", True),
        ("zorbamab-abcd", "zorbamab", True),
        ("zorbin gamma-1b", "zorbin", False),
        ("zorbin mononitrate", "zorbin", False),
        ("pegzorbin", "zorbin", False),
        # A salt's own name is no ingredient of all that hold it.
        ("sodium chloride", "sodium", False),
    ],
)
def test_a_salt_counts_as_its_ingredient(precise: str, ingredient: str, holds: bool) -> None:
    assert (ingredient in names_of(precise)) is holds


@pytest.mark.parametrize(
    ("form", "route"),
    [
        ("Oral Tablet", "Oral Product"),
        ("Chewable Tablet", "Oral Product"),
        ("Prefilled Syringe", "Injectable Product"),
        ("Injectable Suspension", "Injectable Product"),
        ("Metered Dose Nasal Spray", "Nasal Product"),
        ("Sublingual Tablet", "Sublingual Product"),
        ("Inhalation Powder", "Inhalant Product"),
        ("Rectal Suppository", "Rectal Product"),
        ("Pill", None),
        ("Kit", None),
    ],
)
def test_the_route_of_a_dose_form(form: str, route: str | None) -> None:
    assert drug_of(f"zorbin 1 MG {form}").routes == ({route} if route else set())
