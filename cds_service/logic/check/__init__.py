"""Reads JSON as a typed rule, with a finding for each fault."""

from cds_service.logic.check.findings import FINDINGS
from cds_service.logic.check.meant import fact_meant
from cds_service.logic.check.measures import SIGNIFICANT
from cds_service.logic.check.operators import MANY, OPERATORS, REFUSED, Operator
from cds_service.logic.check.rules import read_rule, typed_rule, valid_rule
from cds_service.logic.check.satisfiable import impossible
from cds_service.logic.check.syntax import MAX_DEPTH, MAX_NODES, Call, Findings, Literal, Var, extent, parse, to_json

__all__ = [
    "FINDINGS",
    "MANY",
    "MAX_DEPTH",
    "MAX_NODES",
    "OPERATORS",
    "REFUSED",
    "SIGNIFICANT",
    "Call",
    "Findings",
    "Literal",
    "Operator",
    "Var",
    "extent",
    "fact_meant",
    "impossible",
    "parse",
    "read_rule",
    "to_json",
    "typed_rule",
    "valid_rule",
]
