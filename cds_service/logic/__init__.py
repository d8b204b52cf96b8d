"""JSONLogic with a third truth value: rules over facts that may be missing, imprecise or out of date.

The path of a rule: `syntax` (JSON to a tree with places) → `check` (types and units; findings) → `model` (the typed
rule) → `lower` (two plain JSONLogic rules) → `program` (all criteria in one native call). Beside it: `words` (plain
words), `explain` (which part decided), `satisfiable` (rules that can never be true, or never false). The language is
specified in `docs/rule-language.md`.
"""

LANGUAGE_VERSION = "1.0"
