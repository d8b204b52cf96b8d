"""A public name of the package is one thing: each class is defined once.

Names that begin with `_` are their module's own affair.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "cds_service"
TWICE: Mapping[str, str] = {}
"""Class names that are defined more than once, each with the reason; three at most."""


def public_classes(source: str) -> Iterator[str]:
    """Every public class, however deep."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def named_twice(sources: Iterable[str]) -> set[str]:
    counted = Counter(name for source in sources for name in public_classes(source))
    return {name for name, times in counted.items() if times > 1}


def test_every_public_class_has_a_name_of_its_own() -> None:
    sources = [path.read_text() for path in PACKAGE.rglob("*.py")]
    assert sum(1 for source in sources for _ in public_classes(source)) > 600
    assert named_twice(sources) == set(TWICE)  # a reason that is no longer needed goes too


def test_the_list_of_reasons_stays_short() -> None:
    assert len(TWICE) <= 3
    assert all(TWICE.values())


def test_what_counts_as_named_twice() -> None:
    one, two = "class A: ...\nclass _B: ...\n", "def f():\n    class A: ...\nclass _B: ...\n"
    assert named_twice([one, two]) == {"A"}
    assert named_twice([one]) == set()
