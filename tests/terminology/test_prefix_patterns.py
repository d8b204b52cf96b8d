"""Long rows of prefixes become patterns that mean the same prefixes, and that a person can read."""

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.facts.catalogue import ATC, ICD10, ICD10CM, ICD10PCS, SNOMED, CodeSystems, beginnings
from cds_service.terminology.check.listed_codes import listed_codes
from cds_service.terminology.migration import migrate
from cds_service.terminology.prefix_patterns import pattern_of, with_patterns
from tests.facts.small_rules import codes, under, valueset, write_rules
from tests.terminology.test_migrate import differing, loaded

SYSTEMS = CodeSystems()


@pytest.mark.parametrize(
    ("prefixes", "unit", "written"),
    [
        ("A00 A01 A02", 3, "A0[0-2]"),
        ("A00 A02 B20", 3, "(A0[02]|B20)"),
        ("E11.2 E11.3 E13.2 E13.3", 3, r"E1[13]\.[23]"),
        ("T81.4 T82.6 T82.7", 3, r"(T81\.4|T82\.[67])"),
        ("02B50ZZ 02B54ZZ 02B60ZZ 02B64ZZ 02Y", 2, "02(B[56][04]ZZ|Y)"),
        ("0DT9 0DTA 0DTB", 2, "0DT[9AB]"),
    ],
)
def test_how_prefixes_are_written(prefixes: str, unit: int, written: str) -> None:
    assert pattern_of(prefixes.split(), unit) == written
    assert beginnings(f"{written}.*") == tuple(prefixes.split())


def test_of_two_of_which_one_begins_the_other_the_shorter_is_written() -> None:
    assert pattern_of(["02B", "02B5", "E11", "E11.2"], 2) == "(02B|E11)"


def rows(system: str, *prefixes: str, **more: Any) -> list[dict[str, Any]]:
    return [{**under(system, prefix), **more} for prefix in prefixes]


def said(parts: list[Any]) -> list[tuple[str, str]]:
    return [(part["filter"][0]["value"], part.get("lasts", "")) for part in parts if "filter" in part]


SEVEN = ("A00", "A01", "A02", "A03", "B20", "C50", "I33.0")


def test_a_long_row_is_one_line_and_stands_where_it_began() -> None:
    listed = codes(SNOMED, "55464009")
    parts = [listed, *rows(ICD10, *SEVEN), listed]
    assert with_patterns(parts, SYSTEMS) == [
        listed,
        {"system": ICD10, "filter": [{"property": "code", "op": "regex", "value": r"(A0[0-3]|B20|C50|I33\.0).*"}]},
        listed,
    ]


def test_what_says_something_else_of_its_codes_is_another_row() -> None:
    acute, chronic = {"lasts": "P3M"}, {"lasts": "chronic", "lasts_reason": "it stays"}
    parts = [*rows(ICD10, *SEVEN, **acute), *rows(ICD10, "D50", **chronic), *rows(ICD10CM, *SEVEN, **chronic)]
    pattern = r"(A0[0-3]|B20|C50|I33\.0).*"
    assert said(with_patterns(parts, SYSTEMS)) == [(pattern, "P3M"), ("D50", "chronic"), (pattern, "chronic")]


@pytest.mark.parametrize(
    "parts",
    [
        rows(ICD10, *SEVEN[:6]),  # read at a glance
        rows(SNOMED, *(str(55464000 + number) for number in range(9))),  # whose codes don't say what is below them
        rows(ICD10, *(f"{code}.-" for code in SEVEN[:6]), "D50-"),  # unusual spellings
    ],
)
def test_what_stays(parts: list[dict[str, Any]]) -> None:
    assert with_patterns(parts, SYSTEMS) == parts


def test_a_row_too_long_for_a_line_is_parted_and_still_means_the_same() -> None:
    characters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    # Of each body system other parts, and of the heart more than fit into one line.
    prefixes = [f"0{body}B{characters[number]}0" for number, body in enumerate("013456789BCDFGHJKLM")]
    prefixes += [f"02{operation}{characters[number]}0ZZ" for number, operation in enumerate("BCFHJKNPQRSTUVWY")]
    parts = with_patterns(rows(ICD10PCS, *prefixes), SYSTEMS)
    patterns = [pattern for pattern, _ in said(parts) if pattern.endswith(".*")]
    assert 1 < len(parts) < 10
    assert all(len(pattern) < 115 for pattern in patterns)
    meant = {one for pattern in patterns for one in beginnings(pattern) or ()}
    assert meant | {value for value, _ in said(parts) if not value.endswith(".*")} == set(prefixes)


def test_migrate_writes_them_and_no_member_changes(tmp_path: Path) -> None:
    atc = ("L01", "L04AA03", "L04AA04", "L04AB", "L04AC01", "H02", "A07EA01", "A07EA06")
    parts = [
        {**one, "lasts": "chronic", "lasts_reason": "it stays"} for one in (*rows(ICD10CM, *SEVEN), *rows(ATC, *atc))
    ]
    rules = write_rules(tmp_path / "rules", None, [valueset("x", *parts)])
    file = rules / "valuesets" / "x.json"
    before = loaded(rules)
    migrate(rules)
    assert len(json.loads(file.read_text(encoding="utf-8"))["compose"]["include"]) == 2
    assert differing(before, loaded(rules)) == []
    assert migrate(rules).changed == 0


def test_codes_check_sees_the_prefixes_of_a_pattern_as_it_saw_those_of_filters(tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "rules", None, [valueset("x", *rows(ICD10CM, *SEVEN))])
    before = sorted(one.code for one in listed_codes(rules) if one.is_root and one.set_id == "x")
    migrate(rules)
    after = sorted(one.code for one in listed_codes(rules) if one.is_root and one.set_id == "x")
    assert before == after == sorted(SEVEN)
