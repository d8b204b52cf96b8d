"""Exceptions that a criterion's source makes, as part of its rule, and reviews that soften a fail instead.

A fail gives no card, so nobody reads a remark beside it. A criterion whose source makes an exception says so
(`exception`), and where its logic fails and the exception may cover that, it is unknown.
"""

import re

from cds_service.durations import Duration
from cds_service.errors import Finding
from cds_service.logic import BoolExpr, Constant, Excepted, Vocabulary, lower
from cds_service.logic.check import read_rule, typed_rule, valid_rule
from cds_service.trials.model import Criterion
from cds_service.trials.verdicts import fails_on

WHEN = "/exception/when"
"""Where a criterion has the logic of its exception."""
_SOFTENING = re.compile(
    r"\b(?:do(?:es)? not|doesn't|don't|need not|needn't) (?:exclude|count|matter)\b"
    r"|\bjudge (?:whether|if)\b"
    r"|\b(?:is|are|may be|can be|might be) (?:still )?"
    r"(?:allowed|permitted|accepted|acceptable|included|ignored|waived|tolerated|not exclusionary)\b",
    re.IGNORECASE,
)
"""Words with which a review takes back a fail."""


def lookback_of(criterion: Criterion) -> Duration | None:
    """How old the criterion's evidence may be, where it says so."""
    return Duration.parse(criterion.lookback) if criterion.lookback else None


def excepted(criterion: Criterion, rule: BoolExpr, when: BoolExpr | None, place: str = "") -> BoolExpr:
    """The criterion's rule with its exception; `when` is None where the record can't show it."""
    pointer = f"{place}{WHEN}"
    return Excepted(rule, Constant(True, pointer) if when is None else when, fails_on(criterion), pointer)


def valid_with_exception(criterion: Criterion, rule: BoolExpr, vocabulary: Vocabulary, place: str) -> BoolExpr:
    """A valid rule with the exception of its criterion, if it has one; `place` is where that stands in the file."""
    exception = criterion.exception
    if exception is None:
        return rule
    pointer = f"{place}{WHEN}"
    when = valid_rule(exception.when, vocabulary, lookback_of(criterion), pointer) if exception.has_when else None
    return excepted(criterion, rule, when, place)


def typed_with_exception(criterion: Criterion, vocabulary: Vocabulary, lookback: Duration | None) -> BoolExpr | None:
    """The rule of a criterion as it stands, under this lookback; None where it is no valid rule."""
    rule = typed_rule(criterion.logic, vocabulary, lookback)[0]
    exception = criterion.exception
    if rule is None or exception is None:
        return rule
    when = typed_rule(exception.when, vocabulary, lookback)[0] if exception.has_when else None
    return None if exception.has_when and when is None else excepted(criterion, rule, when)


def exception_faults(criterion: Criterion, rule: BoolExpr, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """What is wrong with a criterion's exception, with pointers from the criterion on; `rule` is its valid logic."""
    exception = criterion.exception
    if exception is None:
        return ()
    faults: list[Finding] = []
    if exception.has_when:
        faults += read_rule(exception.when, vocabulary, lookback_of(criterion), WHEN)[1]
    if not can_fail(criterion, rule):
        message = f"{criterion.id} never fails, so there is nothing to except"
        hint = "take the exception out, or the null out of the logic"
        faults.append(Finding("", "/exception", "exception-without-fail", "error", message, hint))
    return tuple(faults)


def can_fail(criterion: Criterion, rule: BoolExpr) -> bool:
    """Whether the rule, with its exception if it has one, leaves the criterion a way to fail."""
    lowered = lower(rule)
    side = lowered.certainly_true if fails_on(criterion) else lowered.certainly_false
    return side is not False


def softening(criterion: Criterion) -> str | None:
    """The words with which the criterion's review takes back a fail, such as `does not exclude`; None without any."""
    found = _SOFTENING.search(criterion.review or "")
    return None if found is None else found[0]
