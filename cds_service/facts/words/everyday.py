"""Everyday words (`facts/everyday.json`): alone they name no disease, and stand in charts of all kinds.

No phrase may be one of them: `pain` as a phrase for lupus would make every back pain an open question.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.words.folding import tokens
from cds_service.rule_files import invalid, is_there, read_json

_FILE = "facts/everyday.json"


class EverydayTable(BaseModel):
    """`rules/facts/everyday.json`: everyday words by language."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: str = Field(default="", alias="$schema")
    words: dict[str, tuple[str, ...]] = Field(default={}, description="By language (BCP 47), one word or term each.")


class Everyday:
    """The words, as they are compared."""

    def __init__(self, table: EverydayTable) -> None:
        self._rows = frozenset(_row(word) for words in table.words.values() for word in words)

    def is_only(self, phrase: str) -> bool:
        """Whether a phrase is no more than one everyday word, or one letter, digit or Chinese character."""
        row = _row(phrase)
        return row in self._rows or (len(row) == 1 and len(row[0]) == 1)


def load_everyday(rules_dir: Path) -> tuple[Everyday, tuple[Finding, ...]]:
    """`rules_dir/facts/everyday.json`, which is not required."""
    path = rules_dir / _FILE
    if not is_there(path):
        return Everyday(EverydayTable()), ()
    content, findings = read_json(path, _FILE)
    try:
        table = EverydayTable() if content is None else EverydayTable.model_validate(content)
    except ValidationError as problem:
        return Everyday(EverydayTable()), (*findings, *invalid(problem, _FILE, EverydayTable))
    return Everyday(table), tuple(findings)


def _row(text: str) -> tuple[str, ...]:
    return tuple(token.word for token in tokens(text))
