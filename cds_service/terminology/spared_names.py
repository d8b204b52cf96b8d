"""What reading needs of names that may not be shipped (`catalogue/own_names.py`), made from the names themselves."""

import re
from collections.abc import Iterable, Mapping

from cds_service.facts import FactReaders
from cds_service.facts.catalogue import EventsFact, Key, OwnNames, name_digest
from cds_service.terminology.compile import NAMED

_TAG = re.compile(r" \([a-z/ ]+\)$")
_WORD = re.compile(r"\S+")

Table = dict[str, dict[str, str]]


def spared_names(knowledge: FactReaders, named: Iterable[tuple[Key, str]], known: OwnNames) -> OwnNames:
    """What `known` holds, and what these names add to it."""
    heard = {system: {code: set(text.split()) for code, text in codes.items()} for system, codes in known.heard.items()}
    drugs: Table = {system: dict(codes) for system, codes in known.drugs.items()}
    medicines = _sets_of_drugs(knowledge)
    for key, name in named:
        system, code = key
        sets = knowledge.valuesets.members(key)
        if system in NAMED or not name or not sets or code in known.drugs.get(system, {}):
            continue
        for text in {name, _TAG.sub("", name)}:
            said = knowledge.events.words.read(text)
            if said.doubted or said.disowned or said.past:
                heard.setdefault(system, {}).setdefault(code, set()).add(name_digest(text))
        if not medicines.isdisjoint(sets):
            drugs.setdefault(system, {})[code] = drug_words(knowledge, name)
    return OwnNames(
        systems=known.systems,
        heard={
            system: {code: " ".join(sorted(found)) for code, found in sorted(codes.items())}
            for system, codes in sorted(heard.items())
        },
        drugs={system: dict(sorted(codes.items())) for system, codes in sorted(drugs.items())},
    )


def drug_words(knowledge: FactReaders, name: str) -> str:
    """As few words of a drug's name as say to every table the same as the whole: substance, form, strength."""
    whole = _reading(knowledge, name)
    words = _WORD.findall(name)
    for word in list(words):
        fewer = words.copy()
        fewer.remove(word)
        if _reading(knowledge, " ".join(fewer)) == whole:
            words = fewer
    return " ".join(words)


def _reading(knowledge: FactReaders, name: str) -> tuple[object, ...]:
    tables = knowledge.events
    return (
        tables.routes.in_words([name]),
        tables.half_lives.of(None, (name,)),
        tables.treating_doses.of(None, (name,)),
        tables.doses.in_name(name),
    )


def _sets_of_drugs(knowledge: FactReaders) -> frozenset[str]:
    found: set[str] = set()
    for spec in knowledge.catalogue:
        if isinstance(spec, EventsFact) and spec.resource == "Medication":
            named = (*spec.valuesets, *((spec.by_route,) if spec.by_route else ()))
            found |= {
                part
                for set_id in named
                if set_id in knowledge.valuesets.ids
                for part in knowledge.valuesets.parts(set_id)
            }
    return frozenset(found)


def as_file(names: OwnNames) -> Mapping[str, object]:
    """The content of `own-names.json`."""
    content: dict[str, object] = {"$schema": "../schema/own-names.schema.json", "systems": names.systems}
    return content | ({"heard": names.heard} if names.heard else {}) | ({"drugs": names.drugs} if names.drugs else {})
