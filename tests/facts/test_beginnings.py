"""A `code regex` that says how codes begin is as good as the `is-a` filters it stands for; others need a release."""

from pathlib import Path
from typing import Any

import pytest

from cds_service.facts.catalogue import (
    ATC,
    ICD9CM_OPERATIONS,
    ICD10,
    ICD10CM,
    ICD10PCS,
    SNOMED,
    ValueSets,
    beginnings,
    load_codesystems,
    load_valuesets,
)
from tests.facts.small_rules import codes, lasting, under, valueset, write_rules


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("M10.*", "M10"),
        ("^M10.*$", "M10"),
        (r"E11\.[239].*", "E11.2 E11.3 E11.9"),
        ("A0[0-3].*", "A00 A01 A02 A03"),
        ("02B[4-689-B]0ZZ.*", "02B40ZZ 02B50ZZ 02B60ZZ 02B80ZZ 02B90ZZ 02BA0ZZ 02BB0ZZ"),
        ("(A0[12]|B20|I33\\.0).*", "A01 A02 B20 I33.0"),
        ("0(2(1[KL]|Y)|T[12]).*", "021K 021L 02Y 0T1 0T2"),
        (r"07\.([23]|94).*", "07.2 07.3 07.94"),
        ("(A[12]|A1).*", "A1 A2"),
        ("T84\\.(|[12]).*", None),  # which leaves out T84 itself
    ],
)
def test_what_a_pattern_means(pattern: str, meant: str | None) -> None:
    assert beginnings(pattern) == (None if meant is None else tuple(meant.split()))


@pytest.mark.parametrize(
    "pattern",
    [
        "M10",  # that code alone
        r"S72\..{3}[DS]",  # an end
        "M10|M11.*",  # M10 alone, or what begins with M11
        "M1.0.*",
        "M1[^0].*",
        "M1[0-9]+.*",
        "M1[0-9]{2}.*",
        r"M1\d.*",
        "(?:M10|M11).*",
        "(M10|M11)?.*",
        "m10.*",  # codes are written with capitals
        ".*",
        "(|M10).*",
        r"M10\..*",
        "(M10.*",
        "M10).*",
        "[0-9A-Z][0-9A-Z][0-9A-Z].*",  # more than a person means by a line
    ],
)
def test_a_pattern_that_asks_for_more_or_for_everything_is_no_beginning(pattern: str) -> None:
    assert beginnings(pattern) is None


def matching(system: str, pattern: str) -> dict[str, Any]:
    return {"system": system, "filter": [{"property": "code", "op": "regex", "value": pattern}]}


def loaded(
    folder: Path, *parts: dict[str, Any], exclude: list[dict[str, Any]] | None = None
) -> tuple[ValueSets, list[str]]:
    rules = write_rules(folder, [], [valueset("x", *parts, **({"exclude": exclude} if exclude else {}))])
    sets, findings = load_valuesets(rules, load_codesystems(rules)[0])
    return sets, [one.code for one in findings]


SAME = [
    # system, pattern, the same as prefixes, codes
    (ICD10PCS, "0D[BT][67]0.*", "0DB60 0DB70 0DT60 0DT70", "0DB60ZZ 0DT70ZZ 0DT74ZZ 0DB 0D"),
    (ICD10PCS, "0D[BT][67]0.*", "0DB60 0DB70 0DT60 0DT70", "0DT609Z"),  # a code of a later year
    (ICD10CM, r"(E11\.[23]|I33\.0).*", "E11.2 E11.3 I33.0", "E1121 E113293 E119 E11 I330 I33"),
    (ICD10, r"(E11\.[23]|I33\.0).*", "E11.2 E11.3 I33.0", "E112 E119 E11 I330"),
    (ICD9CM_OPERATIONS, r"81\.5[1-3].*", "81.51 81.52 81.53", "8151 8153 8154 815"),
    (ATC, "L04A(A0[34]|B).*", "L04AA03 L04AA04 L04AB", "L04AA03 L04AB02 L04AC01 L04A"),
]


@pytest.mark.parametrize(("system", "pattern", "prefixes", "asked"), SAME)
def test_a_pattern_is_what_its_prefixes_are_without_any_release(
    tmp_path: Path, system: str, pattern: str, prefixes: str, asked: str
) -> None:
    one, findings = loaded(tmp_path / "one", lasting("P3M", **matching(system, pattern)))
    many, others = loaded(tmp_path / "many", *(lasting("P3M", **under(system, each)) for each in prefixes.split()))
    assert findings == others == []
    assert one.tables.included == many.tables.included
    for code in asked.split():
        key = (system, code)
        assert one.members(key) == many.members(key), code
        assert one.above(key) == many.above(key), code
        assert one.lasts(("x",), key) == many.lasts(("x",), key), code
        assert one.open_to(key) == frozenset(), code
    assert one.made_with == many.made_with


def test_what_a_pattern_excludes_is_no_member(tmp_path: Path) -> None:
    sets, findings = loaded(
        tmp_path, lasting("chronic", **under(ICD10CM, "E11")), exclude=[matching(ICD10CM, r"E11\.[23].*")]
    )
    assert findings == []
    asked = ("E11", "E112", "E1131", "E119")
    assert [bool(sets.members((ICD10CM, code))) for code in asked] == [True, False, False, True]


def test_a_pattern_in_a_system_whose_codes_say_nothing_of_each_other_needs_a_release(tmp_path: Path) -> None:
    sets, findings = loaded(
        tmp_path, lasting("chronic", **matching(SNOMED, "5546400.*")), lasting("chronic", **codes(SNOMED, "86044005"))
    )
    assert findings == ["valueset-expansion-missing"]
    assert sets.members((SNOMED, "55464009")) == frozenset()
    assert sets.open_to((SNOMED, "55464009")) == {"x"}
