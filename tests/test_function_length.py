"""A function is at most sixty lines, its decorators and docstring included (CONTRIBUTING.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("cds_service", "tools", "benchmarks")
MOST = 60


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Each function, however deep, with its length in lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - first + 1


def test_no_function_is_longer() -> None:
    for folder in FOLDERS:
        paths = (ROOT / folder).rglob("*.py")
        found = [(path, name, lines) for path in paths for name, lines in functions(path.read_text())]
        assert len(found) > 100
        assert [f"{path.relative_to(ROOT)}: {name} has {lines}" for path, name, lines in found if lines > MOST] == []


def test_a_nested_one_counts_for_itself_and_for_the_one_around_it() -> None:
    source = "class C:\n    @staticmethod\n    async def outer():\n        def inner():\n" + "            pass\n" * 61
    assert dict(functions(source)) == {"outer": 64, "inner": 62}
