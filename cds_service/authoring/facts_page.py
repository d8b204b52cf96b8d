"""`docs/facts.md`: every fact of the catalogue with what counts, its units, how long and what absence means."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cds_service.facts import derived
from cds_service.facts.catalogue import Catalogue
from cds_service.facts.durations import Duration
from cds_service.facts.specs import DefinedFact, DerivedFact, EventsFact, FactSpec, Observed, QuantityFact

_HEAD = """# Facts

Written by `cds-service rules docs --facts --out docs/facts.md` from `rules/facts/` and `rules/valuesets/`; a test keeps
it current. A *fact* is one clinical thing in the rule author's words. Every fact has *evidence*: the resource, its
code, value, unit and date, or the reason why it is unknown.

* Numbers are intervals: `<5` is from 0 up to below 5; a partial date is the time it may mean.
* The newest result that counts decides. If it is not understood the fact is unknown: an older one must not hide it.
* `.x_uln` and `.x_lln` are multiples of the limits of the observation's own reference range.
* Of conditions, the name alone means "has it now", `.active` "clinically active", `.history` "ever".
* Nothing on record is absent only where that type of resource was supplied whole, and only in the closed world.

| reason | why a fact is unknown |
|---|---|
| `not_supplied` | this type of resource was not sent |
| `incomplete_record` | it was sent with something missing or unreadable |
| `no_result` | nothing of the kind is on record |
| `too_old`, `undated` | the evidence is older than it may be, or has no date |
| `unit_not_understood`, `value_not_understood` | the newest result can't be read |
| `no_reference_range` | a multiple of a limit is asked for and there is no range |
| `indeterminate`, `conflicting_results` | the result says neither, or results of the same time differ |
| `uncoded_mention`, `unconfirmed` | mentioned in text only, or entered as not confirmed |

To add a fact, add an entry to a file in `rules/facts/` (the schema beside it completes as you type) and run
`cds-service rules check`. To map a site's own codes, put a FHIR ConceptMap into `rules/conceptmaps/`; the catalogue
stays as it is.
"""


def facts_page(catalogue: Catalogue, rules_dir: Path) -> str:
    """The whole page. `rules_dir` is where the value sets' titles and descriptions are."""
    sets = _value_sets(rules_dir)
    lines = [_HEAD, "## Formulas\n", derived.__doc__ or ""]
    group = ""
    for name in sorted(catalogue.facts):
        if name.split(".")[0] != group:
            group = name.split(".")[0]
            lines.append(f"\n## {group}.…\n")
        lines += _fact(catalogue.facts[name], sets)
    return "\n".join(lines).rstrip() + "\n"


def _value_sets(rules_dir: Path) -> dict[str, dict[str, Any]]:
    paths = sorted((rules_dir / "valuesets").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def _fact(spec: FactSpec, sets: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield f"### `{spec.name}`\n"
    yield f"{spec.title}. {spec.description}".strip() + "\n"
    yield f"* kind: {spec.kind}"
    if isinstance(spec, QuantityFact):
        yield f"* unit: {spec.unit}" + ("" if spec.unit == "1" else f"; accepted: {_units(spec)}")
    if isinstance(spec, Observed):
        if spec.codes:
            yield "* codes: " + "; ".join(f"{code.code} {code.display}" for code in spec.codes)
        yield f"* counts for: {_words(spec.fresh_for)}"
    if isinstance(spec, EventsFact):
        yield f"* read from: {spec.resource}; nothing on record: {spec.absence.replace('_', ' ')}"
        for key in ("valueset", "history", "hints"):
            used = getattr(spec, key)
            if used is not None:
                found = sets[used]
                yield f"* {key}: `{used}`, {found['title']}. {found.get('description', '')}".rstrip()
    if isinstance(spec, DerivedFact):
        yield f"* from: {', '.join(f'`{part}`' for part in spec.references())}, by `{spec.formula}`"
    if isinstance(spec, DefinedFact):
        yield f"* stands for: `{json.dumps(spec.logic, ensure_ascii=False)}`"
    yield ""


def _units(spec: QuantityFact) -> str:
    def factor(low: object, high: object) -> str:
        return f"{low}" if low == high else f"{low} to {high}"

    return ", ".join(f"`{unit}` × {factor(low, high)}" for unit, (low, high) in spec.units.items())


def _words(limit: Duration | None) -> str:
    if limit is None:
        return "ever"
    return f"{limit.months} months" if limit.months else f"{limit.days} days"
