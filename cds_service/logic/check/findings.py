"""Faults of a rule by their stable codes (`docs/rule-language.md` has an example of each)."""

from collections.abc import Mapping

FINDINGS: Mapping[str, str] = {
    "arity": "An operator has too few or too many arguments.",
    "bad-duration": "A length of time is not a whole number of days, weeks, months or years from 0 to 9999.",
    "bad-list": "A list stands where none belongs, is empty, or holds something else than codes or numbers.",
    "bad-quantity": "A quantity is not a number and a unit.",
    "bad-var": "'var' has something else than the name of one fact.",
    "circular-definition": "A definition is defined by itself.",
    "compared-with-null": "Something is compared with null. A missing fact is unknown by itself.",
    "division-by-zero": "A number is divided by the constant 0.",
    "if-without-else": "An 'if' says nothing about the rest.",
    "missing-unit": "A bare number is compared with a fact that has a unit.",
    "nested-records": "An event fact is asked about inside the test of another one's records.",
    "never-false": "The rule is true whatever the facts are.",
    "never-true": "The rule is false whatever the facts are.",
    "no-fact": "A comparison reads no fact, so it is the same for every patient.",
    "not-a-condition": "Something stands where a condition belongs, but is neither true nor false.",
    "not-json": "A value is of a kind that JSON does not have.",
    "not-one-key": "An object has no key, or more than one. Its one key is the operator.",
    "number-out-of-range": "A number is not finite or lies outside ±10^15.",
    "operator-refused": "An operator of JSONLogic that this language leaves out; the hint says what to do instead.",
    "rule-too-large": "The rule is too deep or too large, or would become so when it is worked out.",
    "type-mismatch": "A code, number, truth value or event fact stands where another kind belongs.",
    "unit-mismatch": "Facts with different units are compared or added, or a product has a unit that no fact has.",
    "unit-of-another-dimension": "A quantity has a unit that the fact is not measured in.",
    "unknown-code": "A coded fact is compared with a code that it never has.",
    "unknown-fact": "No fact or definition has this name.",
    "unknown-field": "A record has no field of this name.",
    "unknown-operator": "There is no operator of this name.",
    "var-default": "'var' has a default value, which would let missing data decide.",
}
