"""What others send is parsed in one module for each kind of it: nothing else imports what it is parsed with, nor reads
a header field by itself. ruff's banned-api says the same to an editor (pyproject.toml)."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cds_service"

ADDRESSES, HEADERS = "wire/addresses.py", "wire/header_fields.py"
KEYS, OWN_KEYS = "cds_hooks/trust/keys.py", "cds_hooks/trust/signing.py"

BY = {
    (ADDRESSES,): "urlsplit urlparse urljoin parse_qs parse_qsl unquote unquote_plus unquote_to_bytes SplitResult",
    (HEADERS,): "base64 binascii b64decode urlsafe_b64decode SimpleCookie http.cookies base64url_decode jwt.utils",
    (KEYS,): "PyJWK PyJWKSet PyJWKClient",
    (KEYS, OWN_KEYS): "ECAlgorithm RSAAlgorithm jwt.algorithms",
}
ONLY_IN = {name: modules for modules, names in BY.items() for name in names.split()}
"""What is imported to parse with, and by whom alone."""


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of everything that is imported: modules, and what is taken of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.lineno, node.module
            yield from ((node.lineno, alias.name) for alias in node.names)


def read_by_itself(tree: ast.AST) -> Iterator[int]:
    """Lines where a field is taken out of `….headers`."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(
                value=ast.Attribute(attr="headers"), attr="get" | "getlist" | "get_list" | "items" | "raw"
            ):
                yield node.lineno
            case ast.Subscript(value=ast.Attribute(attr="headers"), ctx=ast.Load()):
                yield node.lineno


SOURCES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def tree_of(name: str) -> ast.AST:
    return ast.parse((PACKAGE / name).read_text(encoding="utf-8"))


def test_what_others_send_is_parsed_in_its_own_module() -> None:
    found = [
        f"{name}:{line}: {what}"
        for name in SOURCES
        for line, what in imported(tree_of(name))
        if what in ONLY_IN and name not in ONLY_IN[what]
    ]
    assert found == []


def test_a_header_field_is_read_in_its_own_module() -> None:
    found = [f"{name}:{line}" for name in SOURCES if name != HEADERS for line in read_by_itself(tree_of(name))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "request.headers.get('origin')",
        "request.headers['host']",
        "response.headers.getlist('a')",
        "int(r.headers['x'])",
    ],
)
def test_reading_one_elsewhere_is_noticed(source: str) -> None:
    assert list(read_by_itself(ast.parse(source))) == [1]


def test_writing_one_is_not() -> None:
    assert list(read_by_itself(ast.parse("response.headers['Vary'] = 'Origin'"))) == []


def test_ruff_says_so_too() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]
    banned = settings["flake8-tidy-imports"]["banned-api"]
    assert {
        "urllib.parse.urlsplit",
        "urllib.parse.urljoin",
        "base64",
        "http.cookies",
        "jwt.algorithms",
    } <= banned.keys()
