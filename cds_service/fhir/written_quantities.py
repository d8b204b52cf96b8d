"""A quantity whose number was sent as text that JSON's numbers do not have: with a comparator (`"<0.2"`) or a comma."""

import html
import re
import unicodedata
from decimal import Decimal
from typing import Any

_ELEMENTS = frozenset({"id", "extension", "value", "_value", "comparator", "unit", "system", "code"})
_SIGNS = {"≤": "<=", "≥": ">=", "≦": "<=", "≧": ">=", "=<": "<=", "=>": ">="}
# A comma is the decimal mark, but for three digits behind it: those may be thousands.
_WRITTEN = re.compile(
    r"(?P<sign><=|>=|=<|=>|[<>≤≥≦≧])?\s*(?P<number>[+-]?[0-9]{1,30}(?:\.[0-9]{1,30}|,[0-9]{1,2}|,[0-9]{4,30})?)"
)


def with_number(node: dict[str, Any]) -> dict[str, Any]:
    """A JSON object; where it is a quantity with such a text as its `value`, with a number and a comparator instead."""
    text = node.get("value")
    if not isinstance(text, str) or not node.keys() <= _ELEMENTS or not ({"unit", "code"} & node.keys()):
        return node
    found = _WRITTEN.fullmatch(unicodedata.normalize("NFKC", html.unescape(text)).strip())
    if found is None or (found["sign"] and node.get("comparator")):
        return node
    number = {"value": Decimal(found["number"].replace(",", "."))}
    sign = found["sign"]
    return {**node, **number, "comparator": _SIGNS.get(sign, sign)} if sign else {**node, **number}
