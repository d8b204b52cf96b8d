"""Client profiles as data: the abilities of each kind of client. A site completes one with its own codes and hosts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cds_service.errors import CdsError
from cds_service.facts.catalogue import Code

TokenCode = Annotated[str, Field(pattern=r"^[^|\s]+\|[^|\s]+$")]
"""A code as FHIR searches write it: `http://loinc.org|718-7`."""


class ProfileError(CdsError):
    """A client profile that there is not, or that cannot be used; the text says how to mend it."""


class ClientProfile(BaseModel):
    """The abilities of a client. The defaults are those of a client that does all that CDS Hooks 2.0 asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="standard", description="How the log and the documentation call it.")
    detail: Literal["markdown", "plain"] = Field(
        default="markdown", description="How `detail` is written: GitHub-flavoured Markdown, or text without markup."
    )
    link_hosts: tuple[str, ...] | None = Field(
        default=None, description="Hosts that the client opens; other links are left out. None: any host."
    )
    order_codes: Mapping[TokenCode, Code] = Field(
        default={}, description="The site's own code for a test or referral, by its standard code."
    )
    site_codes_only: bool = Field(
        default=False, description="Whether the client takes no codes but its own: without one nothing is suggested."
    )

    def order_code(self, code: Code) -> Code | None:
        """The code to order with here; None where the client would not take it."""
        own = self.order_codes.get(f"{code.system}|{code.code}")
        return own if own is not None else None if self.site_codes_only else code

    def completed(self, order_codes: Mapping[str, Code]) -> "ClientProfile":
        """The profile with these codes of the site, by standard code, where it has none of its own for it."""
        if not order_codes:
            return self
        return self.model_copy(update={"order_codes": {**order_codes, **self.order_codes}})

    def opens(self, host: str) -> bool:
        """Whether the client follows links to that host."""
        return self.link_hosts is None or host in self.link_hosts


STANDARD_PROFILE = ClientProfile()

PROFILES: Mapping[str, ClientProfile] = {
    profile.name: profile
    for profile in (
        STANDARD_PROFILE,
        # Epic takes ServiceRequests with codes of the site's own catalogue and opens links that the site has allowed.
        ClientProfile(name="epic", link_hosts=("clinicaltrials.gov",), site_codes_only=True),
        # Cerner shows cards in a panel of an eighth of the screen, as they stand.
        ClientProfile(name="cerner", detail="plain"),
    )
}


def load_profile(name: str) -> ClientProfile:
    """The profile of that name, or the one in a JSON file: `{"extends": "epic", "order_codes": {...}}`.

    Raises ProfileError.
    """
    if name in PROFILES:
        return PROFILES[name]
    path = Path(name)
    if path.suffix != ".json":
        raise ProfileError(f"there is no client profile {name!r}: use {', '.join(PROFILES)}, or a .json file")
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise ProfileError(f"client profile {name}: {problem}") from problem
    return _extended(content, name)


def _extended(content: Any, name: str) -> ClientProfile:
    if not isinstance(content, dict) or content.get("extends", "standard") not in PROFILES:
        raise ProfileError(
            f"client profile {name}: it must be an object whose `extends` is one of {', '.join(PROFILES)}"
        )
    base = PROFILES[content.pop("extends", "standard")]
    try:
        return ClientProfile.model_validate({**base.model_dump(), "name": Path(name).stem, **content})
    except ValidationError as problem:
        found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors())
        raise ProfileError(f"client profile {name}: {found}") from problem
