"""Every issue code that the package raises is documented, and every documented one is raised."""

import ast
import re
from pathlib import Path

from cds_service import fhir
from cds_service.fhir import ISSUE_CODES

CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")


def raised() -> set[str]:
    codes: set[str] = set()
    for path in Path(fhir.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                position = {"Issue": 1, "_note": 1, "doubt": 0}.get(name)
                if position is not None and isinstance(node.args[position], ast.Constant):
                    codes.add(str(node.args[position].value))
    return codes


def test_every_code_is_documented_and_used() -> None:
    # These two are chosen between in a variable (decode._faulty).
    assert raised() | {"malformed_resource", "modifier"} == ISSUE_CODES.keys()


def test_codes_are_in_order_and_explained_in_a_sentence() -> None:
    assert list(ISSUE_CODES) == sorted(ISSUE_CODES)
    for code, meaning in ISSUE_CODES.items():
        assert CODE.fullmatch(code)
        assert meaning.endswith(".")
