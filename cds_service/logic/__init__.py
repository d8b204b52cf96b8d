"""JSONLogic with a third truth value: rules over facts that may be missing, imprecise or out of date.

The path of a rule: `syntax` (JSON to a tree with places) → `check` (types and units; findings) → `model` (the typed
rule) → `lower` (two plain JSONLogic rules) → `program` (all criteria in one native call). Beside it: `words` (plain
words), `explain` (which part decided), `satisfiable` (rules that can never be true, or never false). The language is
specified in `docs/rule-language.md`."""

from cds_service.logic.clearing import clears_on
from cds_service.logic.composed import Leaf
from cds_service.logic.document import placed
from cds_service.logic.explain import Explainer, Explainers, Reason, RulePart, TracedPart, decisive, reasons_of
from cds_service.logic.flip import Flip, flip
from cds_service.logic.lower import MAX_LOWERED, MAX_LOWERED_DEPTH, lower
from cds_service.logic.model import BoolExpr, Constant, Excepted, FactRef, NamedRule, durations, facts_read, walk
from cds_service.logic.program import BATCH, CompiledRule, Compiler, PagedDocument, Program, Truth3, answer_together
from cds_service.logic.slots import LINES, Facts, Overlaid, SlotTable
from cds_service.logic.vocabulary import EVENT_FIELDS, FactType, Vocabulary

LANGUAGE_VERSION = "1.0"

__all__ = [
    "BATCH",
    "EVENT_FIELDS",
    "LANGUAGE_VERSION",
    "LINES",
    "MAX_LOWERED",
    "MAX_LOWERED_DEPTH",
    "BoolExpr",
    "CompiledRule",
    "Compiler",
    "Constant",
    "Excepted",
    "Explainer",
    "Explainers",
    "FactRef",
    "FactType",
    "Facts",
    "Flip",
    "Leaf",
    "NamedRule",
    "Overlaid",
    "PagedDocument",
    "Program",
    "Reason",
    "RulePart",
    "SlotTable",
    "TracedPart",
    "Truth3",
    "Vocabulary",
    "answer_together",
    "clears_on",
    "decisive",
    "durations",
    "facts_read",
    "flip",
    "lower",
    "placed",
    "reasons_of",
    "walk",
]
