"""Seeds of the UUIDs of an answer's cards and suggestions, by version: a logged answer keeps its own.

Version 1 is the hook instance alone, so two patients under one instance had the same card UUIDs, and what was said of
the one's card counted for the other. Version 2 adds the client and the patient's pseudonym (`store.pseudonyms`: a keyed
hash), never the patient's id, since a UUID travels further than a record does.
"""

from typing import Final

from cds_service.errors import CdsError

FIRST: Final = 1
"""Of the decisions that name no version."""
CURRENT: Final = 2
MATCH_CLIENT: Final = "cds-service match"
"""Stands for the client where the command line answers: no client's id has a blank. There the patient's own id stands
for the pseudonym, because nothing is stored there and the answer names the patient anyway, and the day for the hook
instance."""


class SeedError(CdsError):
    """A decision names a version of the seed that this version of the service does not know."""


def answer_seed(hook_instance: str, client: str, patient: str, version: int = CURRENT) -> str:
    """The seed of the answer to one request. Raises SeedError.

    `client` names the records within which the patient's id is unique; `patient` is the pseudonym.
    """
    match version:
        case 1:
            return hook_instance
        case 2:
            return "\x1f".join((f"v{version}", hook_instance, client, patient))
    raise SeedError(f"the card UUIDs of this decision are of version {version}; this service knows 1 to {CURRENT}")
