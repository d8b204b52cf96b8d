"""Names that look as if a code did not belong where it is, and of which a person has said why it does."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.rule_files import invalid, is_there, read_json

FILE = "facts/reviewed-names.json"


class ReviewedName(BaseModel):
    """A code whose name negates something, and yet says what its value sets mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    system: str = Field(min_length=1)
    code: str = Field(min_length=1)
    reason: str = Field(min_length=1, description="Why the code belongs into the value sets that hold it.")


class ReviewedNames(BaseModel):
    """`rules/facts/reviewed-names.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: str = Field(default="", alias="$schema")
    reviewed: tuple[ReviewedName, ...] = ()


def load_reviewed(rules_dir: Path) -> tuple[ReviewedNames, list[Finding]]:
    """The table, which is not required."""
    path = rules_dir / FILE
    if not is_there(path):
        return ReviewedNames(), []
    content, findings = read_json(path, FILE)
    try:
        return (ReviewedNames() if content is None else ReviewedNames.model_validate(content)), findings
    except ValidationError as problem:
        return ReviewedNames(), [*findings, *invalid(problem, FILE, ReviewedNames)]
