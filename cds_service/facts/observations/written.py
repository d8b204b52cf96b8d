"""A value written as text, taken apart: a number with its comparator and unit, answers in words or signs, and flags.

`Negative (<0.05 S/CO)`, `0.00 (-)`, `GT 45 mL/min`, `5.2 H*`, `阴性(-)`, `1:320 positive`. Everything in the text must
be understood, else nothing of it is. The parts may still contradict each other: that is for the caller to see.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from operator import itemgetter
from typing import Literal

from msgspec import Struct

Answer = Literal["positive", "negative", "indeterminate"]
Comparator = Literal["<", "<=", ">=", ">", "~"]

_LONGEST = 120
_DASHES = str.maketrans({"‐": "-", "‑": "-", "−": "-", "﹣": "-", "≧": "≥", "≦": "≤", "⩾": "≥", "⩽": "≤", "〜": "~"})
_IGNORED = re.compile(r"[\s_.,*!:;()\[\]{}'\"。，、；：]+")
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
_SIGNS = frozenset("+-±∓/")
_GRADE = re.compile(r"[1-4]\++|\+[1-4]")

_NUMBER = r"[+-]?[0-9]{1,30}(?:[.,][0-9]{1,60})?(?:[eE][+-]?[0-9]{1,4})?"
_AMOUNT = re.compile(
    r"(?P<comparator><=|>=|=<|=>|<|>|=|≤|≥|~|≈)?\s*"
    rf"(?P<number>1\s*:\s*[0-9]{{1,3}}(?:,[0-9]{{3}})+|1\s*[:/]\s*[0-9]{{1,9}}|{_NUMBER}"
    rf"(?:\s*(?:-|\bto\b|\bbis\b)\s*{_NUMBER})?)(?![0-9.,]*[0-9])"
)
# What may stand behind a bare number: a unit. Words may change what it means ("12 (positive)"), and so may more numbers
# ("1:80-1:160").
_UNIT = re.compile(
    r"(?:(?:log(?:10)?\s+)?[^\s:;,()/]*\s*/\s*[^\s:;,()/]+|%|index|ratio|units?|i?u|s/co|coi|ai|copies)?", re.IGNORECASE
)
_TITER = re.compile(r"1\s*[:/]\s*[0-9]")
_CHUNKS = re.compile(r"[()\[\]{};；，。|]|,\s|(?<![0-9])\s*:|:(?=\s*[^0-9\s])|\n")

# Thousands where no other reading is possible: two groups, a group and a decimal mark, or a blank or apostrophe.
# Each with the marks between thousands, and the decimal mark.
_THOUSANDS = (
    (re.compile(r"(?<![0-9.,])([0-9]{1,3}(?:,[0-9]{3})+)(\.[0-9]+)(?![0-9.,])"), ",", "."),
    (re.compile(r"(?<![0-9.,])([0-9]{1,3}(?:\.[0-9]{3})+)(,[0-9]+)(?![0-9.,])"), r"\.", ","),
    (re.compile(r"(?<![0-9.,])([0-9]{1,3}(?:,[0-9]{3}){2,})()(?![0-9.,])"), ",", "."),
    (re.compile(r"(?<![0-9.,])([0-9]{1,3}(?:\.[0-9]{3}){2,})()(?![0-9.,])"), r"\.", ","),
    (re.compile(r"(?<![0-9.,:/'’ ])([0-9]{1,3}(?:['’ ][0-9]{3})+)()(?![0-9.,:/'’])"), "['’ ]", "."),
)
_COLON = re.compile(r"(?<![0-9.,])1\s*:\s*(?=[0-9])")
_TO = re.compile(r"(?<=[0-9])\s*(?:~|–|—|至)\s*(?=[0-9])")


class WrittenValue(Struct, frozen=True, gc=False):
    """What a text holds. `amount` is the number with its comparator, as text; `flagged`: a flag stood beside it."""

    answers: frozenset[Answer] = frozenset()
    amount: str = ""
    unit: str = ""
    flagged: bool = False


class ValueVocabulary:
    """The words by which texts are taken apart. `comparators` maps a sign such as `>` to the words that mean it."""

    def __init__(
        self,
        answers: Mapping[str, Answer],
        comparators: Mapping[Comparator, tuple[str, ...]] | None = None,
        flags: tuple[str, ...] = (),
    ) -> None:
        self._answers = dict(answers)
        self._flags = frozenset({"*", *map(plain, flags)})
        self._before, self._behind = _comparator_words(comparators or {})

    def answer(self, text: str) -> Answer | None:
        """The answer that a word or a sign is, if it is one."""
        found = self._answers.get(folded(text))
        if found is not None:
            return found
        signs = "".join(text.split())
        return sign(signs) if signs and (_SIGNS.issuperset(signs) or _GRADE.fullmatch(signs)) else None

    def split(self, text: str) -> WrittenValue | None:
        """The text taken apart; `None` where some of it is not understood."""
        if len(text) > _LONGEST:
            return None
        whole = self.answer(plain(text))
        if whole is not None:
            return WrittenValue(frozenset({whole}))
        found = WrittenValue()
        for chunk in _CHUNKS.split(self._with_signs(plain(text))):
            if chunk.strip():
                part = self._part(chunk.strip())
                if part is None or (part.amount and found.amount):
                    return None
                found = WrittenValue(
                    found.answers | part.answers,
                    found.amount or part.amount,
                    found.unit or part.unit,
                    found.flagged or part.flagged,
                )
        return found

    def without_flag(self, unit: str) -> str | None:
        """A unit without the flag behind it (`g/dL L*`, `H`); `None` where there is none."""
        words = unit.split()
        return " ".join(words[:-1]) if words and self._is_flag(words[-1]) else None

    def has_plain_unit(self, written: WrittenValue) -> bool:
        """Whether what stands behind the number may be a unit, with a flag or without."""
        return is_unit(written.unit) or is_unit(self.without_flag(written.unit) or " ")

    def _with_signs(self, text: str) -> str:
        """With comparators as signs before the number, and thousands without marks."""
        for sign_of, pattern in self._before:
            text = pattern.sub(sign_of, text)
        for sign_of, pattern in self._behind:
            text = pattern.sub(rf"{sign_of}\g<number>", text)
        for pattern, marks, point in _THOUSANDS:
            found = pattern.search(text)
            if found is not None:
                number = re.sub(marks, "", found[1]) + found[2].replace(point, ".")
                text = text[: found.start()] + number + text[found.end() :]
        return _TO.sub("-", _COLON.sub("1:", text))

    def _part(self, chunk: str) -> WrittenValue | None:
        """One part between brackets and the like: an answer, a flag, or an amount with either beside it."""
        if self._is_flag(chunk):  # before answers: beside something else an N is "normal", not "no"
            return WrittenValue(flagged=True)
        answer = self._signed(chunk)
        if answer is not None:
            return WrittenValue(answer)
        amount = _AMOUNT.search(chunk)
        if amount is None:
            return None
        before, behind = chunk[: amount.start()].strip(), chunk[amount.end() :].strip()
        answers: frozenset[Answer] = frozenset()
        if before and not self._is_flag(before):
            found = self._signed(before)
            if found is None:
                return None
            answers = found
        unit, more = self._unit_and_answer(behind)
        answers |= more
        if _TITER.match(amount["number"]):
            answers |= _disagreeing(answers, amount["comparator"] or "")
        return WrittenValue(answers, amount[0].strip(), unit, bool(before and self._is_flag(before)))

    def _unit_and_answer(self, behind: str) -> tuple[str, frozenset[Answer]]:
        """What stands behind a number: a unit, an answer, or both in this order."""
        words = behind.split()
        if self._is_flag(behind):
            return behind, frozenset()
        for start in range(len(words)):
            answer = self._signed(" ".join(words[start:]))
            if answer is not None:
                return " ".join(words[:start]), answer
        return behind, frozenset()

    def _signed(self, text: str) -> frozenset[Answer] | None:
        """The answers of a word with a sign before or behind it (`+阳性`, `Pos +`), or of either alone."""
        whole = self.answer(text)
        if whole is not None:
            return frozenset({whole})
        found = re.fullmatch(r"(?P<first>[+\-±/]*)\s*(?P<word>[^+±]*?[^+\-±/\s])\s*(?P<last>[+\-±/]*)", text)
        if found is None or not (found["first"] or found["last"]):
            return None
        said = [self.answer(part) for part in (found["first"], found["word"], found["last"]) if part]
        return None if None in said else frozenset(item for item in said if item is not None)

    def _is_flag(self, text: str) -> bool:
        return bool(text) and (text.rstrip("*!") or "*") in self._flags


def is_unit(text: str) -> bool:
    """Whether a text may be a unit, in whatever fact; nothing at all is one too."""
    return _UNIT.fullmatch(text) is not None


def sign(signs: str) -> Answer | None:
    """`+` to `++++`, `2+`, `+3`: positive; one `-`: negative; both together, or `±`: neither."""
    if _GRADE.fullmatch(signs):
        return "positive"
    kinds = frozenset(signs) - {"/"}
    if kinds and kinds <= {"±", "∓"}:
        return "indeterminate"
    if kinds == {"+", "-"}:
        return "indeterminate"
    if kinds == {"+"} and "/" not in signs and len(signs) <= 4:
        return "positive"
    return "negative" if signs == "-" else None


def plain(text: str) -> str:
    """Without entities, full-width forms, case and accents of Latin letters; blanks as one."""
    text = unicodedata.normalize("NFKC", html.unescape(text)).translate(_DASHES)
    text = unicodedata.normalize("NFKD", text.casefold())
    text = unicodedata.normalize("NFC", "".join(c for c in text if not "\u0300" <= c <= "\u036f"))
    return " ".join(text.split())


def folded(text: str) -> str:
    """A word as it is looked up: plain, without blanks and punctuation. Only a `-` within a word is punctuation."""
    return _HYPHEN.sub("", _IGNORED.sub("", plain(text)))


def _disagreeing(answers: frozenset[Answer], comparator: str) -> frozenset[Answer]:
    """A titre is negative only below one, and positive only where it is none: nobody knows what `negative 1:160` is."""
    below = comparator.startswith(("<", "=<", "≤"))
    if answers == {"negative"} and not below:
        return frozenset({"positive"})
    return frozenset({"negative"}) if answers == {"positive"} and below else frozenset()


_Words = list[tuple[str, re.Pattern[str]]]


def _comparator_words(table: Mapping[Comparator, tuple[str, ...]]) -> tuple[_Words, _Words]:
    """Patterns of the words before a number (`greater than 45`), and of those behind it (`45以上`, written `…以上`)."""
    before: list[tuple[int, str, re.Pattern[str]]] = []
    behind: list[tuple[int, str, re.Pattern[str]]] = []
    for sign_of, words in table.items():
        for raw in words:
            word = plain(raw.removeprefix("…"))
            if raw.startswith("…"):
                pattern = re.compile(rf"(?P<number>{_NUMBER})\s*{re.escape(word)}(?![0-9])")
                behind.append((-len(word), sign_of, pattern))
            else:
                edge = r"(?<![a-z])" if word[0].isascii() else ""
                pattern = re.compile(rf"{edge}{re.escape(word)}\s*(?=[0-9])")
                before.append((-len(word), sign_of, pattern))
    return _longest_first(before), _longest_first(behind)


def _longest_first(words: list[tuple[int, str, re.Pattern[str]]]) -> _Words:
    return [(sign_of, pattern) for _, sign_of, pattern in sorted(words, key=itemgetter(0))]
