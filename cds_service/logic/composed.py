"""The truth of a condition from those of the conditions below it.

`lower` puts the two rules of `and`, `or`, `not`, `if` and equal truths together from those of their parts and from
nothing else, so what comes out is a matter of the parts' truths alone. To say that again here saves the engine most of
the rules that an explanation would need: those over other conditions, which are the large ones. A property test holds
this to what the engine says of the whole.
"""

from collections.abc import Sequence

from cds_service.logic import model
from cds_service.logic.program import Truth3

Leaf = model.BoolFact | model.OneOf | model.Compare | model.Quantified
"""Conditions that are about facts. Only the engine can say what they are."""


def composed(rule: model.BoolExpr, parts: Sequence[Truth3]) -> Truth3:
    """The truth of a rule that is no `Leaf`, from those of its nearest conditions in reading order."""
    match rule:
        case model.Constant(value=value):
            return value
        case model.Not():
            return _not(parts[0])
        case model.And():
            return False if False in parts else None if None in parts else True
        case model.Or():
            return True if True in parts else None if None in parts else False
        case model.If():
            return _choice(parts[0], parts[1], parts[2])
        case model.Equal():
            return _choice(parts[0], parts[1], _not(parts[1]))
        case model.Excepted(fails_on=fails_on):
            return None if parts[0] is fails_on and parts[1] is not False else parts[0]
    return parts[0]


def _not(value: Truth3) -> Truth3:
    return None if value is None else not value


def _choice(test: Truth3, then: Truth3, otherwise: Truth3) -> Truth3:
    """Both branches where they agree, whatever the test is."""
    if test is None:
        return then if then is otherwise else None
    return then if test else otherwise
