"""Writes an invented RxNorm release in Rich Release Format. No name or code of it is RxNorm's."""

from collections.abc import Iterable
from pathlib import Path

INVERSE = {
    "consists_of": "constitutes",
    "contains": "contained_in",
    "form_of": "has_form",
    "has_dose_form": "dose_form_of",
    "has_doseformgroup": "doseformgroup_of",
    "has_ingredient": "ingredient_of",
    "has_ingredients": "ingredients_of",
    "has_part": "part_of",
    "has_precise_ingredient": "precise_ingredient_of",
    "isa": "inverse_isa",
    "quantified_form_of": "has_quantified_form",
    "tradename_of": "has_tradename",
}
"""RxNorm's relations in both directions (technical documentation, appendix 1)."""

TERMS = (
    ("101", "IN", "zorbamab"),
    ("102", "PIN", "zorbamab disodium"),
    ("103", "SCDC", "zorbamab disodium 10 MG"),
    ("104", "SCD", "zorbamab disodium 10 MG Oral Tablet"),
    ("105", "SBD", "zorbamab disodium 10 MG Oral Tablet [Zorbex]"),
    ("106", "BN", "Zorbex"),
    ("107", "SBDC", "zorbamab disodium 10 MG [Zorbex]"),
    ("108", "SCDF", "zorbamab Oral Tablet"),
    ("109", "SCDG", "zorbamab Pill"),
    ("110", "GPCK", "{14 (zorbamab disodium 10 MG Oral Tablet) } Pack"),
    ("111", "BPCK", "{14 (zorbamab disodium 10 MG Oral Tablet [Zorbex]) } Pack [Zorbex Starter]"),
    ("112", "SBDF", "zorbamab Oral Tablet [Zorbex]"),
    ("120", "IN", "quillin"),
    ("121", "MIN", "quillin / zorbamab"),
    ("122", "SCD", "quillin 5 MG / zorbamab disodium 10 MG Oral Tablet"),
    ("123", "SCDC", "quillin 5 MG"),
    ("124", "SBD", "quillin 5 MG Oral Tablet [Zorbex]"),
    ("125", "SCD", "quillin 5 MG Oral Tablet"),
    ("126", "SCD", "quillin 20 MG/ML Injection"),
    ("127", "SCDC", "quillin 20 MG/ML"),
    ("128", "SCD", "2 ML quillin 20 MG/ML Injection"),
    ("190", "DF", "Oral Tablet"),
    ("191", "DF", "Injection"),
    ("195", "DFG", "Oral Product"),
    ("196", "DFG", "Pill"),
    ("197", "DFG", "Injectable Product"),
)
RELATIONS = (
    ("102", "form_of", "101"),
    ("103", "has_ingredient", "101"),
    ("103", "has_precise_ingredient", "102"),
    ("104", "consists_of", "103"),
    ("104", "has_dose_form", "190"),
    ("104", "isa", "108"),
    ("105", "tradename_of", "104"),
    ("105", "consists_of", "107"),
    ("105", "has_ingredient", "106"),
    ("106", "tradename_of", "101"),
    ("106", "tradename_of", "120"),
    ("107", "tradename_of", "103"),
    ("107", "has_ingredient", "106"),
    ("108", "has_ingredient", "101"),
    ("108", "has_dose_form", "190"),
    ("108", "isa", "109"),
    ("109", "has_ingredient", "101"),
    ("109", "has_doseformgroup", "196"),
    ("110", "contains", "104"),
    ("111", "contains", "105"),
    ("111", "tradename_of", "110"),
    ("112", "tradename_of", "108"),
    ("112", "has_ingredient", "106"),
    ("121", "has_part", "101"),
    ("121", "has_part", "120"),
    ("122", "consists_of", "103"),
    ("122", "consists_of", "123"),
    ("122", "has_ingredients", "121"),
    ("122", "has_dose_form", "190"),
    ("123", "has_ingredient", "120"),
    ("124", "tradename_of", "125"),
    ("124", "has_ingredient", "106"),
    ("125", "consists_of", "123"),
    ("125", "has_dose_form", "190"),
    ("126", "consists_of", "127"),
    ("126", "has_dose_form", "191"),
    ("127", "has_ingredient", "120"),
    ("128", "quantified_form_of", "126"),
    ("128", "has_dose_form", "191"),
    ("190", "isa", "195"),
    ("190", "isa", "196"),
    ("191", "isa", "197"),
)


def conso(code: str, tty: str, name: str, suppress: str = "N", source: str = "RXNORM") -> str:
    """A line of RXNCONSO.RRF."""
    return f"{code}|ENG||||||{code}9||{code}||{source}|{tty}|{code}|{name}||{suppress}||"


def rel(subject: str, relation: str, target: str, source: str = "RXNORM") -> str:
    """A line of RXNREL.RRF: RXCUI2 (`subject`) is related to RXCUI1 (`target`)."""
    return f"{target}||CUI|RO|{subject}||CUI|{relation}|1||{source}|||||4096|"


def both(relations: Iterable[tuple[str, str, str]]) -> list[str]:
    """Each relation in both directions, as a release holds them."""
    lines = []
    for subject, relation, target in relations:
        lines += [rel(subject, relation, target), rel(target, INVERSE[relation], subject)]
    return lines


def archived(code: str, tty: str, name: str, merged: str = "") -> str:
    """A line of RXNATOMARCHIVE.RRF."""
    return f"{code}9||{name}||||{code}|N|ENG|||RXNORM_19AA_190102F|{code}|RXNORM|{tty}|{merged}|"


def write(folder: Path, files: dict[str, list[str]]) -> str:
    """Write the lines of each file below `folder`. Returns the folder's name."""
    for name, lines in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(folder)


def release() -> dict[str, list[str]]:
    """The files of a whole release."""
    terms = [conso(code, tty, name) for code, tty, name in TERMS]
    return {
        "rrf/RXNCONSO.RRF": [
            *terms,
            conso("104", "SY", "Zorbamab tablet, a synonym"),
            conso("104", "PT", "Zorbamab in another vocabulary", source="OTHER"),
            conso("130", "SCD", "zorbamab disodium 1 MG Oral Tablet", suppress="O"),
            conso("999", "PT", "only in another vocabulary", source="OTHER"),
        ],
        "rrf/RXNREL.RRF": [
            *both([*RELATIONS, ("130", "consists_of", "103")]),
            rel("126", "has_ingredient", "101", source="OTHER"),
        ],
        "rrf/RXNATOMARCHIVE.RRF": [archived("140", "SCD", "zorbamab 2 MG Oral Tablet", "104")],
        "rrf/RXNCUI.RRF": ["150|18AA_180102F|19AA_190102F|1|101|"],
        "prescribe/rrf/RXNCONSO.RRF": [conso("101", "IN", "zorbamab, of the part for prescribing")],
    }
