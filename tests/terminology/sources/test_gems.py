"""The General Equivalence Mappings: the installed map, and an invented one for each flag and fault."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from cds_service.terminology.sources import Equivalence, SourceError, open_equivalences, read_equivalences, sharing

HEADING = '"icd9cm","icd10cm","flags","approximate","no_map","combination","scenario","choice_list"'


@pytest.fixture(scope="module")
def to_ten() -> Mapping[str, Equivalence]:
    return open_equivalences()[0]


@pytest.mark.parametrize(
    ("source", "alternatives", "approximate"),
    [
        ("001.0", [("A00.0",)], False),
        ("710.0", [("M32.10",)], True),
        ("335.20", [("G12.21",)], True),
        # It has the target of 335.20, though it is another disease: the flags do not tell them apart, names do.
        ("335.21", [("G12.21",)], True),
        ("073.0", [("A70", "J17")], True),
        ("365.70", [], True),
        (
            "249.51",
            [
                *(("E08.311", "E08.65"), ("E08.319", "E08.65"), ("E08.36", "E08.65"), ("E08.39",)),
                *(("E09.311", "E08.65"), ("E09.319", "E08.65"), ("E09.36", "E08.65"), ("E09.39",)),
            ],
            True,
        ),
    ],
)
def test_the_installed_map_is_read_as_its_flags_say(
    to_ten: Mapping[str, Equivalence], source: str, alternatives: list[tuple[str, ...]], approximate: bool
) -> None:
    assert to_ten[source] == Equivalence(source, tuple(alternatives), approximate)


def test_the_installed_maps_are_whole() -> None:
    to_ten, to_nine = open_equivalences()
    assert (len(to_ten), len(to_nine)) == (14_567, 69_832)
    assert to_nine["G12.21"].alternatives == (("335.20",), ("335.21",))
    assert sum(not one.alternatives for one in to_ten.values()) == 425
    assert {code for code in to_ten if code.startswith("E") and code[4:5] not in {".", ""}} == set()


@pytest.mark.parametrize(
    ("target", "sources"),
    [
        ("G12.21", {"335.20", "335.21"}),
        ("M32.10", {"710.0"}),
        ("J17", {"073.0", "115.15", "115.95", "484.7", "484.8", "517.1"}),
    ],
)
def test_the_codes_that_become_one_are_known(to_ten: Mapping[str, Equivalence], target: str, sources: set[str]) -> None:
    assert sharing(to_ten)[target] == sources


def read(tmp_path: Path, *rows: str, heading: str = HEADING) -> Mapping[str, Equivalence]:
    path = tmp_path / "map.csv"
    path.write_bytes("".join(f"{row}\n" for row in (heading, *rows)).encode())
    return read_equivalences(str(path), "icd9cm", "icd10cm")


def row(source: str, target: str, flags: str) -> str:
    return f'"{source}","{target}","{flags}",{",".join(flags)}'


@pytest.mark.parametrize(
    ("rows", "alternatives", "approximate"),
    [
        pytest.param([("Z990", "00000")], [("Z99.0",)], False, id="the same"),
        pytest.param([("Z990", "10000")], [("Z99.0",)], True, id="nearly the same"),
        pytest.param([("Z991", "10000"), ("Z990", "10000")], [("Z99.0",), ("Z99.1",)], True, id="one of two"),
        pytest.param([("NoDx", "11000")], [], True, id="nothing"),
        pytest.param([("Z990", "10111"), ("Z991", "10112")], [("Z99.0", "Z99.1")], True, id="both together"),
        pytest.param(
            [("Z990", "10111"), ("Z991", "10112"), ("Z992", "10112")],
            [("Z99.0", "Z99.1"), ("Z99.0", "Z99.2")],
            True,
            id="one, and one of two",
        ),
        pytest.param(
            [("Z990", "10111"), ("Z991", "10112"), ("Z993", "10121"), ("Z994", "10122"), ("Z995", "10123")],
            [("Z99.0", "Z99.1"), ("Z99.3", "Z99.4", "Z99.5")],
            True,
            id="two scenarios",
        ),
        pytest.param(
            [("Z990", "10000"), ("Z991", "10111"), ("Z992", "10112")],
            [("Z99.0",), ("Z99.1", "Z99.2")],
            True,
            id="one alone, or two together",
        ),
    ],
)
def test_flags_make_alternatives(
    tmp_path: Path, rows: list[tuple[str, str]], alternatives: list[tuple[str, ...]], approximate: bool
) -> None:
    found = read(tmp_path, *(row("99998", target, flags) for target, flags in rows))
    assert found == {"999.98": Equivalence("999.98", tuple(alternatives), approximate)}


@pytest.mark.parametrize(
    ("alternatives", "within"),
    [
        ([], False),
        ([("A",)], True),
        ([("X",)], False),
        ([("A",), ("B",)], True),
        ([("A",), ("X",)], False),
        ([("A", "X")], True),  # both hold, so one of the set does
        ([("A", "X"), ("X", "Y")], False),
        ([("A", "X"), ("B", "Y")], True),
    ],
)
def test_a_code_is_within_a_set_if_each_alternative_has_a_part_in_it(
    alternatives: list[tuple[str, ...]], within: bool
) -> None:
    assert Equivalence("999.98", tuple(alternatives), approximate=True).is_within(frozenset({"A", "B"})) is within


def test_the_targets_are_all_codes_of_all_alternatives() -> None:
    assert Equivalence("999.98", (("A", "X"), ("B",)), approximate=True).targets == {"A", "B", "X"}


@pytest.mark.parametrize(
    ("rows", "where", "problem"),
    [
        ([], "", "holds no equivalence"),
        ([row("99998", "Z990", "00000") + ",1"], ":2", "9 columns instead of 8"),
        (['"99998","Z990","10000",0,0,0,0,0'], ":2", "are not the five columns after them"),
        ([row("99998", "Z990", "20000")], ":2", "are not the five columns"),
        ([row("99998", "Z990", "1x000")], ":2", "are not the five columns"),
        ([row("999.98", "Z990", "00000")], ":2", "no codes without their points"),
        ([row("99998", "NoDx", "10000")], ":2", "no codes without their points"),
        ([row("99998", "Z990", "10011")], ":2", "a combination, and nothing else, has a scenario"),
        ([row("99998", "Z990", "10100")], ":2", "a combination, and nothing else, has a scenario"),
        ([row("99998", "Z990", "10110")], ":2", "a combination, and nothing else, has a scenario"),
        ([row("99998", "NoDx", "11000"), row("99998", "Z990", "10000")], "", "has no translation, and gives one"),
        (
            [row("99998", f"Z{number:03}", f"1011{1 + number % 2}") for number in range(80)],
            "",
            "more than 1000 combinations",
        ),
    ],
)
def test_a_fault_is_told(tmp_path: Path, rows: list[str], where: str, problem: str) -> None:
    with pytest.raises(SourceError) as error:
        read(tmp_path, *rows)
    assert error.value.where.endswith("map.csv" + where)
    assert problem in error.value.problem


def test_another_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"map\.csv:1: the columns are"):
        read(tmp_path, heading='"icd10cm","icd9cm","flags"')
