"""No usual LOINC code of a laboratory fact is missing: every code of its axes is in, or the reason why not stands in
`loinc_axes`. Against the reference table, where it is there."""

import gzip
import json
from pathlib import Path

import pytest

from tests.rules.loinc_axes import AXES, BESIDE, NO_AXES, NOT_IN_THE_TABLE, OUT, parse

FACTS = Path(__file__).parents[2] / "rules" / "facts"
TABLE = Path(__file__).parents[3] / "shared" / "data" / "codes.tsv.gz"
TABLES = (TABLE, Path("/work/shared/data/codes.tsv.gz"))
FILES = ("laboratory", "results", "vitals", "scores", "genomics")
LOINC = "http://loinc.org"


def loinc_codes() -> dict[str, set[str]]:
    """The LOINC codes of each observed fact that has some."""
    content = [json.loads((FACTS / f"{name}.json").read_text("utf-8")) for name in FILES]
    found = {
        fact["name"]: {code["code"] for code in fact.get("codes", ()) if code["system"] == LOINC}
        for file in content
        for fact in file["facts"]
    }
    return {name: codes for name, codes in found.items() if codes}


@pytest.fixture(scope="module")
def displays() -> dict[str, str]:
    """LOINC code to long common name, of the reference table."""
    path = next((path for path in TABLES if path.exists()), None)
    if path is None:
        pytest.skip("the reference table shared/data/codes.tsv.gz is not there")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = (line.rstrip("\n").split("\t") for line in lines if line.startswith("LOINC\t"))
        return {row[1]: row[2] for row in rows}


@pytest.mark.parametrize("name", AXES)
def test_every_code_of_a_facts_axes_is_in_or_out_for_a_reason(name: str, displays: dict[str, str]) -> None:
    own, out = loinc_codes()[name], OUT.get(name, {})
    parsed = ((code, parse(display)) for code, display in displays.items())
    of_axes = {code for code, axes in parsed if axes is not None and AXES[name].hold(axes)}
    assert bool(of_axes) == (name not in NOT_IN_THE_TABLE), "axes that hold no code of the table may be misspelt"
    lacking = {code: displays[code] for code in of_axes - own - out.keys()}
    assert lacking == {}
    assert out.keys() <= of_axes - own


@pytest.mark.parametrize("name", AXES)
def test_every_code_of_a_fact_is_of_its_axes_or_in_for_a_reason(name: str, displays: dict[str, str]) -> None:
    beside = BESIDE.get(name, {})
    parsed = {code: parse(displays[code]) for code in loinc_codes()[name]}
    outside = {code for code, axes in parsed.items() if axes is not None and not AXES[name].hold(axes)}
    assert outside == beside.keys()


def test_every_code_is_in_the_table(displays: dict[str, str]) -> None:
    assert {code for codes in loinc_codes().values() for code in codes} - displays.keys() == set()


def test_every_fact_with_loinc_codes_has_axes_or_a_reason_why_not() -> None:
    without = {name for name in loinc_codes() if name not in AXES and not name.startswith("score.alsfrs_r_")}
    assert without == NO_AXES.keys()


def test_no_fact_that_has_gone_is_left_in_the_tables() -> None:
    assert {*AXES, *OUT, *BESIDE, *NO_AXES} <= loinc_codes().keys()


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        ("Hemoglobin [Mass/volume] in Blood", ("Hemoglobin", "Mass/volume", "Blood", "", "", "")),
        (
            "Hepatitis C virus RNA [Units/volume] (viral load) in Serum or Plasma by NAA with probe detection",
            ("Hepatitis C virus RNA", "Units/volume", "Serum or Plasma", "NAA with probe detection", "viral load", ""),
        ),
        (
            "Neutrophils/Leukocytes in Blood by Automated count",
            ("Neutrophils/Leukocytes", "", "Blood", "Automated count", "", ""),
        ),
        (
            "Creatinine [Moles/volume] in Serum or Plasma --1 hour post XXX challenge",
            ("Creatinine", "Moles/volume", "Serum or Plasma", "", "", "1 hour post XXX challenge"),
        ),
        ("[component] Hepatitis B virus DNA", None),
    ],
)
def test_a_name_is_read_by_its_grammar(name: str, axes: tuple[str, ...] | None) -> None:
    assert parse(name) == axes
