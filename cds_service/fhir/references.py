"""The target of a FHIR reference, as far as its text says. https://hl7.org/fhir/R4/references.html"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

# Longer than FHIR's 64 characters and with more of them: servers do not keep to it, and ids are only ever compared.
_ID = r"[^/?#|\s]{1,256}"
_LOCAL = re.compile(
    rf"(?:(?P<base>[A-Za-z][A-Za-z0-9+.-]*://[^?#\s]*?)/)?(?P<type>[A-Za-z]+)/(?P<id>{_ID})(?:/_history/{_ID})?"
)
_LONGEST = 2_000


class ReferenceKind(Enum):
    """How a reference is written."""

    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    URN = "urn"
    CONTAINED = "contained"
    CONDITIONAL = "conditional"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Target:
    """A reference taken apart. `type` and `id` are those of the resource pointed to, where the text names them.

    For a contained resource `id` is what follows `#`, for a URN what follows its last colon; `base` is the server of an
    absolute reference.
    """

    kind: ReferenceKind
    type: str | None = None
    id: str | None = None
    base: str | None = None

    @property
    def key(self) -> str | None:
        """`Type/id`, or `None` where the reference names no resource by both."""
        return f"{self.type}/{self.id}" if self.type and self.id else None


def parse_reference(text: str) -> Target:
    """Take a reference apart; never raises. A version (`/_history/3`) is left off: the record holds one version."""
    text = text.strip()
    if len(text) > _LONGEST:
        return Target(ReferenceKind.OTHER)
    if text.startswith("#"):
        return Target(ReferenceKind.CONTAINED, id=text[1:])
    if text[:4].lower() == "urn:":
        return Target(ReferenceKind.URN, id=text.rpartition(":")[2])
    found = _LOCAL.fullmatch(text)
    if found is not None:
        kind = ReferenceKind.RELATIVE if found["base"] is None else ReferenceKind.ABSOLUTE
        return Target(kind, found["type"], found["id"], found["base"])
    name, mark, _ = text.partition("?")
    if mark and name.isalpha():
        return Target(ReferenceKind.CONDITIONAL, type=name)
    return Target(ReferenceKind.OTHER)


class Addresses(Protocol):
    """What each `fullUrl` points to."""

    def get(self, url: str, /) -> Target | None: ...


def resolve(text: str, full_urls: Addresses) -> Target:
    """Like `parse_reference`, but through the `fullUrl` of a Bundle's entries first, as FHIR asks for in Bundles."""
    return full_urls.get(text.strip()) or parse_reference(text)
