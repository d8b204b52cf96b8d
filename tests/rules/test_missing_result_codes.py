"""The codes that real feeds carry and the catalogue lacked: those of results are in, or the reason why not stands here.

The list is one that others made (shared/data/missing-codes.tsv); diagnoses and procedures of it are tested elsewhere.
"""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

FACTS = Path(__file__).parents[2] / "rules" / "facts"
LISTS = (
    Path(__file__).parents[3] / "shared" / "data" / "missing-codes.tsv",
    Path("/work/shared/data/missing-codes.tsv"),
)
OF_RESULTS = ("lab.", "result.", "kidney.", "vital.", "qualitative.json")

# What the list says of a fact, in its own words, and the facts here that have such codes.
READ_AS: dict[str, tuple[str, ...]] = {
    "lab.neutrophils (derived: x leukocytes)": ("lab.neutrophils_percent",),
    "lab.lymphocytes (derived: x leukocytes)": ("lab.lymphocytes_percent",),
    "kidney.egfr (new alternative lab.egfr_other, named as MDRD/unnamed)": ("lab.egfr_mdrd", "lab.egfr_unnamed"),
    "vital.oxygen_saturation (hint: specimen not stated)": ("vital.oxygen_saturation",),
    "qualitative.json / own values of the test: positive": (
        *("result.hbsag", "result.pregnancy_test", "result.hiv_antibody", "result.hcv_antibody"),
    ),
    "qualitative.json / own values of the test: negative": ("result.pregnancy_test",),
}
HINTS = {
    "20564-1": "oxygen saturation in blood: arterial or venous is not said",
    "26758005": "albumin measurement: serum or urine is not said",
}
"""Codes of the list that only may be the fact, and why."""
OUT: dict[str, str] = {}
"""Codes of the list that stay out, and why."""


def catalogue() -> dict[str, dict[str, Any]]:
    files = [json.loads(path.read_text("utf-8")) for path in sorted(FACTS.glob("*.json"))]
    return {fact["name"]: fact for file in files for fact in file.get("facts", ())}


def listed() -> list[dict[str, str]]:
    path = next((path for path in LISTS if path.exists()), None)
    if path is None:
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in rows if row["fact"].startswith(OF_RESULTS)]


def codes(fact: dict[str, Any], key: str) -> set[tuple[str, str]]:
    return {(code["system"], code["code"]) for code in fact.get(key, ())}


@pytest.mark.parametrize("row", listed() or [None], ids=lambda row: "none" if row is None else row["code"])
def test_every_code_of_a_result_is_in_or_out_for_a_reason(row: dict[str, str] | None) -> None:
    if row is None:
        pytest.skip("shared/data/missing-codes.tsv is not there")
    facts = [catalogue()[name] for name in READ_AS.get(row["fact"], (row["fact"],))]
    code = row["system"], row["code"]
    key = "values" if "values" in row["fact"] else "hint_codes" if row["code"] in HINTS else "codes"
    assert any(code in codes(fact, key) for fact in facts) != (row["code"] in OUT)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("165806002", "positive"),
        ("250423000", "positive"),
        ("250425007", "negative"),
        ("713742005", "positive"),
        ("314706002", "positive"),
    ],
)
def test_a_finding_has_the_answer_that_its_name_has(code: str, answer: str) -> None:
    values = [value for fact in catalogue().values() for value in fact.get("values", ()) if value["code"] == code]
    assert {value["value"] for value in values} == {answer}
