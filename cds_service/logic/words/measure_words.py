"""Comparisons and arithmetic in plain words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from cds_service.logic import model
from cds_service.logic.words.numerals import limit_of_normal, number, title_of, written

ConditionWords = Callable[[model.BoolExpr], str]

_OPPOSITE = {"<": "≥", "≤": ">", ">": "≤", "≥": "<", "=": "≠", "≠": "="}
_MIRRORED = {"<": ">", "≤": "≥", ">": "<", "≥": "≤", "=": "=", "≠": "≠"}
_SYMBOLS: Mapping[model.Comparator, str] = {"<": "<", "<=": "≤", "==": "="}
_SPOKEN = {"<": "below", "≤": "at most", ">": "above", "≥": "at least", "=": "exactly", "≠": "other than"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`subject relation limit`, for print; `spoken` where words read better than signs."""

    subject: str
    relation: str
    limit: str
    spoken: bool = False

    def text(self) -> str:
        """Such as `platelets ≥ 50 ×10⁹/L` or `ALT at most 3 × ULN`."""
        return f"{self.subject} {self.sign()} {self.limit}"

    def sign(self) -> str:
        """The relation alone."""
        return _SPOKEN[self.relation] if self.spoken else self.relation


def comparison(
    rule: model.Compare, titles: Mapping[str, str], inner: ConditionWords, *, negated: bool = False
) -> Comparison:
    """A comparison with its fact in front; `inner` puts the test of an `if` into words."""
    left, right, relation = rule.left, rule.right, _SYMBOLS[rule.relation]
    if not _is_limit(right) and (rule.swapped or _is_limit(left)):
        left, right, relation = right, left, _MIRRORED[relation]
    if negated:
        relation = _OPPOSITE[relation]
    if isinstance(left, model.NumericFact) and isinstance(right, model.Number):
        multiple = limit_of_normal(left.fact.name)
        if multiple is not None:
            base, limit = multiple
            text = limit if right.value == 1 else f"{written(right.written)} × {limit}"
            return Comparison(title_of(base, titles), relation, text, spoken=True)

    def side(measure: model.Measure) -> str:
        text = measure_words(measure, titles, inner)
        return f"({text})" if isinstance(measure, model.Chosen) else text

    return Comparison(side(left), relation, side(right))


def pair_phrase(one: Comparison, two: Comparison, *, conjoined: bool) -> str | None:
    """Two comparisons of one subject as a range: `age from 18 to 70 years`, `haemoglobin < 80 or > 180 g/L`.

    None where they aren't the two ends of a range.
    """
    up, down = [[c for c in (one, two) if c.relation in signs] for signs in (">≥", "<≤")]
    if one.subject != two.subject or len(up) != 1 or len(down) != 1:
        return None
    [low], [high] = up, down
    if not conjoined:
        return f"{high.subject} {high.sign()} {_without_shared_unit(high.limit, low.limit)} or {low.sign()} {low.limit}"
    first = _without_shared_unit(low.limit, high.limit)
    if (low.relation, high.relation) == ("≥", "≤"):
        return f"{low.subject} from {first} to {high.limit}"
    return f"{low.subject} {low.sign()} {first} and {high.sign()} {high.limit}"


def numbers_phrase(compared: Sequence[Comparison], *, conjoined: bool) -> tuple[str, int] | None:
    """The comparisons at the front as a list of numbers, and how many they are; None where there are less than two.

    `copies = 2 or 3`, `copies neither 2 nor 3`.
    """
    relation, lead, word = ("≠", "neither", "nor") if conjoined else ("=", "=", "or")
    same = list(takewhile(lambda c: c.relation == relation and c.subject == compared[0].subject, compared))
    if len(same) < 2:
        return None
    limits = [_without_shared_unit(c.limit, same[-1].limit) for c in same[:-1]]
    return f"{same[0].subject} {lead} {', '.join(limits)} {word} {same[-1].limit}", len(same)


def measure_words(measure: model.Measure, titles: Mapping[str, str], inner: ConditionWords) -> str:
    """A number, a fact or arithmetic over them."""

    def part(node: model.Measure) -> str:
        text = measure_words(node, titles, inner)
        return (
            f"({text})" if isinstance(node, model.Sum | model.ComputedMeasure | model.Extreme | model.Chosen) else text
        )

    match measure:
        case model.Number(written=text):
            return written(text)
        case model.UnknownNumber():
            return "an unknown number"
        case model.LengthOfTime(written=text):
            return text
        case model.NumericFact(fact=fact):
            multiple = limit_of_normal(fact.name)
            if multiple is None:
                return title_of(fact.name, titles)
            return f"{title_of(multiple[0], titles)} (× {multiple[1]})"
        case model.Sum(parts=parts):
            return part(parts[0]) + "".join(_term(p, part) for p in parts[1:])
        case model.Scaled(factor=-1.0, divides=False, part=inside):
            return f"−{part(inside)}"
        case model.Scaled(factor=factor, divides=True, part=inside):
            return f"{part(inside)} ÷ {number(factor)}"
        case model.Scaled(factor=factor, part=inside):
            return f"{number(factor)} × {part(inside)}"
        case model.Extreme(which=which, parts=parts):
            listed = ", ".join(map(part, parts[:-1])) + f" and {part(parts[-1])}" if len(parts) > 1 else part(parts[0])
            return f"the {'smallest' if which == 'min' else 'largest'} of {listed}"
        case model.ComputedMeasure(operator=operator, parts=parts):
            return {"*": " × ", "/": " ÷ ", "%": " modulo "}[operator].join(map(part, parts))
        case _:
            return f"{part(measure.then)} if {inner(measure.test)}, else {part(measure.otherwise)}"


def _term(node: model.Measure, part: Callable[[model.Measure], str]) -> str:
    match node:
        case model.Scaled(factor=-1.0, divides=False, part=inside):
            return f" − {part(inside)}"
    return f" + {part(node)}"


def _is_limit(measure: model.Measure) -> bool:
    return isinstance(measure, model.Number | model.LengthOfTime | model.UnknownNumber)


def _without_shared_unit(one: str, two: str) -> str:
    """`18 years` before `70 years` is just `18`."""
    value, _, unit = one.partition(" ")
    other = two.partition(" ")[2]
    return value if unit.rstrip("s") == other.rstrip("s") else one
