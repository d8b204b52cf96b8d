"""Units by UCUM's own grammar: two codes are equal where they come to the same canonical form (https://ucum.org/ucum).

Grammar: `term ::= term ('.' | '/') component | '/' component | component`, `component ::= '(' term ')' | factor |
[prefix] atom [exponent] [annotation]`. Only the atoms that laboratories and vital signs use are known.

Stricter than UCUM in two ways, because equal dimension is not yet equal meaning. What stands above and below the line
is not cancelled: `g/g`, `mol/mol` and `1` differ. An annotation is ignored, as UCUM says, but not one that holds a
digit or a logarithm (`{1.73_m2}`, `{Log_copies}`): those change the number.
"""

import re
from decimal import Context, Decimal
from functools import lru_cache

from msgspec import Struct

_CONTEXT = Context(prec=40)
_LONGEST = 80
_DEEPEST = 8
_LARGEST_EXPONENT = 30

Dimensions = tuple[tuple[str, int], ...]


class UnitForm(Struct, frozen=True, gc=False):
    """What a unit comes to: the size of one in base units, and the base units above and below the line."""

    size: Decimal
    above: Dimensions
    below: Dimensions


_PREFIXES = {
    **dict(zip(("T", "G", "M", "k"), (12, 9, 6, 3), strict=True)),
    **dict(zip(("h", "da", "d", "c"), (2, 1, -1, -2), strict=True)),
    **dict(zip(("m", "u", "n", "p", "f", "a"), (-3, -6, -9, -12, -15, -18), strict=True)),
}

# Atom: whether it takes prefixes, its size, and its base units. Sizes: UCUM, tables 1 to 9.
_ATOMS: dict[str, tuple[bool, str, dict[str, int]]] = {
    "g": (True, "1", {"g": 1}),
    "m": (True, "1", {"m": 1}),
    "s": (True, "1", {"s": 1}),
    "rad": (True, "1", {"rad": 1}),
    "mol": (True, "1", {"mol": 1}),
    "L": (True, "0.001", {"m": 3}),
    "l": (True, "0.001", {"m": 3}),
    "min": (False, "60", {"s": 1}),
    "h": (False, "3600", {"s": 1}),
    "d": (False, "86400", {"s": 1}),
    "wk": (False, "604800", {"s": 1}),
    "mo": (False, "2629800", {"s": 1}),
    "a": (False, "31557600", {"s": 1}),
    "kat": (True, "1", {"mol": 1, "s": -1}),
    "U": (True, "0.000000016666666666666666666666666666666666666667", {"mol": 1, "s": -1}),
    "[iU]": (True, "1", {"[iU]": 1}),
    "[IU]": (True, "1", {"[iU]": 1}),
    "deg": (False, "0.01745329251994329576923690768488612713", {"rad": 1}),
    "[in_i]": (False, "0.0254", {"m": 1}),
    "[ft_i]": (False, "0.3048", {"m": 1}),
    "[in_us]": (False, "0.02540005080010160020320040640081280162560325", {"m": 1}),
    "[ft_us]": (False, "0.304800609601219202438404876809753619507239", {"m": 1}),
    "[lb_av]": (False, "453.59237", {"g": 1}),
    "[oz_av]": (False, "28.349523125", {"g": 1}),
    "m[Hg]": (True, "133322", {"g": 1, "m": -1, "s": -2}),
    "Pa": (True, "1000", {"g": 1, "m": -1, "s": -2}),
    "eq": (True, "1", {"eq": 1}),
    "osm": (True, "1", {"osm": 1}),
    "10*": (False, "10", {}),
    "10^": (False, "10", {}),
    "%": (False, "0.01", {}),
}
_ANNOTATION = re.compile(r"\{([\x21-\x7a|\x7c~]*)\}")
_SIMPLE = re.compile(r"(?P<atom>10[*^]|%|(?:\[[A-Za-z0-9_]+\]|[A-Za-z])+)?(?P<exponent>[+-]?[0-9]{1,2})?")
_INTEGER = re.compile(r"[0-9]{1,12}")
_TELLING = re.compile(r"[0-9]|log|lg|ln", re.IGNORECASE)


@lru_cache(maxsize=8_192)
def canonical(code: str) -> UnitForm | None:
    """The canonical form of a UCUM code, in which case matters; `None` where it is no code of atoms known here."""
    if not code or len(code) > _LONGEST:
        return None
    try:
        reader = _Reader(code)
        found = reader.term(0)
    except (_NoCodeError, ArithmeticError):
        return None
    return None if reader.rest else found.form()


class _NoCodeError(Exception):
    """Text that the grammar does not allow, or an atom that is not known."""


class _Product:
    """A product of units as it grows: size, and exponents above and below the line."""

    def __init__(self) -> None:
        self.size = Decimal(1)
        self.above: dict[str, int] = {}
        self.below: dict[str, int] = {}

    def times(self, other: "_Product", *, over: bool) -> None:
        size = _CONTEXT.divide(Decimal(1), other.size) if over else other.size
        self.size = _CONTEXT.multiply(self.size, size)
        above, below = (other.below, other.above) if over else (other.above, other.below)
        for mine, theirs in ((self.above, above), (self.below, below)):
            for base, exponent in theirs.items():
                mine[base] = mine.get(base, 0) + exponent

    def form(self) -> UnitForm:
        return UnitForm(_CONTEXT.plus(self.size).normalize(Context(prec=24)), *map(_sorted, (self.above, self.below)))


class _Reader:
    """Reads one code from left to right."""

    def __init__(self, code: str) -> None:
        self.rest = code

    def term(self, depth: int) -> _Product:
        if depth > _DEEPEST:
            raise _NoCodeError
        found = _Product()
        over = self._takes("/")
        while True:
            found.times(self._component(depth), over=over)
            if self._takes("/"):
                over = True
            elif self._takes("."):
                over = False
            else:
                return found

    def _takes(self, mark: str) -> bool:
        if self.rest.startswith(mark):
            self.rest = self.rest[1:]
            return True
        return False

    def _component(self, depth: int) -> _Product:
        if self._takes("("):
            found = self.term(depth + 1)
            if not self._takes(")"):
                raise _NoCodeError
            return found
        found = _Product()
        number = _INTEGER.match(self.rest)
        if number is not None and not self.rest.startswith(("10*", "10^")):
            self.rest = self.rest[number.end() :]
            found.size = Decimal(number[0])
            if found.size == 0:
                raise _NoCodeError
            is_something = True
        else:
            is_something = self._simple(found)
        annotation = _ANNOTATION.match(self.rest)
        if annotation is not None:
            self.rest = self.rest[annotation.end() :]
            if _TELLING.search(annotation[1]):
                found.above[f"{{{annotation[1].casefold()}}}"] = 1
        elif not is_something:
            raise _NoCodeError
        return found

    def _simple(self, found: _Product) -> bool:
        part = _SIMPLE.match(self.rest)
        if part is None or part["atom"] is None:
            return False
        size, bases = _unit(part["atom"])
        exponent = int(part["exponent"] or 1)
        if not 0 < abs(exponent) <= _LARGEST_EXPONENT:
            raise _NoCodeError
        self.rest = self.rest[part.end() :]
        found.size = _CONTEXT.power(size, exponent)
        for base, own in bases.items():
            power = own * exponent
            (found.above if power > 0 else found.below)[base] = abs(power)
        return True


def _unit(text: str) -> tuple[Decimal, dict[str, int]]:
    """An atom, or a prefix and an atom that takes one."""
    known = _ATOMS.get(text)
    if known is not None:
        return Decimal(known[1]), known[2]
    for length in (1, 2):
        prefix, atom = text[:length], _ATOMS.get(text[length:])
        if prefix in _PREFIXES and atom is not None and atom[0]:
            return Decimal(atom[1]).scaleb(_PREFIXES[prefix]), atom[2]
    raise _NoCodeError


def _sorted(exponents: dict[str, int]) -> Dimensions:
    return tuple(sorted((base, exponent) for base, exponent in exponents.items() if exponent))
