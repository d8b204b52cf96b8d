"""Words that name a disease name what it is a kind of, too: nobody writes both."""

import pytest

from cds_service.facts.catalogue import SetTables
from cds_service.library import Library
from tests.facts.words.test_unread import condition, said_of


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        ("Akute Promyelozytenleukämie", "condition.malignancy"),
        ("急性早幼粒", "condition.malignancy"),
        ("急性髓系白血病", "condition.malignancy"),
        ("CNS ALL", "condition.malignancy"),
        ("SMA1", "condition.cns_disease"),
        ("Infantile spinale Muskelatrophie, Typ I [Typ Werdnig-Hoffmann]", "condition.cns_disease"),
        ("amyotropic lateral sclerosis", "condition.cns_disease"),
        ("丁型肝炎", "condition.infection"),
        ("cold", "condition.infection"),
        ("swine flu", "condition.pulmonary_infection"),
        ("extramedullary relapse", "condition.aml"),
    ],
)
def test_words_name_what_a_disease_is_a_kind_of(library: Library, words: str, fact: str) -> None:
    assert said_of(library, fact, condition(words))[0] is None


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        ("AML", "condition.other_malignancy_than_aml"),
        ("swine flu", "condition.cns_disease"),
    ],
)
def test_and_nothing_else(library: Library, words: str, fact: str) -> None:
    assert said_of(library, fact, condition(words))[0] is False


def test_the_smallest_set_says_what_is_meant() -> None:
    tables = SetTables(ids=("lupus", "autoimmune", "other", "signs"))
    tables.included.add(0, "s", ["l1", "l2"])
    tables.included.add(1, "s", ["l1", "l2", *(f"a{n}" for n in range(20))])
    tables.included.add(2, "s", [f"a{n}" for n in range(20)])
    tables.included.add(3, "t", ["sign"])
    tables.hints = {"lupus": [1, 0], "L": [0], "arthritis": [1], "rash": [3]}
    tables.spread_hints()
    assert tables.hints == {"lupus": [1, 0], "L": [0, 1], "arthritis": [1, 2], "rash": [3]}
