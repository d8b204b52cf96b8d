"""Suites that others wrote for JSONLogic: each case in our subset must come out as they say, once all is known.

A suite speaks mostly of constants, which our rules compare with nothing. So each case is tried as it is, with the first
constant of each comparison and sum turned into a fact of that value, and, where it gives a number, compared with it.
"""

import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.logic import FactType, Program, Vocabulary
from cds_service.logic.check import typed_rule

ARCHIVE = Path(__file__).parents[2].parent / "shared" / "data" / "jsonlogic-suites.zip"
AS_OF = date(2026, 11, 24)
LIFTED = ("==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "min", "max")
AT_LEAST = {"compat-tables": 170, "jwadhams": 70, "certlogic": 40}

Case = tuple[Any, Any, Any]


def cases_in(name: str, content: Any) -> Iterator[Case]:
    """Rule, data and expected result of each case of one file."""
    if name.startswith("jwadhams"):
        yield from (tuple(case) for case in content if isinstance(case, list))
    elif name.startswith("compat-tables/suites"):
        for case in content:
            if isinstance(case, dict) and "result" in case:
                yield case["rule"], case.get("data"), case["result"]
    elif "specification/testSuite/" in name:
        for case in content["cases"]:
            for told in case["assertions"]:
                rule = told.get("certLogicExpression", case.get("certLogicExpression"))
                yield rule, told["data"], told["expected"]


def foreign_cases() -> list[tuple[str, Case]]:
    """Every case of every suite, with the file it stands in."""
    if not ARCHIVE.exists():
        pytest.skip(f"{ARCHIVE} is not there: the third-party JSONLogic suites are not part of this repository")
    found = []
    with zipfile.ZipFile(ARCHIVE) as archive:
        for name in archive.namelist():
            if name.endswith(".json") and "index.json" not in name and "results" not in name:
                content = json.loads(archive.read(name))
                found += [(name, case) for case in cases_in(name, content)]
    return found


def lift(rule: Any, facts: dict[str, Any]) -> Any:
    """The rule with the first constant of each call turned into a fact, which is added to `facts`."""
    if isinstance(rule, list):
        return [lift(part, facts) for part in rule]
    if not isinstance(rule, dict) or len(rule) != 1:
        return rule
    [(operator, body)] = rule.items()
    if operator not in LIFTED or not isinstance(body, list):
        return {operator: body if operator in ("var", "some", "all", "none") else lift(body, facts)}
    args = [arg if isinstance(arg, list) else lift(arg, facts) for arg in body]
    for i, arg in enumerate(args):
        if isinstance(arg, str | int | float) and not isinstance(arg, bool):
            facts[f"constant{len(facts)}"] = arg
            args[i] = {"var": f"constant{len(facts) - 1}"}
            break
    return {operator: args}


def flat(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The scalars of the data by their dotted paths."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from flat(value, (*path, str(key)))
    elif data is not None and path and all(path):
        yield ".".join(path), data


def settled(scalars: dict[str, Any]) -> tuple[dict[str, FactType], dict[str, Any]]:
    """Types and document of facts that have these values."""
    codes = frozenset(value for value in scalars.values() if isinstance(value, str)) | {"a", "b", "apple", "banana"}
    types: dict[str, FactType] = {}
    document: dict[str, Any] = {}
    for name, value in scalars.items():
        node: dict[str, Any] = {"is": value}
        if isinstance(value, bool):
            types[name] = FactType("boolean", name)
        elif isinstance(value, str):
            types[name] = FactType("code", name, values=codes)
        else:
            types[name] = FactType("number", name)
            node = {"lo": value, "hi": value}
        place = document
        for step in name.split("."):
            place = place.setdefault(step, {})
        place.update(node)
    return types, document


def variants(rule: Any, data: Any, expected: Any) -> Iterator[Case]:
    """The case as it is and as a question about facts."""
    scalars = dict(flat(data))
    lifted_facts = dict(scalars)
    for form, facts in ((rule, scalars), (lift(rule, lifted_facts), lifted_facts)):
        if isinstance(expected, bool):
            yield form, facts, expected
        elif isinstance(expected, int | float) and isinstance(form, dict):
            yield {"==": [form, expected]}, facts, True


@pytest.mark.parametrize("suite", AT_LEAST)
def test_every_case_in_our_subset_agrees(suite: str) -> None:
    tried = 0
    for name, case in foreign_cases():
        if not name.startswith(suite):
            continue
        agreed = False
        for rule, scalars, expected in variants(*case):
            types, document = settled(scalars)
            typed, _ = typed_rule(rule, Vocabulary(types))
            # A null means unknown here, so a rule with one is no question about known facts.
            if typed is not None and "null" not in json.dumps(rule):
                outcomes = Program([typed]).evaluate(document, AS_OF)
                assert outcomes.truths == (expected,), (name, rule, scalars)
                agreed = True
        tried += agreed
    assert tried >= AT_LEAST[suite], tried
