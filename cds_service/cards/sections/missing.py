"""Missing data in words: how to get it, what it has to be, and why what is on record does not do."""

from collections.abc import Sequence
from functools import lru_cache

from cds_service.cards.needs import IMPRECISE, Missing, MissingData, Purpose
from cds_service.cards.sections.sentences import capped, counted_noun, listed, sentence
from cds_service.cards.values import Names
from cds_service.explanation import UnreadEntry
from cds_service.logic import model
from cds_service.logic.words import comparison, day_words, words

MOST_LINES = 8
"""Facts that get a line of their own; the rest share one."""
MOST_TOGETHER = 16
MOST_VALUES = 2
"""Values that do not do of one fact."""
MOST_UNREAD = 5
"""Entries that were not understood whose words are quoted."""
UNREAD = "unread_entry"
_IT = {False: "it", True: "them"}
_VERBS = {"order": "order", "record": "record", "clarify": "clarify", "look_up": "look up"}
_TESTED_AGAIN = {
    "too_old": "is too old",
    "undated": "has no date",
    "indeterminate": "is indeterminate",
    "conflicting_results": "contradict each other",
    "unit_not_understood": "is in a unit that is not understood",
    "value_not_understood": "is not understood",
    "implausible": "is not plausible: check its unit",
    "on_oxygen": "was measured with oxygen",
    "no_reference_range": "has no reference range",
    "other_method": "is by another method",
    "after_transfusion": "was taken within 2 weeks of a transfusion or growth factor that raises it",
    IMPRECISE: "is not exact enough",
}
_ENTRIES = {
    "uncoded_mention": "mentioned without a code",
    "unconfirmed": "entered but not confirmed",
    "malformed_entry": "an entry that may say so could not be read",
    "unread_entry": "an entry that may say so was not understood",
    "undated": "on record without a date",
    "may_be_over": "on record without an end, it may be over",
    "incomplete_record": "the record was sent incomplete",
    "not_supplied": "not sent by the EHR",
    IMPRECISE: "the dates on record do not settle it",
}
_NOT_CLEAR = "what is on record does not settle it"


MOST_KEPT = 4_096
"""Facts with what they are asked for, for which the words are kept."""


class MissingWords:
    """Says what is missing with the names that a catalogue gives. Threads share it.

    What a fact has to be follows from the rules alone, and its words are kept; what is on record of it is not.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self._needs = lru_cache(MOST_KEPT)(self._needs_of)
        self._asked = lru_cache(MOST_KEPT)(self._asked_of)

    def lines(self, open: MissingData) -> tuple[str, ...]:
        """A line for each missing fact, the cheapest first; what the EHR did not send shares one line. What waits for
        entries that were not understood is not among them (see `unread`)."""
        alone = [item for item in open.missing if item.kind != "look_up" and item.reason != UNREAD]
        not_sent = [item for item in open.missing if item.kind == "look_up"]
        lines = [self.line(item) for item in alone[:MOST_LINES]]
        rest = alone[MOST_LINES:]
        if rest:
            lines.append(f"Also {'; '.join(self._together(rest))}")
        if not_sent:
            asked = capped([self._question(item) for item in not_sent], MOST_TOGETHER)
            lines.append(f"Look up, as the EHR did not send it: {'; '.join(asked)}")
        return tuple(lines)

    def step(self, item: Missing) -> str:
        """The first step, for the title: `order ANA titre`."""
        return f"{_VERBS[item.kind]} {'unread entries' if item.reason == UNREAD else self._name(item)}"

    def unread(self, entries: Sequence[UnreadEntry], criteria: int) -> tuple[str, ...]:
        """The line for entries that were not understood; `criteria` are how many wait for them. None for none."""
        if not entries:
            return ()
        said = capped([f"“{one.words}”" if one.words else f"{one.source} (no words)" for one in entries], MOST_UNREAD)
        which = counted_noun(len(entries), "entry", "entries")
        waits = "1 criterion waits" if criteria == 1 else f"{criteria} criteria wait"
        return (f"Clarify {which} that could not be read: {listed(said)}; {waits} for {_IT[len(entries) > 1]}",)

    def line(self, item: Missing) -> str:
        """Such as `Order HBsAg: needs negative; the last one, of 2025-02-11, is too old`."""
        question = self._asked(item.purposes) if item.kind == "clarify" else None
        if question is not None:
            what, remarks = question or self._name(item), [_ENTRIES.get(item.reason, _NOT_CLEAR)]
            if item.date:
                remarks[0] += f" ({day_words(item.date)})"
        else:
            what, remarks = self._name(item), [self._needs(item.fact, item.purposes), *self._remarks(item)]
        if item.also:
            remarks.append(f"also for {listed(item.also)}")
        return f"{sentence(_VERBS[item.kind])} {what}: {'; '.join(remarks)}"

    def _name(self, item: Missing) -> str:
        return self.names.of(item.fact) if item.order is None else self.names.test(item.order)

    def _together(self, items: Sequence[Missing]) -> list[str]:
        """The items in short, those of a kind together: `order ALT and AST`, `record ECOG performance status`."""
        kinds: dict[str, list[str]] = {}
        for item in items:
            kinds.setdefault(_VERBS[item.kind], []).append(self._name(item))
        return [f"{verb} {listed(capped(named, MOST_TOGETHER))}" for verb, named in kinds.items()]

    def _remarks(self, item: Missing) -> list[str]:
        remarks = []
        if item.limit is not None:
            remarks.append(f"not older than {item.limit.words()}")
        why = _TESTED_AGAIN.get(item.reason)
        if why is not None:
            date = f"of {day_words(item.date)}" if item.date else ""
            said = " ".join(filter(None, (listed(capped(list(item.values), MOST_VALUES)), date)))
            several = item.reason == "conflicting_results"
            remarks.append(f"{said or ('the results' if several else 'the last one')} {why}")
        for other in item.instead:
            when = f"of {day_words(other.date)}" if other.date else ""
            said = " ".join(filter(None, (self.names.of(other.fact), other.value, when)))
            remarks.append(f"{said} is on record, {other.note}")
        return remarks

    def _needs_of(self, fact: str, purposes: tuple[Purpose, ...]) -> str:
        """The value that the fact has to have, and what else it is needed for."""
        direct: dict[str, None] = {}
        indirect: dict[str, None] = {}
        for purpose in purposes:
            rule = purpose.rule
            if _is_simple(rule) and self.names.answers(fact, purpose.fact.name):
                direct[self._need(purpose)] = None
            else:
                indirect[words(rule if purpose.wanted else model.Not(rule, rule.pointer), self.names.titles)] = None
        lower_first = sorted(direct, key=lambda need: not need.startswith(("≥", ">")))
        said = [f"needs {listed(lower_first)}"] if direct else []
        said += [f"for {listed(list(indirect))}"] if indirect else []
        return ", ".join(said)

    def _need(self, purpose: Purpose) -> str:
        """The value that a simple test needs: `≥ 80 g/L`, `negative`, `yes`."""
        match purpose.rule:
            case model.Compare() as rule:
                return self._limit(rule, purpose)
            case model.OneOf(codes=codes):
                if not purpose.wanted and codes in (("positive",), ("negative",)):
                    return "negative" if codes == ("positive",) else "positive"
                return ("" if purpose.wanted else "not ") + listed([c.replace("_", " ") for c in codes], "or")
        return "yes" if purpose.wanted else "no"

    def _limit(self, rule: model.Compare, purpose: Purpose) -> str:
        said = comparison(rule, self.names.titles, lambda _: "", negated=not purpose.wanted)
        if self.names.is_titer(purpose.fact.name):
            return f"{said.sign()} 1:{said.limit}"
        elapsed = any(isinstance(side, model.NumericFact) and side.elapsed for side in (rule.left, rule.right))
        return f"{said.sign()} {said.limit}{' ago' if elapsed else ''}"

    def _question(self, item: Missing) -> str:
        """The question about a fact that cannot be measured: `stroke within the last 6 months`."""
        return self._asked(item.purposes) or self._name(item)

    def _asked_of(self, purposes: tuple[Purpose, ...]) -> str | None:
        """The question about records; empty where there are several, None where it is no matter of records."""
        if not all(isinstance(purpose.rule, model.Quantified) or _is_event_truth(purpose.rule) for purpose in purposes):
            return None
        asked = {words(purpose.rule, self.names.titles) for purpose in purposes}
        return asked.pop() if len(asked) == 1 else ""


@lru_cache(maxsize=2)
def missing_words(names: Names) -> MissingWords:
    """The words for the names of a catalogue, found by identity."""
    return MissingWords(names)


def _is_event_truth(rule: model.BoolExpr) -> bool:
    return isinstance(rule, model.BoolFact) and rule.fact.path != rule.fact.name


def _is_simple(rule: model.BoolExpr) -> bool:
    """Whether a test asks one thing of one fact, so that it can be said without naming the fact."""
    if isinstance(rule, model.Compare):
        kinds = {type(rule.left), type(rule.right)}
        return model.NumericFact in kinds and bool(kinds & {model.Number, model.LengthOfTime})
    return isinstance(rule, model.OneOf | model.BoolFact)
