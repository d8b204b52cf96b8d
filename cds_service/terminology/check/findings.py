"""What `codes check` can find besides what loading the rules finds, by its stable code."""

from cds_service.errors import Finding, Severity

CODE_FINDINGS: dict[str, str] = {
    "code-malformed": "A code is none of its system: its form is wrong, or its check digit (SNOMED CT, LOINC).",
    "code-duplicate": "A value set lists a code twice. Take one out.",
    "code-negated": "A code's name says that something is not there or was not done. Take it out of the value set, or "
    "write the reason why it belongs there into facts/reviewed-names.json.",
    "code-of-another-kind": "A SNOMED CT name ends in a tag that codes of this kind of fact don't have: a finding "
    "among procedures, a body structure among diseases.",
    "code-excluding-sets": "A code is in two value sets of a fact that exclude each other: it counts, and it does not.",
    "code-retired": "A source (`--source`) says that its system retired a code. Look for what has replaced it.",
    "code-not-in-source": "A source (`--source`) has the code system and not this code.",
    "code-root-dead": "A source (`--source`) has no such root, or retired it: with the next release it holds nothing.",
    "code-review-unused": "A reviewed name is one of no value set, or says nothing that asks for a review.",
}
"""Stable code -> what it means and how to mend it."""


def code_finding(code: str, file: str, pointer: str, message: str, *, severity: Severity = "error") -> Finding:
    """A `Finding` of one of these codes; raises `KeyError` for another."""
    return Finding(file, pointer, code, severity, message, CODE_FINDINGS[code])
