"""One thing where FHIR wants a list of things: what writers that know only one send, read as a list of one.

It is looked for where a resource could not be decoded, so it costs nothing elsewhere. Which elements are lists, the
views say.
"""

from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import Raw, Struct

from cds_service.deadline import NEVER, Deadline


class _Inner(NamedTuple):
    """An element that is a list, or holds elements of its own, or both."""

    is_list: bool
    items: type
    view: type[Struct] | None


def listed(view: type[Struct], node: Any, deadline: Deadline = NEVER) -> tuple[Any, tuple[str, ...]]:
    """JSON of a `view` with every list that it wants, and the paths of the elements that were none.

    Raises `OutOfTime`.
    """
    found: list[str] = []
    return _listed(view, node, "", found, deadline), tuple(dict.fromkeys(found))


def decode_listed(raw: bytes | Raw, view: type[Any]) -> Any:
    """`raw` as a `view`, with every list that it wants. Raises msgspec's errors on what cannot be read."""
    try:
        return msgspec.json.decode(raw, type=view)
    except msgspec.ValidationError:
        node, found = listed(view, msgspec.json.decode(raw))
        if not found:
            raise
        return msgspec.json.decode(msgspec.json.encode(node), type=view)


def _listed(view: type[Struct], node: Any, path: str, found: list[str], deadline: Deadline) -> Any:
    if not isinstance(node, dict):
        return node
    changed = dict(node)
    for name, inner in _inner(view).items():
        value = node.get(name)
        if value is None:
            continue
        own = f"{path}.{name}" if path else name
        if inner.is_list and _is_one(value, inner):
            found.append(own)
            value = [value]
        if inner.view is not None:
            one = inner.view
            value = (
                [_listed(one, item, own, found, deadline) for item in deadline.each(value)]
                if isinstance(value, list)
                else _listed(one, value, own, found, deadline)
            )
        changed[name] = value
    return changed


def _is_one(value: Any, inner: _Inner) -> bool:
    """Whether a value that stands in place of a list may be one of its items."""
    return isinstance(value, str) if inner.items is str else isinstance(value, dict)


@cache
def _inner(view: type[Struct]) -> dict[str, _Inner]:
    return {
        field.encode_name: inner for field in msgspec.structs.fields(view) for inner in _of_type(field.type) if inner
    }


def _of_type(type_: Any) -> Iterator[_Inner | None]:
    if get_origin(type_) in {Union, UnionType}:
        for option in get_args(type_):
            yield from _of_type(option)
    elif get_origin(type_) is tuple:
        item = get_args(type_)[0]
        yield _Inner(True, item, item if _is_view(item) else None)
    elif _is_view(type_):
        yield _Inner(False, type_, type_)


def _is_view(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Struct)
