"""What is known of the names of codes without shipping them: `rules/expansions/own-names.json`, made by tools/lexicon
and by `codes migrate`.

SNOMED CT's names are not ours to ship. What reading needs of them is kept in other forms: the sets of which a phrase
stands in the name, as codes; of a name whose words state a doubt or a past ("pregnancy with history of infertility") a
digest, so that the same words beside the code are known as its own name; of a drug the substance, form and strength.
"""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import Finding
from cds_service.facts.catalogue.codesystems import CodeSystems, normalised
from cds_service.facts.catalogue.set_tables import SetTables
from cds_service.rule_files import invalid, is_there, read_json

OWN_NAMES = "expansions/own-names.json"
_DIGITS = 16


class OwnNames(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: str = Field(default="", alias="$schema")
    systems: dict[str, dict[str, str]] = Field(
        default={},
        description="By code system and value set: the codes, with blanks between, that are not in the set "
        "and whose own name holds a phrase of it. The phrase beside such a code says no more than the code.",
    )
    heard: dict[str, dict[str, str]] = Field(
        default={},
        description="By code system and code: digests, with blanks between, of the code's own name where its words "
        "alone would state a doubt or a past. Beside the code they say no more than the code.",
    )
    drugs: dict[str, dict[str, str]] = Field(
        default={},
        description="By code system and code of a drug that no name is shipped of: substance, form and strength.",
    )


def name_digest(name: str) -> str:
    """What is kept of a name that is not shipped: the first digits of its SHA-256."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def read_own_names(rules_dir: Path, tables: SetTables, systems: CodeSystems) -> tuple[Finding, ...]:
    """Put `rules_dir/expansions/own-names.json`, which is not required, into the tables."""
    path = rules_dir / OWN_NAMES
    if not is_there(path):
        return ()
    content, findings = read_json(path, OWN_NAMES)
    try:
        listed = OwnNames() if content is None else OwnNames.model_validate(content)
    except ValidationError as problem:
        return (*findings, *invalid(problem, OWN_NAMES, OwnNames))
    numbers = {set_id: number for number, set_id in enumerate(tables.ids)}
    for system, sets in listed.systems.items():
        name = systems.canonical(system)
        into = tables.own.setdefault(name, {})
        for set_id in sets.keys() & numbers.keys():
            for code in sets[set_id].split():
                into.setdefault(normalised(name, code), []).append(numbers[set_id])
    for system, codes in listed.heard.items():
        name = systems.canonical(system)
        tables.heard[name] = {normalised(name, code): digests.split() for code, digests in codes.items()}
    for system, codes in listed.drugs.items():
        name = systems.canonical(system)
        displays = tables.displays.setdefault(name, {})
        for code, words in codes.items():
            displays.setdefault(normalised(name, code), words)
    return tuple(findings)
