"""From definitions and expansions to the tables that membership is looked up in (`SetTables`)."""

from collections.abc import Iterable, Iterator, Mapping

from cds_service.facts.catalogue.codesystems import CodeSystems, normalised
from cds_service.facts.catalogue.definitions import Definition, Part
from cds_service.facts.catalogue.expanded import Groups
from cds_service.facts.catalogue.set_tables import Codes, Import, SetTables


def build_tables(sets: Mapping[str, Definition], groups: Mapping[str, Groups], systems: CodeSystems) -> SetTables:
    """The tables of all sets. `groups`: by set what its sourced filters gave."""
    by_url = {definition.url: set_id for set_id, definition in sets.items() if definition.url}
    tables = SetTables(ids=tuple(sets))
    numbers = {set_id: number for number, set_id in enumerate(sets)}
    for set_id, definition in sets.items():
        number = numbers[set_id]
        texts = _lasts_of(definition)
        if texts != ["chronic"]:
            tables.limited[number] = texts
        _add_parts(tables, number, definition, groups.get(set_id, {}), systems)
        taken = sorted({numbers[one] for one in imported(definition.compose.include, by_url, sets)})
        dropped = sorted({numbers[one] for one in imported(definition.compose.exclude, by_url, sets)})
        if taken or dropped:
            tables.imports.append(Import(number, tuple(taken), tuple(dropped)))
        for phrase in (*definition.hints, *(hint for other in taken for hint in sets[tables.ids[other]].hints)):
            holders = tables.hints.setdefault(phrase, [])
            if number not in holders:
                holders.append(number)
    tables.spread_open()
    tables.find_ancestors()
    tables.spread_hints()
    return tables


def imported(parts: Iterable[Part], by_url: Mapping[str, str], ids: Iterable[str]) -> Iterator[str]:
    """The ids of the sets that are named in some includes or excludes."""
    for part in parts:
        for reference in part.value_set:
            found = by_url.get(reference) or (reference if reference in ids else None)
            if found is not None:
                yield found


def _lasts_of(definition: Definition) -> list[str]:
    """Every `lasts` of a set's own codes."""
    texts = dict.fromkeys(part.lasts or "chronic" for part in definition.compose.include if part.system is not None)
    return list(texts) or ["chronic"]


def _add_parts(tables: SetTables, number: int, definition: Definition, groups: Groups, systems: CodeSystems) -> None:
    for part in definition.compose.include:
        codes, is_open = _codes(part, "include", groups, systems)
        name = systems.canonical(part.system or "")
        _add(tables.included, number, part, codes, systems)
        if number in tables.limited and part.system is not None:
            _add(tables.lasting.setdefault(part.lasts or "chronic", Codes()), number, part, codes, systems)
        if codes:
            displays = tables.displays.setdefault(name, {})
            displays.update((normalised(name, code), display) for code, display in codes.items() if display)
        if is_open:
            _note(tables.open, name, number)
    for dropped in definition.compose.exclude:
        codes, is_open = _codes(dropped, "exclude", groups, systems)
        name = systems.canonical(dropped.system or "")
        _add(tables.excluded, number, dropped, codes, systems)
        if is_open:
            _note(tables.open, name, number)
            _note(tables.unsure, name, number)


def _note(table: dict[str, list[int]], name: str, number: int) -> None:
    listed = table.setdefault(name, [])
    if number not in listed:
        listed.append(number)


def _codes(part: Part, element: str, groups: Groups, systems: CodeSystems) -> tuple[Mapping[str, str], bool]:
    """The codes of a part that are none below a prefix, with their names; whether there may be more."""
    name = systems.canonical(part.system or "")
    if not part.is_sourced(name):
        return {concept.code: concept.display for concept in part.concept}, False
    found = groups.get((element, name, part.filter_text))
    return (dict.fromkeys(part.roots, ""), True) if found is None else (found, False)


def _add(codes: Codes, number: int, part: Part, listed: Iterable[str], systems: CodeSystems) -> None:
    name = systems.canonical(part.system or "")
    codes.add(number, name, [normalised(name, code) for code in listed])
    codes.add(number, name, [normalised(name, prefix) for prefix in part.prefixes(name)], prefix=True)
