"""A typed rule in plain words, for people who review rules and read cards."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cds_service.logic import model
from cds_service.logic.words.measure_words import comparison, numbers_phrase, pair_phrase
from cds_service.logic.words.numerals import title_of
from cds_service.logic.words.record_words import elapsed_phrase, truth_phrase

_ATOM, _AND, _OR = 2, 1, 0
_PARENTHESES = re.compile(r"\([^()]*\)")
_PARTS = {"active": "active", "history": "history of"}
"""How the parts of an event fact are said in front of its title."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """`rank`: how tightly the phrase holds together; a loose one among others is put into parentheses."""

    text: str
    rank: int = _ATOM

    def within(self) -> str:
        """The phrase as one of several."""
        return self.text if self.rank == _ATOM else f"({self.text})"


def words(rule: model.BoolExpr, titles: Mapping[str, str]) -> str:
    """The rule as one phrase, such as `haemoglobin ≥ 8 g/dL and platelets ≥ 50 ×10⁹/L`.

    `titles` maps the name of a fact to its title; a name that it lacks is read as words. A negation is put where it
    reads best: `no stroke within the last 6 months`, not `not (stroke ...)`.
    """
    return _Words(titles).phrase(rule, negated=False).text


class _Words:
    """Puts one scope into words; inside `some`, `all` and `none` every phrase speaks of the record at hand."""

    def __init__(self, titles: Mapping[str, str], *, in_record: bool = False) -> None:
        self.titles = titles
        self.in_record = in_record

    def phrase(self, rule: model.BoolExpr, *, negated: bool) -> _Phrase:
        """The rule, or its opposite."""
        match rule:
            case model.Constant(value=value):
                return _Phrase("unknown" if value is None else "always" if value is not negated else "never")
            case model.BoolFact(fact=fact):
                return _Phrase(self._truth(fact, negated=negated))
            case model.Not(part=part):
                return self.phrase(part, negated=not negated)
            case model.And(parts=parts):
                return self._junction(_flattened(parts, model.And), conjoined=not negated, negated=negated)
            case model.Or(parts=parts):
                return self._junction(_flattened(parts, model.Or), conjoined=negated, negated=negated)
            case model.If():
                return self._choice(rule, negated=negated)
            case model.Equal() | model.Excepted():
                return self._pair(rule, negated=negated)
            case model.OneOf(fact=fact, codes=codes):
                listed = [code.replace("_", " ") for code in codes]
                text = f"{title_of(fact.name, self.titles)} {'not ' if negated else ''}{_listed(listed, 'or')}"
                return _Phrase(text, _ATOM if len(codes) == 1 else _OR)
            case model.Compare() if self.in_record:
                return _Phrase(elapsed_phrase(rule, self._inner, negated=negated, brief=False))
            case model.Compare():
                return _Phrase(comparison(rule, self.titles, self._inner, negated=negated).text())
            case model.Quantified():
                return _Phrase(self._records(rule, negated=negated))
            case _:
                text = title_of(rule.name, {rule.name: rule.title})
                return _Phrase(f"{text}: no" if negated else text)

    def _inner(self, rule: model.BoolExpr) -> str:
        return self.phrase(rule, negated=False).text

    def _truth(self, fact: model.FactRef, *, negated: bool) -> str:
        """`stroke`, `no stroke`, `sits independently: no`."""
        if self.in_record:
            return truth_phrase(negated=negated, brief=False)
        base, _, last = fact.name.rpartition(".")
        event = fact.path != fact.name
        title = title_of(fact.name, self.titles)
        if last in _PARTS and base in self.titles:
            event = True
            title = f"{_PARTS[last]} {title_of(base, self.titles)}"
        if event:
            return f"no {title}" if negated else title
        return f"{title}: no" if negated else title

    def _junction(self, parts: Sequence[model.BoolExpr], *, conjoined: bool, negated: bool) -> _Phrase:
        """`and` or `or` over the parts; `conjoined` says which."""
        phrases: list[_Phrase] = []
        rest = list(parts)
        while rest:
            phrase, used = self._next(rest, conjoined=conjoined, negated=negated)
            phrases.append(phrase)
            rest = rest[used:]
        if len(phrases) == 1:
            return phrases[0]
        texts = [phrase.within() for phrase in phrases]
        return _Phrase(_listed(texts, "and" if conjoined else "or"), _AND if conjoined else _OR)

    def _next(self, rest: list[model.BoolExpr], *, conjoined: bool, negated: bool) -> tuple[_Phrase, int]:
        """The next part in words, together with its neighbours where one phrase covers them; how many it covers."""
        compared = []
        for part in rest if not self.in_record else ():
            if not isinstance(part, model.Compare):
                break
            compared.append(comparison(part, self.titles, self._inner, negated=negated))
        listed = numbers_phrase(compared, conjoined=conjoined)
        if listed is not None:
            return _Phrase(listed[0], _OR), listed[1]
        if len(compared) > 1:
            pair = pair_phrase(compared[0], compared[1], conjoined=conjoined)
            if pair is not None:
                return _Phrase(pair, _ATOM if " from " in pair else _AND if conjoined else _OR), 2
        return self.phrase(rest[0], negated=negated), 1

    def _choice(self, rule: model.If, *, negated: bool) -> _Phrase:
        """`if`, in the shortest form that says the same."""
        then, otherwise = _constant(rule.then), _constant(rule.otherwise)
        if then is not None and otherwise is not None and then is not otherwise:
            return self.phrase(rule.test, negated=negated is then)
        if otherwise is not None and otherwise is not negated:
            return _Phrase(f"if {self._clause(rule.test)}, then {self._clause(rule.then, negated=negated)}", _OR)
        branches: list[str] = []
        rest: model.BoolExpr = rule
        while isinstance(rest, model.If):
            lead = "else if" if branches else "if"
            branches.append(f"{lead} {self._clause(rest.test)}, then {self._answer(rest.then, negated=negated)}")
            rest = rest.otherwise
        branches.append(f"otherwise {self._answer(rest, negated=negated)}")
        return _Phrase("; ".join(branches), _OR)

    def _answer(self, rule: model.BoolExpr, *, negated: bool) -> str:
        value = _constant(rule)
        return self._clause(rule, negated=negated) if value is None else "yes" if value is not negated else "no"

    def _clause(self, rule: model.BoolExpr, *, negated: bool = False) -> str:
        phrase = self.phrase(rule, negated=negated)
        return phrase.within() if any(mark in phrase.text for mark in (",", ";", " exactly when ")) else phrase.text

    def _pair(self, rule: model.Equal | model.Excepted, *, negated: bool) -> _Phrase:
        if isinstance(rule, model.Equal):
            return self._same(rule.left, rule.right, negated=negated)
        always = _constant(rule.when) is True
        exception = "always with an exception" if always else f"with an exception if {self._clause(rule.when)}"
        return _Phrase(f"{self.phrase(rule.body, negated=negated).text}; {exception}", _OR)

    def _same(self, left: model.BoolExpr, right: model.BoolExpr, *, negated: bool) -> _Phrase:
        for value, other in ((_constant(left), right), (_constant(right), left)):
            if value is not None:
                return self.phrase(other, negated=value is negated)
        one, two = (self.phrase(side, negated=False).within() for side in (left, right))
        return _Phrase(f"either {one} or {two}, but not both" if negated else f"{one} exactly when {two}", _OR)

    def _records(self, rule: model.Quantified, *, negated: bool) -> str:
        title = title_of(rule.fact.name, self.titles)
        records = _Words(self.titles, in_record=True)
        holds = _constant(rule.test) is True
        if rule.quantifier == "all":
            clause = records.phrase(rule.test, negated=negated).text
            every = f"{title}, and each record of it {clause}"
            return f"no {title}, or a record of it that {clause}" if negated else every
        there = (rule.quantifier == "some") is not negated
        if holds:
            return title if there else f"no {title}"
        brief = records.brief(rule.test)
        if len(brief) == 1 and brief[0].startswith("within"):
            return f"{title if there else f'no {title}'} {brief[0]}"
        if brief == ["current"]:
            return f"current {title}" if there else f"no current {title}"
        if brief and there:
            return ", ".join([title, *brief])
        return f"{title if there else f'no {title}'} that {records.phrase(rule.test, negated=False).text}"

    def brief(self, test: model.BoolExpr) -> list[str]:
        """Simple tests as they stand after commas; none where some test is not simple."""
        texts = []
        for part in _flattened((test,), model.And):
            match part:
                case model.BoolFact():
                    texts.append(truth_phrase(negated=False, brief=True))
                case model.Not(part=model.BoolFact()):
                    texts.append(truth_phrase(negated=True, brief=True))
                case model.Compare():
                    texts.append(elapsed_phrase(part, self._inner, negated=False, brief=True))
                case _:
                    return []
        return texts


def _runs_on(text: str) -> bool:
    """Whether a phrase has commas or joins of its own, outside parentheses, that would mix with those of a list."""
    bare = text
    while (shorter := _PARENTHESES.sub("", bare)) != bare:
        bare = shorter
    return any(mark in bare for mark in (",", ";", ": no")) or (
        " that " in bare and (" and " in bare or " or " in bare)
    )


def _constant(rule: model.BoolExpr) -> bool | None:
    return rule.value if isinstance(rule, model.Constant) else None


def _flattened(parts: Sequence[model.BoolExpr], kind: type[model.And | model.Or]) -> list[model.BoolExpr]:
    """The parts with those of the same kind opened up and what is merely implied left out."""
    flat: list[model.BoolExpr] = []
    for part in parts:
        if isinstance(part, kind):
            flat.extend(_flattened(part.parts, kind))
        elif not (isinstance(part, model.Compare) and part.implied):
            flat.append(part)
    return flat


def _listed(texts: Sequence[str], last: str) -> str:
    """`a`, `a and b`, `a, b and c`; semicolons where a part holds a comma of its own."""
    if len(texts) == 1:
        return texts[0]
    if any(_runs_on(text) for text in texts):
        return "; ".join(texts[:-1]) + f"; {last} {texts[-1]}"
    return ", ".join(texts[:-1]) + f" {last} {texts[-1]}"
