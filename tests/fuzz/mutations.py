"""What is done to a hook request: each mutation changes a body in place, with the numbers that it is given."""

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Body = dict[str, Any]
Mutation = Callable[[Random, Body], None]

JUNK: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        0.1,
        1e308,
        -1e308,
        10**30,
        "",
        " ",
        "x",
        "x" * 20_000,
        [],
        {},
        [[]],
        [None],
        [1] * 200,
    ),
    *({"a": None}, {"": {}}, {"resourceType": 5}, {"resourceType": "Nonsense"}, "\0", "\ud83d", "<script>x</script>"),
    *(
        "Patient/other",
        "../../etc/passwd",
        "{{context.patientId}}",
        "%s%n",
        "\u202e",
        "ﷺ" * 50,
        "1" * 400,
        "NaN",
        "2026",
    ),
    *("2026-02-30", "9999-12-31", "0000-00-00", "2026-11-24T25:61:61Z", "2026-11-24T00:00:00+14:00", "<5", "5 - 7"),
)
UNREADABLE: tuple[Any, ...] = ("text", "<html>Sign in</html>", 7, True, ["x"], {"resourceType": "OperationOutcome"})
"""What no prefetch value is."""
TIMES = (2, 2, 3, 20, 400, 2_000)
"""How often an entry may be repeated."""

Place = tuple[Any, Any]
"""A list or an object, and the index or key of something in it."""


def places(value: Any) -> Iterator[Place]:
    """Every place below a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield value, key
        yield from places(inner)


def any_place(random: Random, body: Body) -> Place:
    return random.choice(list(places(body)))


def bundles(body: Body) -> list[Body]:
    """The prefetch values with a list of entries."""
    prefetch = body.get("prefetch")
    values = prefetch.values() if isinstance(prefetch, dict) else ()
    return [value for value in values if isinstance(value, dict) and isinstance(value.get("entry"), list)]


def filled(body: Body) -> list[Body]:
    return [bundle for bundle in bundles(body) if bundle["entry"]]


def junk(random: Random, body: Body) -> None:
    holder, key = any_place(random, body)
    holder[key] = copy.deepcopy(random.choice(JUNK))


def without(random: Random, body: Body) -> None:
    holder, key = any_place(random, body)
    del holder[key]


def wrapped(random: Random, body: Body) -> None:
    holder, key = any_place(random, body)
    holder[key] = random.choice([[holder[key]], {"value": holder[key]}, [holder[key]] * 2])


def renamed(random: Random, body: Body) -> None:
    holder, key = any_place(random, body)
    if isinstance(holder, dict):
        holder[random.choice([key.upper(), f"_{key}", f"{key}[x]", "", "id", "extension", "resourceType"])] = (
            holder.pop(key)
        )


def moved(random: Random, body: Body) -> None:
    """Something stands where something else was."""
    holder, key = any_place(random, body)
    other, name = any_place(random, body)
    holder[key] = copy.deepcopy(other[name])


def repeated(random: Random, body: Body) -> None:
    """An entry many times, as itself or with ids of its own."""
    if found := filled(body):
        entries = random.choice(found)["entry"]
        chosen, own_ids = random.choice(entries), random.random() < 0.5
        for n in range(random.choice(TIMES)):
            more = copy.deepcopy(chosen)
            if own_ids and isinstance(more, dict) and isinstance(more.get("resource"), dict):
                more["resource"]["id"] = f"again-{n}"
            entries.append(more)


def swapped(random: Random, body: Body) -> None:
    """Resources under each other's keys."""
    if found := filled(body):
        one, other = random.choice(found)["entry"], random.choice(found)["entry"]
        i, j = random.randrange(len(one)), random.randrange(len(other))
        one[i], other[j] = other[j], one[i]


def of_another(random: Random, body: Body) -> None:
    """A resource of another patient."""
    if found := filled(body):
        entry = random.choice(random.choice(found)["entry"])
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            entry["resource"]["subject"] = {"reference": "Patient/other"}


def prefetch_shape(random: Random, body: Body) -> None:
    """A prefetch value in another of the shapes that clients send."""
    prefetch = body.get("prefetch")
    if not isinstance(prefetch, dict) or not prefetch:
        return
    key = random.choice(list(prefetch))
    value = prefetch[key]
    entries = value.get("entry") if isinstance(value, dict) else None
    first = entries[0] if isinstance(entries, list) and entries else {}
    inner = first.get("resource") if isinstance(first, dict) else None
    shapes: list[Any] = [
        *(None, [], {}, "", *UNREADABLE),
        inner,
        entries,
        {"resourceType": "Bundle", "type": "searchset"},
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": value}]},
        {"resourceType": "Bundle", "entry": [inner]},
        {"resourceType": "Bundle", "entry": [{"resource": outcome("error"), "search": {"mode": "outcome"}}]},
        {"resourceType": "Bundle", "entry": [{"resource": outcome("warning"), "search": {"mode": "outcome"}}]},
    ]
    if isinstance(value, dict):
        addresses = ("https://elsewhere.example.org/next", "http://[", "?page=2", "file:///etc/passwd")
        shapes += [{**value, "link": [{"relation": "next", "url": url}]} for url in addresses]
        shapes.append({**value, "total": random.choice([0, 10**9, -1, "many"])})
    prefetch[key] = copy.deepcopy(random.choice(shapes))


def prefetch_keys(random: Random, body: Body) -> None:
    """Prefetch keys of other names, more of them, or none."""
    prefetch = body.get("prefetch")
    if isinstance(prefetch, dict) and prefetch:
        key = random.choice(list(prefetch))
        name = random.choice([key.upper(), "item1", f"{key}2", "x" * 300, "", "everything", key])
        prefetch[name] = copy.deepcopy(prefetch[key]) if random.random() < 0.3 else prefetch.pop(key)


def context(random: Random, body: Body) -> None:
    """What the request says of itself."""
    places_of = {"hook": body, "hookInstance": body, "fhirServer": body, "prefetch": body, "fhirAuthorization": body}
    inner = body.get("context")
    if isinstance(inner, dict):
        places_of |= {"patientId": inner, "userId": inner, "encounterId": inner}
    key = random.choice(list(places_of))
    odd = (
        "_history",
        "a/b",
        "a,b",
        "$everything",
        "..",
        "Patient/x",
        "encounter-start",
        "http://[",
        "javascript:alert(1)",
    )
    places_of[key][key] = copy.deepcopy(random.choice([*JUNK, *odd]))


def outcome(severity: str) -> Body:
    issue = {"severity": severity, "code": "processing", "diagnostics": "no"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


WILD: tuple[Mutation, ...] = (
    *(junk, junk, without, wrapped, renamed, moved, repeated),
    *(swapped, of_another, prefetch_shape, prefetch_shape, prefetch_keys, context),
)
"""Anything may come of these, as long as the answer is one."""


# What is known of what may come of these: the mutation table.


def unknown_field(random: Random, body: Body) -> None:
    holder = random.choice([holder for holder, _ in places(body) if isinstance(holder, dict)])
    holder["xUnknown"] = {"of": ["a", "later", "version"]}


def an_extension(random: Random, body: Body) -> None:
    entry = random.choice(random.choice(filled(body))["entry"])
    random.choice([body, body["context"], entry["resource"]])["extension"] = (
        [{"url": "https://ehr.example.org/x", "valueString": "x"}] if random.random() < 0.5 else []
    )


def other_order(random: Random, body: Body) -> None:
    for bundle in bundles(body):
        random.shuffle(bundle["entry"])


def other_order_of_keys(random: Random, body: Body) -> None:
    for holder in [body, *{id(h): h for h, _ in places(body) if isinstance(h, dict)}.values()]:
        items = list(holder.items())
        random.shuffle(items)
        holder.clear()
        holder.update(items)


def an_entry_twice(random: Random, body: Body) -> None:
    entries = random.choice(filled(body))["entry"]
    entries.insert(random.randrange(len(entries) + 1), copy.deepcopy(random.choice(entries)))


def other_narrative(random: Random, body: Body) -> None:
    entry = random.choice(random.choice(filled(body))["entry"])
    entry["resource"]["text"] = {"status": "generated", "div": "<div>pregnant? no: stroke, transplant, cancer</div>"}


def an_appointment(random: Random, body: Body) -> None:
    random.choice(bundles(body))["entry"].append({"resource": {"resourceType": "Appointment", "id": "next"}})


NEUTRAL: tuple[Mutation, ...] = (
    *(unknown_field, an_extension, other_order, other_order_of_keys, an_entry_twice, other_narrative, an_appointment),
)
"""Nothing changes by these: every criterion comes to what it came to before."""


def spoilt(random: Random, body: Body) -> None:
    """An element of another JSON type than FHIR's, which nobody can read."""
    entry = random.choice(random.choice(filled(body))["entry"])
    kept = [place for place in places(entry) if place[1] != "resourceType"]
    holder, key = random.choice(kept)
    holder[key] = random.choice([value for value in (7, True, ["x"], {"x": 1}, "x") if _differs(value, holder[key])])


def spoilt_value(random: Random, body: Body) -> None:
    body["prefetch"][random.choice(list(body["prefetch"]))] = copy.deepcopy(random.choice(UNREADABLE))


def an_error_within(random: Random, body: Body) -> None:
    failed = {"resource": outcome("error"), "search": {"mode": "outcome"}}
    random.choice(bundles(body))["entry"].append(failed)


SPOILING: tuple[Mutation, ...] = (spoilt, spoilt, spoilt, spoilt_value, an_error_within)
"""By these what was known may become unknown; a criterion that passed never fails, nor the other way round."""


def _differs(value: Any, other: Any) -> bool:
    kinds = [bool, int | float, str, list, dict]
    return next(i for i, k in enumerate(kinds) if isinstance(value, k)) != next(
        (i for i, k in enumerate(kinds) if isinstance(other, k)), None
    )
