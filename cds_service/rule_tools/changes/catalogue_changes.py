"""What differs between two versions of the fact catalogue and of the value sets."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cds_service.facts.catalogue import Catalogue, ExpansionError, expansion_name, load_expansion
from cds_service.rule_files import read_file
from cds_service.rule_tools.changes.rule_changes import Change

Members = frozenset[str]
"""The codes of a value set, as `system code`, with a sign where more than the code itself is meant."""

_MOST_SHOWN = 8


def fact_changes(old: Catalogue, new: Catalogue) -> dict[str, tuple[Change, ...]]:
    """Changes of each fact that was added, removed or changed, by its name."""
    found: dict[str, tuple[Change, ...]] = {}
    for name in sorted({*old.facts, *new.facts}):
        before, after = old.facts.get(name), new.facts.get(name)
        if before is None or after is None:
            found[name] = (
                Change("fact", "none" if before is None else before.title, "none" if after is None else after.title),
            )
        elif before != after:
            a, b = before.model_dump(mode="json"), after.model_dump(mode="json")
            keys = [key for key in {**a, **b} if a.get(key) != b.get(key)]
            found[name] = tuple(_change(key, a.get(key), b.get(key)) for key in keys)
    return found


def value_set_changes(old_dir: Path, new_dir: Path) -> dict[str, tuple[Change, ...]]:
    """Codes that were added to or removed from each value set, by the name of its file."""
    before, after = _value_sets(old_dir), _value_sets(new_dir)
    found: dict[str, tuple[Change, ...]] = {}
    for name in sorted({*before, *after}):
        a, b = before.get(name, frozenset()), after.get(name, frozenset())
        if a != b:
            found[name] = (Change("codes", f"without {_listed(a - b)}", f"with {_listed(b - a)}"),)
    return found


def _change(key: str, old: Any, new: Any) -> Change:
    if isinstance(old, list) and isinstance(new, list):
        a, b = ({json.dumps(item, sort_keys=True, ensure_ascii=False): item for item in side} for side in (old, new))
        gone = frozenset(_short(item) for at, item in a.items() if at not in b)
        come = frozenset(_short(item) for at, item in b.items() if at not in a)
        if gone or come:
            return Change(key, f"without {_listed(gone)}", f"with {_listed(come)}")
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = [k for k in {**old, **new} if old.get(k) != new.get(k)]
        old, new = ({k: side[k] for k in keys if k in side} for side in (old, new))
    return Change(key, _short(old), _short(new))


def _short(value: Any) -> str:
    if isinstance(value, Mapping) and "code" in value:
        return f"{value.get('system', '')} {value['code']}".strip()
    return (
        "none"
        if value in (None, {}, [])
        else value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False)
    )


def _listed(items: Members) -> str:
    if not items:
        return "none"
    shown = sorted(items)[:_MOST_SHOWN]
    more = len(items) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _value_sets(rules_dir: Path) -> dict[str, Members]:
    found = {}
    for path in sorted((rules_dir / "valuesets").glob("*.json")):
        try:
            content = json.loads(read_file(path)[0])
        except (OSError, ValueError):
            continue  # the loader has a finding for it
        found[path.stem] = frozenset((*_members(content.get("compose", {})), *_expanded(rules_dir, path.stem)))
    return found


def _expanded(rules_dir: Path, set_id: str) -> Iterator[str]:
    """What the filters gave, by the expansion beside the definition; the loader has a finding for one with a fault."""
    with suppress(ExpansionError):
        expansion = load_expansion(rules_dir / expansion_name(set_id), set_id)
        for group in expansion.groups if expansion is not None else ():
            element, system, _ = group.key
            yield from (f"{'' if element == 'include' else 'not '}{system} {code}" for code in group.members)


def _members(compose: Mapping[str, Any]) -> Iterator[str]:
    for key, sign in (("include", ""), ("exclude", "not ")):
        for part in compose.get(key, ()):
            system = part.get("system", "")
            yield from (f"{sign}{system} {concept.get('code')}" for concept in part.get("concept", ()))
            rules = [f"{rule.get('property')} {rule.get('op')} {rule.get('value')}" for rule in part.get("filter", ())]
            yield from (f"{sign}{system} {' and '.join(rules)}" for _ in rules[:1])
            yield from (f"{sign}{url}" for url in part.get("valueSet", ()))
