"""Each finding: a rule that has the fault, and the place that is named."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from cds_service.logic import Vocabulary
from cds_service.logic.check import FINDINGS, read_rule
from tests.logic.small_world import FACTS, VOCABULARY

HB, ECOG, SEX, STROKE = {"var": "lab.hb"}, {"var": "score.ecog"}, {"var": "patient.sex"}, {"var": "condition.stroke"}
AGE, SITS, ONSET, COPIES = {"var": "patient.age"}, {"var": "sits"}, {"var": "onset.days_since"}, {"var": "score.copies"}
LIMIT = {"quantity": [80, "g/L"]}
MONTHS = {"quantity": [2, "mo"]}


def nested(levels: int) -> Any:
    rule: Any = SITS
    for _ in range(levels):
        rule = {"!": [rule]}
    return rule


TESTS_IN_TESTS: Any = SITS
for _ in range(12):
    TESTS_IN_TESTS = {"if": [TESTS_IN_TESTS, SITS, STROKE]}
NUMBERS_IN_NUMBERS: Any = ECOG
for _ in range(12):
    NUMBERS_IN_NUMBERS = {"if": [SITS, COPIES, NUMBERS_IN_NUMBERS]}

# code, rule, pointer below the rule, part of the message or hint
FAULTS: list[tuple[str, Any, str, str]] = [
    ("not-json", {"!": [{1, 2}]}, "/!/0", "set"),
    ("not-one-key", {"and": [SITS], "or": [SITS]}, "", "this one has 2"),
    ("not-one-key", {"and": [{}]}, "/and/0", "this one has 0"),
    ("unknown-operator", {"nad": [SITS]}, "/nad", "did you mean 'and'?"),
    ("unknown-operator", {"and": [{"withing": [STROKE, MONTHS]}]}, "/and/0/withing", "did you mean 'within'?"),
    ("unknown-operator", {"AND": [SITS]}, "/AND", "did you mean 'and'?"),
    ("unknown-operator", {"Within": [STROKE, MONTHS]}, "/Within", "did you mean 'within'?"),
    ("unknown-operator", {"≥": [HB, 80]}, "/≥", "did you mean '>='?"),
    ("unknown-operator", {"=": [HB, 80]}, "/=", "did you mean '=='?"),
    ("unknown-operator", {"NOT": [SITS]}, "/NOT", "did you mean '!'?"),
    ("unknown-operator", {"between": [HB, 80, 120]}, "/between", 'write {"<=": [the least, '),
    ("unknown-operator", {"a/b~c": [SITS]}, "/a~1b~0c", "unknown operator 'a/b~c'"),
    ("operator-refused", {"missing": ["sits"]}, "/missing", "a missing fact is unknown by itself"),
    ("operator-refused", {"!": {"??": [SITS, True]}}, "/!/??", "a missing fact is unknown by itself"),
    ("operator-refused", {"filter": [STROKE, {"var": "active"}]}, "/filter", "use some, all or none"),
    ("operator-refused", {"val": "sits"}, "/val", "write 'var'"),
    ("arity", {"and": []}, "/and", "takes at least 1"),
    ("arity", {"!": [SITS, SITS]}, "/!", "takes 1 argument, here 2"),
    ("arity", {"==": [SEX]}, "/==", "takes 2 arguments, here 1"),
    ("arity", {"<": [1, 2, ECOG, 4]}, "/<", "takes 2 to 3 arguments, here 4"),
    ("bad-var", {"var": []}, "/var", "the name of one fact"),
    ("bad-var", {"and": [{"var": ""}]}, "/and/0/var", "the name of one fact"),
    ("bad-var", {"var": [SITS]}, "/var", "the name of one fact"),
    ("var-default", {"<=": [{"var": ["score.ecog", 0]}, 2]}, "/<=/0/var", "would let missing data decide"),
    ("bad-quantity", {">=": [HB, {"quantity": [1, 5, "g/L"]}]}, "/>=/1/quantity", '[1.5, "g/L"]}, with a point'),
    ("bad-quantity", {">=": [HB, {"quantity": 80}]}, "/>=/1/quantity", "a number and a unit"),
    ("bad-quantity", {">=": [HB, {"quantity": ["80", "g/L"]}]}, "/>=/1/quantity", "a number and a unit"),
    ("bad-quantity", {">=": [HB, {"quantity": [True, "g/L"]}]}, "/>=/1/quantity", "a number and a unit"),
    ("bad-quantity", {">=": [HB, {"quantity": [80, ""]}]}, "/>=/1/quantity", "a number and a unit"),
    ("number-out-of-range", {"<=": [ECOG, 1e15]}, "/<=/1", "outside"),
    ("number-out-of-range", {"<=": [ECOG, float("nan")]}, "/<=/1", "outside"),
    ("number-out-of-range", {"in": [ECOG, [1, float("inf")]]}, "/in/1/1", "outside"),
    ("number-out-of-range", {">=": [HB, {"quantity": [1e300, "g/L"]}]}, "/>=/1/quantity", "outside"),
    ("bad-list", {"in": [SEX, ["male", SITS]]}, "/in/1/1", "codes or numbers only"),
    ("bad-list", {"in": [SEX, [True]]}, "/in/1/0", "codes or numbers only"),
    ("bad-list", {"in": [SEX, []]}, "", "a fact and a list"),
    ("bad-list", {"in": [SEX, "male"]}, "", "a fact and a list"),
    ("bad-list", {"in": [SEX, SITS]}, "", "a fact and a list"),
    ("bad-list", {"in": [ECOG, [1, "male"]]}, "/in/1", "either codes or numbers"),
    ("rule-too-large", nested(25), "/!/0" * 25, "deeper than 24 levels"),
    ("rule-too-large", {"or": [{"in": [ECOG, list(range(1000))]}] * 3}, "/or/1/in/1", "larger than 2000 nodes"),
    ("rule-too-large", TESTS_IN_TESTS, "", "grows too large"),
    ("rule-too-large", {"<=": [NUMBERS_IN_NUMBERS, 1]}, "", "grows too large"),
    ("rule-too-large", {"if": [SITS, STROKE] * 200 + [True]}, "", "grows too large"),
    ("unknown-fact", {">=": [{"var": "lab.hbb"}, LIMIT]}, "/>=/0", "did you mean 'lab.hb'?"),
    ("unknown-fact", {"var": "zzzzzzzz"}, "", "rules show"),
    ("unknown-fact", {"==": [{"var": "patient.sexx"}, "male"]}, "/==/0", "did you mean 'patient.sex'?"),
    ("unknown-fact", {"within": [{"var": "condition.strok"}, MONTHS]}, "/within/0", "'condition.stroke'"),
    ("unknown-fact", {"and": [{"var": "lab.x"}, {"var": "lab.y"}]}, "/and/0", "lab.x"),
    ("unknown-fact", {"<": [{"if": [{"var": "condition.strok"}, 1, ECOG]}, 2]}, "/</0/if/0", "'condition.stroke'"),
    ("unknown-field", {"some": [STROKE, {"var": "aktive"}]}, "/some/1", "did you mean 'active'?"),
    ("unknown-field", {"some": [STROKE, SITS]}, "/some/1", "fields: active"),
    ("unknown-field", {"some": [STROKE, {"<": [ECOG, 1]}]}, "/some/1/</0", "fields: active"),
    ("unknown-code", {"==": [SEX, "femal"]}, "", "did you mean 'female'?"),
    ("unknown-code", {"in": [SEX, ["x"]]}, "", "it can be: female, male"),
    ("not-a-condition", 5, "", "neither true nor false"),
    ("not-a-condition", "male", "", "neither true nor false"),
    ("not-a-condition", {"!": [LIMIT]}, "/!/0", "neither true nor false"),
    ("not-a-condition", HB, "", "'lab.hb' is a number"),
    ("not-a-condition", {"and": [SITS, SEX]}, "/and/1", '{"==": [{"var": "…"}, "positive"]}'),
    ("not-a-condition", {"if": [SITS, ECOG, True]}, "/if/1", "is a number"),
    ("not-a-condition", {"+": [ECOG, 1]}, "", "'+' gives a number"),
    ("type-mismatch", {"==": [HB, "male"]}, "", "'lab.hb' is a number; 'male' is a code"),
    ("type-mismatch", {"==": ["male", "male"]}, "", "with a coded fact only"),
    ("type-mismatch", {"in": [{"+": [ECOG]}, ["male"]]}, "", "with a coded fact only"),
    ("type-mismatch", {"<": [SEX, 5]}, "/</0", "is a code, not a number"),
    ("type-mismatch", {"<": [SITS, 5]}, "/</0", "is a boolean, not a number"),
    ("type-mismatch", {"<": [{"var": "defined.steady"}, 5]}, "/</0", "is true or false, not a number"),
    ("type-mismatch", {"<": [ECOG, "2"]}, "/</1", "'2' is not a number"),
    ("type-mismatch", {"<": [{"*": [ECOG, "2"]}, 1]}, "/</0/*/1", "'2' is not a number"),
    ("type-mismatch", {"<": [{"+": [ECOG, "2"]}, 1]}, "/</0/+/1", "'2' is not a number"),
    ("type-mismatch", {"<": [{"if": [SITS, "2", ECOG]}, 1]}, "/</0/if/1", "'2' is not a number"),
    ("type-mismatch", {"<": [ECOG, True]}, "/</1", "True is not a number"),
    ("type-mismatch", {"<": [{"!": [SITS]}, 5]}, "/</0", "'!' gives true or false"),
    ("type-mismatch", {"<": [{"+": [ECOG, SEX]}, 5]}, "/</0/+/1", "is a code, not a number"),
    ("type-mismatch", {"<": [{"*": [ECOG, SEX]}, 5]}, "/</0/*/1", "is a code, not a number"),
    ("type-mismatch", {"within": [SITS, MONTHS]}, "", "takes an event fact; 'sits' is a boolean"),
    ("type-mismatch", {"active": ["condition.stroke"]}, "", "takes an event fact, by 'var'"),
    ("type-mismatch", {"within": [STROKE, 4]}, "", 'write {"quantity": [4, "wk"]}'),
    ("not-a-condition", {"==": [SITS, 1]}, "/==/1", "neither true nor false"),
    ("compared-with-null", {"==": [SEX, None]}, "", "a missing fact is unknown by itself"),
    ("compared-with-null", {"!=": [None, SITS]}, "", "a missing fact is unknown by itself"),
    ("if-without-else", {"if": [SITS, True, STROKE, False]}, "", "needs an else"),
    ("if-without-else", {"<": [{"if": [SITS, ECOG, STROKE, 2]}, 1]}, "/</0", "needs an else"),
    ("no-fact", {"<": [1, 2]}, "", "reads no fact"),
    ("no-fact", {"==": [{"+": [1, 2]}, 3]}, "", "reads no fact"),
    ("no-fact", {"<": [1, 2, ECOG]}, "", "reads no fact"),
    ("missing-unit", {">=": [HB, 80]}, "/>=/1", 'write {"quantity": [80, "g/L"]}'),
    ("missing-unit", {">=": [ONSET, 6]}, "/>=/1", 'write {"quantity": [2, "mo"]}'),
    ("missing-unit", {"in": [HB, [70, 80]]}, "/in/1", "70 has none"),
    ("missing-unit", {">=": [AGE, 18]}, "", 'write {"quantity": [18, "a"]}'),
    ("missing-unit", {">=": [AGE, AGE]}, "", "compared with a length of time"),
    ("missing-unit", {">=": [HB, {"+": [{"var": "lab.alb"}, 5]}]}, "/>=/1/+/1", "5 has none"),
    ("unit-of-another-dimension", {">=": [HB, {"quantity": [8, "mmol/L"]}]}, "/>=/1", "its units: g/L, g/dL"),
    ("unit-of-another-dimension", {">=": [HB, {"quantity": [8, "g/dl"]}]}, "/>=/1", "did you mean 'g/dL'?"),
    ("unit-of-another-dimension", {">=": [ECOG, {"quantity": [8, "g/L"]}]}, "/>=/1", "write the bare number"),
    ("unit-of-another-dimension", {">=": [AGE, {"quantity": [18, "y"]}]}, "/>=/1", "use d, wk, mo or a"),
    ("unit-of-another-dimension", {">=": [ONSET, {"quantity": [18, "g/L"]}]}, "/>=/1", "not a unit of time"),
    ("unit-of-another-dimension", {"within": [STROKE, {"quantity": [18, "h"]}]}, "/within/1", "not a unit of time"),
    ("bad-duration", {">=": [AGE, {"quantity": [18.5, "a"]}]}, "/>=/1", "not a whole number"),
    ("bad-duration", {"within": [STROKE, {"quantity": [-1, "wk"]}]}, "/within/1", "not a whole number"),
    ("bad-duration", {"within": [STROKE, {"quantity": [10_000, "d"]}]}, "/within/1", "0 to 9999"),
    ("unit-mismatch", {"<": [HB, ECOG]}, "", "Haemoglobin (g/L) can't be compared with ECOG"),
    ("unit-mismatch", {"<": [AGE, ONSET]}, "", "Age (an age) can't be compared with Time since onset (a time)"),
    ("unit-mismatch", {"<": [{"+": [HB, ECOG]}, LIMIT]}, "/</0", "g/L, no unit"),
    ("unit-mismatch", {"<": [{"+": [AGE, AGE]}, MONTHS]}, "/</0", "joins different things"),
    ("unit-mismatch", {"<": [{"*": [HB, HB]}, LIMIT]}, "/</0", "use a derived fact"),
    ("unit-mismatch", {"<": [{"*": [AGE, 2]}, MONTHS]}, "/</0", "use a derived fact"),
    ("unit-mismatch", {"<": [{"/": [ECOG, HB]}, 1]}, "/</0", "use a derived fact"),
    ("unit-mismatch", {"<": [{"*": [HB, MONTHS]}, LIMIT]}, "/</0", "bare numbers beside one fact"),
    ("division-by-zero", {"<": [{"/": [ECOG, 0]}, 1]}, "/</0", "the divisor is 0"),
    ("division-by-zero", {"<": [{"%": [ECOG, 0]}, 1]}, "/</0", "the divisor is 0"),
    ("nested-records", {"some": [STROKE, {"some": [STROKE, True]}]}, "/some/1", "can't stand inside another"),
    ("nested-records", {"some": [STROKE, {"active": [STROKE]}]}, "/some/1", "can't stand inside another"),
    ("nested-records", {"none": [STROKE, {"within": [STROKE, MONTHS]}]}, "/none/1", "can't stand inside another"),
    ("never-true", {"and": [{"<": [HB, LIMIT]}, {">": [HB, {"quantity": [18, "g/dL"]}]}]}, "", "never true"),
    ("never-true", False, "", "never true"),
    ("never-false", {"or": [{"<": [HB, {"quantity": [18, "g/dL"]}]}, {">": [HB, LIMIT]}]}, "", "never false"),
    ("never-false", {"in": [SEX, ["male", "female"]]}, "", "never false"),
]


@pytest.mark.parametrize(("code", "rule", "pointer", "said"), FAULTS, ids=[f"{f[0]}-{i}" for i, f in enumerate(FAULTS)])
def test_the_fault_is_found_at_its_place(code: str, rule: Any, pointer: str, said: str) -> None:
    typed, findings = read_rule(rule, VOCABULARY, pointer="/criteria/3/logic")
    first = next(iter(findings))
    assert typed is None
    assert {f.code for f in findings} == {code}
    assert (first.pointer, first.severity) == ("/criteria/3/logic" + pointer, "error")
    assert said in f"{first.message} {first.hint}"


def test_every_fault_is_reported_not_only_the_first() -> None:
    rule = {"and": [{"var": "lab.x"}, {">=": [HB, 80]}, {"nott": [SITS]}, {"==": [SEX, "femal"]}]}
    parsed, _ = read_rule({"and": rule["and"][:2] + rule["and"][3:]}, VOCABULARY)
    _, findings = read_rule({"and": rule["and"][:2] + rule["and"][3:]}, VOCABULARY)
    assert parsed is None
    assert [(f.code, f.pointer) for f in findings] == [
        ("unknown-fact", "/and/0"),
        ("missing-unit", "/and/1/>=/1"),
        ("unknown-code", "/and/2"),
    ]


def defining(**definitions: Any) -> Vocabulary:
    return Vocabulary(FACTS, definitions)


def test_a_fault_in_a_definition_is_reported_where_it_is_used() -> None:
    vocabulary = defining(frail={"and": [{"var": "lab.x"}, {">=": [HB, 80]}]})
    typed, findings = read_rule({"!": [{"var": "frail"}]}, vocabulary)
    assert typed is None
    assert [(f.code, f.pointer) for f in findings] == [("unknown-fact", "/!/0"), ("missing-unit", "/!/0")]
    assert "in the definition of 'frail'" in next(iter(findings)).message


def test_a_definition_that_does_not_parse_is_reported_where_it_is_used() -> None:
    typed, findings = read_rule({"var": "frail"}, defining(frail={"nand": [SITS]}))
    assert typed is None
    assert [(f.code, f.pointer) for f in findings] == [("unknown-operator", "")]


def test_circular_definition() -> None:
    vocabulary = defining(a={"var": "b"}, b={"!": [{"var": "a"}]})
    typed, findings = read_rule({"and": [{"var": "a"}]}, vocabulary)
    assert typed is None
    assert [(f.code, f.pointer) for f in findings] == [("circular-definition", "/and/0")]
    assert "a → b → a" in next(iter(findings)).message


def codes_in_source() -> set[str]:
    """Every code that is given to `Findings.at` anywhere in the package."""
    codes: set[str] = set()
    for path in Path(read_rule.__code__.co_filename).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "at":
                given = {n.value for n in ast.walk(node.args[1]) if isinstance(n, ast.Constant)}
                codes |= {code for code in given if isinstance(code, str) and re.fullmatch(r"[a-z]+(-[a-z]+)*", code)}
    return codes


def test_the_table_of_findings_is_complete() -> None:
    assert codes_in_source() == set(FINDINGS)
    assert {fault[0] for fault in FAULTS} | {"circular-definition"} == set(FINDINGS)
