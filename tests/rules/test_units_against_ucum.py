"""Every unit factor of the fact catalogue, proved against UCUM, so that the tables can't rot.

The oracle is ucumvert, a UCUM grammar over pint. What it can't know is written down here, small enough to review:
the molar masses (checked against the formulas), what an arbitrary unit stands for in a fact, and the one unit that
means more than it says.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from lark import Token
from ucumvert import PintUcumRegistry
from ucumvert.parser import InvalidUcumError

FACTS = Path(__file__).parents[2] / "rules" / "facts"

# IUPAC 2021 abridged standard atomic weights.
ATOMIC_WEIGHTS = {"C": 12.011, "H": 1.008, "N": 14.007, "O": 15.999}
FORMULAS = {
    "lab.bilirubin_direct": "C33H36N4O6",
    "lab.bilirubin_total": "C33H36N4O6",
    "lab.creatinine": "C4H7N3O",
    "lab.upcr": "C4H7N3O",
    "lab.urine_creatinine": "C4H7N3O",
}
# Haemoglobin is not a formula: laboratories report moles of the monomer, 16 114 g/mol (ICSH; labelled "Hb(Fe)").
# Human serum albumin: 66.5 kDa (585 residues, UniProt P02768), so that 1 g/L is the 15.04 umol/L by which laboratories
# convert; LOINC's own part table rounds to 66 kDa, 0.8 % less.
CONVENTIONAL_MOLAR_MASSES = {"lab.hemoglobin": "16114", "lab.albumin": "66500"}

# An arbitrary unit has no size in UCUM. For enzymes 1 [IU] is 1 U; for hepatitis B virus DNA it is 5 to 6 copies.
# {canonical unit: {what is written: what it stands for}}; a prefix can't stand before an annotation.
ARBITRARY = {"U/L": {"[IU]": "U"}, "{copies}/mL": {"k[IU]": "10*3{copies}", "[IU]": "{copies}"}}
# (fact, unit): the unit that is meant. The code niv-hours-per-day itself says "per day".
MEANT = {("vital.niv_hours_per_day", "h"): "h/d"}

EXACT = 1e-8  # pint computes in floats
ROUNDED = 1e-11  # factors with a molar mass are written with twelve figures

UCUM = PintUcumRegistry()


class Conversion(NamedTuple):
    fact: str
    unit: str
    factor: tuple[float, float]
    to: str
    molar_mass: str | None

    def __str__(self) -> str:
        return f"{self.fact} {self.unit}"


def catalogue() -> list[dict[str, Any]]:
    files = (json.loads(path.read_text("utf-8")) for path in sorted(FACTS.glob("*.json")))
    return [fact for file in files for fact in file.get("facts", [])]


def conversions() -> list[Conversion]:
    found = []
    for fact in catalogue():
        for unit, factor in fact.get("units", {}).items():
            low, high = factor if isinstance(factor, list) else (factor, factor)
            factors = (float(low), float(high))
            found.append(Conversion(fact["name"], unit, factors, fact["unit"], fact.get("molar_mass")))
    return found


def spellings() -> dict[str, str]:
    table: dict[str, str] = json.loads((FACTS / "units.json").read_text("utf-8"))["spellings"]
    return table


def parsed(unit: str) -> Any:
    """The unit as a pint quantity; an annotation on its own (`{score}`) is the number one."""
    quantity = UCUM.from_ucum(unit)
    return UCUM.from_ucum("1") if isinstance(quantity, Token) else quantity


def meant(conversion: Conversion) -> str:
    """The UCUM code that the conversion stands for, arbitrary units replaced by what they mean in this fact."""
    unit = MEANT.get((conversion.fact, conversion.unit), conversion.unit)
    for arbitrary, stands_for in ARBITRARY.get(conversion.to, {}).items():
        unit = unit.replace(arbitrary, stands_for)
    return unit


def ucum_factor(conversion: Conversion) -> tuple[float, float]:
    """(factor by UCUM, allowed relative error); raises if the dimensions don't meet, even through the molar mass."""
    source, target = parsed(meant(conversion)), parsed(conversion.to)
    if source.is_compatible_with(target):
        return float(source.to(target.units).magnitude / target.magnitude), EXACT
    assert conversion.molar_mass, f"{conversion}: not the dimension of {conversion.to}, and no molar mass is given"
    molar_mass = float(conversion.molar_mass) * UCUM.from_ucum("g/mol")
    for bridged in (source / molar_mass, source * molar_mass):
        if bridged.is_compatible_with(target):
            return float(bridged.to(target.units).magnitude / target.magnitude), ROUNDED
    raise AssertionError(f"{conversion}: not the dimension of {conversion.to}, even through the molar mass")


def agrees(conversion: Conversion) -> bool:
    expected, error = ucum_factor(conversion)
    low, high = conversion.factor
    interval = (5 * expected, 6 * expected) if is_copies_per_unit(conversion) else (expected, expected)
    if is_units_per_copy(conversion):
        interval = (expected / 6, expected / 5)
    return (low, high) == pytest.approx(interval, rel=error, abs=0)


def is_copies_per_unit(conversion: Conversion) -> bool:
    return conversion.to == "{copies}/mL" and "[IU]" in conversion.unit


def is_units_per_copy(conversion: Conversion) -> bool:
    return conversion.to == "[IU]/mL" and "[IU]" not in conversion.unit


def folded(spelling: str) -> str:
    """The form in which spellings are compared when none is met exactly."""
    superscripts = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹µμ×", "0123456789uux")
    return re.sub(r"\s+", "", spelling).translate(superscripts).lower()


@pytest.mark.parametrize("conversion", conversions(), ids=str)
def test_the_factor_is_the_one_ucum_gives(conversion: Conversion) -> None:
    assert agrees(conversion)


@pytest.mark.parametrize("conversion", conversions(), ids=str)
@pytest.mark.parametrize("slip", [1.001, 0.999, 10, 0.1])
def test_a_slip_in_the_factor_would_be_found(conversion: Conversion, slip: float) -> None:
    low, high = conversion.factor
    assert not agrees(conversion._replace(factor=(low * slip, high * slip)))


def test_a_unit_of_another_dimension_would_be_found() -> None:
    mass = Conversion("lab.made_up", "mg/dL", (10, 10), "umol/L", None)
    with pytest.raises(AssertionError, match="no molar mass"):
        agrees(mass)
    with pytest.raises(AssertionError, match="even through the molar mass"):
        agrees(mass._replace(unit="mmol", molar_mass="113.12"))


@pytest.mark.parametrize("fact", [f for f in catalogue() if f["kind"] == "quantity"], ids=lambda f: f["name"])
def test_a_quantity_lists_its_own_unit_or_has_no_dimension(fact: dict[str, Any]) -> None:
    if fact["unit"] == "1":
        assert "units" not in fact
    else:
        assert fact["units"][fact["unit"]] == "1"


def test_only_a_fact_that_mixes_mass_and_substance_has_a_molar_mass() -> None:
    mixed = {c.fact for c in conversions() if not parsed(meant(c)).is_compatible_with(parsed(c.to))}
    assert mixed == {fact["name"] for fact in catalogue() if "molar_mass" in fact}
    assert mixed == FORMULAS.keys() | CONVENTIONAL_MOLAR_MASSES.keys()


@pytest.mark.parametrize("fact", [f for f in catalogue() if "molar_mass" in f], ids=lambda f: f["name"])
def test_the_molar_mass_is_that_of_the_formula(fact: dict[str, Any]) -> None:
    name, molar_mass = fact["name"], fact["molar_mass"]
    if name in CONVENTIONAL_MOLAR_MASSES:
        assert molar_mass == CONVENTIONAL_MOLAR_MASSES[name]
        return
    atoms = re.findall(r"([A-Z])(\d*)", FORMULAS[name])
    weight = sum(ATOMIC_WEIGHTS[element] * int(count or 1) for element, count in atoms)
    assert float(molar_mass) == pytest.approx(weight, abs=0.005)


@pytest.mark.parametrize("unit", sorted(set(spellings().values())))
def test_a_spelling_stands_for_a_ucum_unit_that_some_fact_accepts(unit: str) -> None:
    try:
        parsed(unit)
    except InvalidUcumError as error:
        pytest.fail(str(error))
    accepted = {conversion.unit for conversion in conversions()}
    assert unit in accepted or re.fullmatch(r"\{[^{}]+\}", unit)


def test_spellings_that_fold_together_stand_for_one_unit() -> None:
    meanings = defaultdict(set)
    for spelling, unit in spellings().items():
        meanings[folded(spelling)].add(unit)
    for conversion in conversions():
        meanings[folded(conversion.unit)].add(conversion.unit)
    # "G/L" is giga (10*9/L) and "g/l" gram: exact first, and no fact accepts both.
    assert {form for form, units in meanings.items() if len(units) > 1} == {"g/l"}
    both = {"10*9/L", "g/L"}
    assert not [fact["name"] for fact in catalogue() if both <= fact.get("units", {}).keys()]
