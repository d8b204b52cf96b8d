"""Units as feeds write them, turned into UCUM: `X10-3/UL`, `万/µL`, `U L-1`, `mg/gCr`, `mL/min per 1.73 sq m`.

By rules for what writers vary (case, blanks, powers, the area of 1.73 m², temperature) and by words, which are data
(`words` in `rules/facts/units.json`). What it gives is only a candidate: a fact counts it where it comes to one of the
units that the fact lists (`units`).
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property

_LONGEST = 60
# `µ` and `³` of UTF-8 that was taken for Latin-1, as interfaces garble them.
_MOJIBAKE = {"Âµ": "µ", "Î¼": "µ", "Â³": "³", "Â²": "²", "Â¹": "¹", "Ã—": "×", "Â·": "·", "Â°": "°"}
_MARKS = str.maketrans({"μ": "u", "×": "x", "·": ".", "・": ".", "∙": ".", "•": ".", "⋅": ".", "∗": "*", "˄": "^"}) | (
    str.maketrans({"−": "-", "–": "-", "‑": "-", "⁻": "-", "～": "^", "〜": "^", "~": "^", "∕": "/", "⁄": "/"})
)
_MOLAR = re.compile(r"([munp]?)M")
_AREA = re.compile(
    r"(?:[\s/.*x(]|per\b)*[({]*1[.,]73[\s_.*/]*"
    r"(?:(?:m(?:et(?:er|re)s?)?|м)(?:\s*[*^e(]{0,2}\s*-?2\)?| squared| q|q)?"
    r"|sq(?:uare|\.)?\s*m(?:et(?:er|re)s?)?\.?|qm|sqm|平方米)?[\s)}\].]*(?:bsa|kof)?[\s).]*",
)
_BODY_SURFACE = re.compile(r"\s*(?:/|per)\s*(?:bsa|kof)")
_TEMPERATURE = re.compile(r"[\s@,(]*(?:at\s*)?37\s*(?:°|deg)?\s*c\)?$")
_POWER = re.compile(
    r"x?\s*(?:10\s*(?:\*\*|[*^]|\.?e(?:xp)?|hoch|)\s*\(?\s*(?P<sign>[+-]?)0?(?P<n>1[0-2]|[2-9])\)?(?![0-9])"
    r"|1?e\+?0?(?P<e>1[0-2]|[2-9])(?=\s*/))"
)
_TOKEN = re.compile(
    r"(?P<blank>\s+)|(?P<over>/|per\b|je\b|pro\b|por\b|每)|(?P<times>[.*])|(?P<open>\()|(?P<close>\))"
    r"|(?P<annotation>\{[^{}]*\})|(?P<percent>%)|(?P<number>[0-9]+)"
    r"|(?P<letters>\[[a-z_]+\]|[a-z]+)(?:\s*(?:\*\*|\^)?\s*(?P<exponent>-?[1-4]|\(-?[1-4]\))(?![0-9]))?"
)
_EXPONENT = re.compile(r"\s*(?:\*\*|\^)?\s*(-?[1-4])(?![0-9])")
_THOUSAND = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
# `mg/gCr`: the unit and what it is a unit of are written together.
_GLUED = re.compile(r"(?<=/)(mg|g|mmol|mol)(?=cr|kre)")
_FOLDED_ATOMS = {
    "l": "L",
    "u": "U",
    "iu": "[IU]",
    "[iu]": "[IU]",
    "pa": "Pa",
    **{atom: atom for atom in ("g", "m", "s", "mol", "kat", "min", "h", "d", "wk", "rad", "deg")},
    **{atom: atom for atom in ("[in_i]", "[in_us]", "[lb_av]", "[oz_av]", "[ft_i]")},
}
_PREFIXES = frozenset("kdcmunp")
_UNPREFIXED = frozenset({"min", "h", "d", "wk", "rad", "deg"})
_LOG = re.compile(r"[{\[(]*\s*(?:log|lg)[\s_]*(?:\(?10\)?|₁₀)?[\s_.*]*")


class FeedUnits:
    """Reads units as feeds write them, with the words of `rules/facts/units.json`, each with what it stands for."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = {folded(word): code for word, code in words.items()}

    def ucum(self, raw: str) -> str | None:
        """The UCUM code that a unit as written most likely stands for; `None` where the rules make nothing of it."""
        if len(raw) > _LONGEST:
            return None
        text = _mended(raw).strip()
        molar = _MOLAR.fullmatch(text)
        if molar is not None:
            return f"{molar[1]}mol/L"
        return self._code(folded(text))

    def ucum_of_log(self, raw: str) -> str | None:
        """Of a unit on a scale of log₁₀ (`log IU/mL`, `{Log_copies}/mL`) the unit within; `None` where it is none."""
        if len(raw) > _LONGEST:
            return None
        text = folded(_mended(raw)).strip()
        found = _LOG.match(text)
        return None if found is None else self._code(re.sub(r"[{}\[\]()]", "", text[found.end() :]))

    def _code(self, text: str) -> str | None:
        text = _TEMPERATURE.sub("", text)
        area = _AREA.search(text) or _BODY_SURFACE.search(text)
        if area is not None:
            if text[area.end() :].strip(" )") or "(" in text[: area.start()].replace("/(", "/"):
                return None
            text = text[: area.start()].replace("(", "")
        text = _THOUSAND.sub("", _GLUED.sub(r"\1 ", text.replace("(s)", "s")))
        code = self._joined(text.removeprefix("*").removeprefix("x") if text[1:2].isdigit() else text)
        return code if code is None or area is None else f"{code}/{{1.73_m2}}"

    def _joined(self, text: str) -> str | None:
        """The pieces of a unit, with dots between those that stand side by side."""
        code, at, was_over = "", 0, False
        while at < len(text):
            is_first = not code or code[-1] in "./(" or text[at] == "x"
            power = _POWER.match(text, at) if is_first else None
            if power is not None and self._is_power(power):
                piece, end, kind = f"10*{power['n'] or power['e']}", power.end(), "piece"
            else:
                read = self._piece(text, at)
                if read is None:
                    return None
                piece, end, kind = read
            at = end
            if kind == "blank":
                continue
            if kind == "over":
                code, was_over = code.rstrip(".") + "/", True
            elif kind in {"times", "close"}:
                code = code if kind == "times" and (not code or code[-1] in "./") else code + piece
            elif was_over and kind == "number":  # per 24 h, per 100 mL
                rest = self._joined(text[at:])
                return None if rest is None or "/" in rest else f"{code}({piece}.{rest})"
            else:
                joint = "" if not code or code[-1] in "./(" or piece.startswith("{") else "."
                code, was_over = code + joint + piece, False
        return code.strip(".") or None

    def _is_power(self, power: re.Match[str]) -> bool:
        # VistA writes `x10-3` for a thousand; with a star or a caret a minus is one.
        return power["sign"] != "-" or power[0].replace(" ", "").endswith(f"10-{power['n']}")

    def _piece(self, text: str, at: int) -> tuple[str, int, str] | None:
        word = self._words.match(text, at)
        if word is not None:
            piece, end = self.words[word[0]], word.end()
            exponent = _EXPONENT.match(text, end) if piece.isalpha() else None
            if exponent is not None:
                return f"{piece}{exponent[1]}", exponent.end(), "piece"
            return piece, end + (text[end : end + 1] == "." and word[0].isalpha()), "piece"
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        kind = found.lastgroup or ""
        if found["letters"] is None:
            return ("" if kind == "blank" else found[0]), found.end(), "open" if kind == "open" else kind
        atom = _atom(found["letters"])
        if atom is None:
            return None
        return f"{atom}{(found['exponent'] or '').strip('()')}", found.end(), "piece"

    @cached_property
    def _words(self) -> re.Pattern[str]:
        longest = sorted(self.words, key=len, reverse=True)
        parts = [
            rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word[-1].isascii() and word[-1].isalpha() else re.escape(word)
            for word in longest
        ]
        return re.compile("|".join(parts) or r"(?!)")


def folded(text: str) -> str:
    """Without case and accents of Latin letters; blanks as one."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not "\u0300" <= letter <= "\u036f")
    return " ".join(unicodedata.normalize("NFKC", plain).translate(_MARKS).split())


def _mended(raw: str) -> str:
    text = html.unescape(raw)
    for garbled, meant in _MOJIBAKE.items():
        text = text.replace(garbled, meant)
    return unicodedata.normalize("NFKC", text.replace("⁻", "-")).translate(_MARKS)


def _atom(letters: str) -> str | None:
    """An atom in any case, `U`, `mmol`; or two written together, `gL` of `gL-1`."""
    if letters in _FOLDED_ATOMS:
        return _FOLDED_ATOMS[letters]
    if letters[0] in _PREFIXES and letters[1:] in _FOLDED_ATOMS and letters[1:] not in _UNPREFIXED:
        return letters[0] + _FOLDED_ATOMS[letters[1:]]
    for length in (1, 2):
        volume = letters[-length:]
        if len(letters) > length and volume in {"l", "dl", "ml", "ul"}:
            first = _atom(letters[:-length])
            if first is not None and "." not in first:
                return f"{first}.{_atom(volume)}"
    return None
