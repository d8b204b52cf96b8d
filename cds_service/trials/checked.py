"""Criteria that have been checked, remembered by their text: trials agree on most of their limits."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary, ref

from cds_service.errors import Finding
from cds_service.facts.catalogue import Catalogue, EventsFact
from cds_service.logic import BoolExpr, CompiledRule, Compiler, FactRef, Vocabulary, facts_read
from cds_service.logic.check import read_rule, valid_rule
from cds_service.trials.exceptions import can_fail, exception_faults, lookback_of, valid_with_exception
from cds_service.trials.model import Criterion
from cds_service.trials.prefilter import NOTHING, Prefilter, necessary_conditions
from cds_service.trials.vocabulary import titles_of, vocabulary_of

MOST_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """The result of checking a criterion's rule, wherever the rule stands.

    `findings` name no file, and their pointers start at the criterion. `facts` are the catalogue's names of what it
    reads. `if_true` and `if_false` are what a record needs for the rule to be that; `can_fail`: the criterion can.
    """

    findings: tuple[Finding, ...]
    facts: tuple[str, ...] = ()
    if_true: Prefilter = NOTHING
    if_false: Prefilter = NOTHING
    can_fail: bool = False


_Key = tuple[str, str | None]
"""The rule with its exception as JSON, and the criterion's lookback: results depend on these alone."""


class PreparedRule:
    """What trials with the same criterion share: its compiled rule, the facts it reads, its leaves."""

    def __init__(self, compiled: CompiledRule, facts: tuple[FactRef, ...]) -> None:
        self.compiled = compiled
        self.facts = facts
        self._leaves: Callable[[], Leaves | None] = lambda: None

    def leaves(self, rules: Sequence[BoolExpr]) -> "Leaves":
        """The leaves of the rule as they are compiled, kept while somebody has them. `rules` are the leaves' own."""
        found = self._leaves()
        if found is None:
            found = Leaves(map(self.compiled.compiler.placed, rules))
            self._leaves = ref(found)
        return found


class Leaves(list[CompiledRule]):
    """The leaves of a rule, in its order."""


class RuleChecker:
    """Checks the criteria of many trials against one catalogue, each text once. Threads may share it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.vocabulary: Vocabulary = vocabulary_of(catalogue)
        self.titles = titles_of(catalogue)
        self.compiler = Compiler()
        self._catalogue = catalogue
        self._events = frozenset(spec.name for spec in catalogue if isinstance(spec, EventsFact))
        self._checked: dict[_Key, RuleCheck] = {}
        self._prepared: WeakValueDictionary[_Key, PreparedRule] = WeakValueDictionary()
        self.definition_findings = tuple(self._definitions())
        """Faults in the logic of the catalogue's definitions, each at the place of the definition."""

    def check(self, criterion: Criterion, rule: Any) -> RuleCheck:
        """Check the criterion's `rule` (its logic or its screen)."""
        key = _key(criterion, rule)
        found = self._checked.get(key)
        if found is None:
            found = self._check(criterion, rule)
            if len(self._checked) < MOST_REMEMBERED:
                self._checked[key] = found
        return found

    def prepared(self, criterion: Criterion, rule: Any) -> PreparedRule:
        """The rule, in which `check` found no error, ready to be evaluated. The same object while somebody holds it."""
        key = _key(criterion, rule)
        found = self._prepared.get(key)
        if found is None:
            typed = self.typed(criterion, rule, "", "")
            found = self._prepared[key] = PreparedRule(self.compiler.placed(typed), facts_read(typed))
        return found

    def typed(self, criterion: Criterion, rule: Any, place: str, key: str) -> BoolExpr:
        """The typed rule of a criterion in which `check` found no error. `place` is where the criterion stands in
        its file, and `/key` where the rule stands in the criterion."""
        typed = valid_rule(rule, self.vocabulary, lookback_of(criterion), f"{place}/{key}" if key else place)
        return valid_with_exception(criterion, typed, self.vocabulary, place)

    def _definitions(self) -> Iterator[Finding]:
        for name in self.vocabulary.definitions:
            _, faults = read_rule({"var": name}, self.vocabulary)
            file, pointer = self._catalogue.place_of(name)
            for fault in faults:
                yield Finding(file, f"{pointer}/logic", fault.code, fault.severity, fault.message, fault.hint)

    def _check(self, criterion: Criterion, rule: Any) -> RuleCheck:
        key = "/logic" if criterion.has_logic else "/screen"
        logic, found = read_rule(rule, self.vocabulary, lookback_of(criterion), key)
        if logic is None:
            return RuleCheck(tuple(found))
        faults = exception_faults(criterion, logic, self.vocabulary)
        if faults:
            return RuleCheck(faults)
        typed = valid_with_exception(criterion, logic, self.vocabulary, "")
        read = (self._catalogue.fact_of(ref.name) for ref in facts_read(typed))
        names = tuple(dict.fromkeys(name for name in read if name is not None))
        if_true, if_false = (necessary_conditions(typed, value, self._events) for value in (True, False))
        fails = criterion.has_logic and can_fail(criterion, typed)
        return RuleCheck((), names, if_true, if_false, fails)


def _key(criterion: Criterion, rule: Any) -> _Key:
    exception = criterion.exception
    whole = [criterion.has_logic, criterion.kind, rule]
    if exception is not None:
        whole.append([exception.when] if exception.has_when else [])
    return json.dumps(whole), criterion.lookback
