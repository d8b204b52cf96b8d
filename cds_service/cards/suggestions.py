"""Suggested actions: a referral to the study team, and orders for the tests that are missing.

Resources are checked when they are made, so that what leaves is valid FHIR R4 (`service_request`). They carry codes,
references and this project's own words only, never text from the record.

Each is made once, about nobody, and then filled in. What is filled in are references whose form is checked here: with
them a resource is as valid as without.
"""

import hashlib
import re
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from cds_service.cards.profiles import ClientProfile
from cds_service.cards.service_request import draft_json
from cds_service.cards.summary import name_of
from cds_service.cards.text import plain
from cds_service.facts.catalogue import Code
from cds_service.trials import Trial

CARD_NAMESPACE = uuid.UUID("6a1f7a36-5d0c-4a5e-9a44-0d6a0d2c8f51")
REFERRAL = Code(system="http://snomed.info/sct", code="103696004", display="Patient referral to specialist (procedure)")
LABEL_LIMIT = 80
_ID = r"[A-Za-z0-9\-.]{1,64}"
_PATIENT_ID = re.compile(_ID)
_CONDITION = re.compile(rf"Condition/{_ID}")
_NOBODY = {"reference": "Patient/nobody"}
_NOTHING = {"reference": "Condition/nothing"}
MOST_DRAFTS = 4_096
"""Drafts that are kept: one for each trial to refer to and each test to order, as a client takes them."""

Coding = tuple[str, str, str]
"""System, code, display."""


def stable_uuid(*parts: str) -> str:
    """A UUID (version 5) that is the same for the same parts, so that a replayed answer is the same to the byte."""
    # As uuid.uuid5 does it, without an object for each.
    name = CARD_NAMESPACE.bytes + "\x1f".join(parts).encode()
    digest = hashlib.sha1(name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def is_condition_reference(source: str) -> bool:
    """Whether a source is a literal reference to a Condition on the client's server."""
    return _CONDITION.fullmatch(source) is not None


@dataclass(frozen=True, slots=True)
class Suggester:
    """Drafts requests about one patient and trial. `reasons` are references to the Conditions behind the gates."""

    trial: Trial
    patient_id: str
    reasons: tuple[str, ...]
    profile: ClientProfile
    seed: str

    def referral(self) -> list[dict[str, Any]]:
        """A draft referral to the study team; [] where the client takes none."""
        return self._suggest(
            REFERRAL,
            f"Referral to the study team of trial {self.trial.id}",
            label=f"Refer to study team: {name_of(self.trial)}",
            description="Draft a referral to the study team",
            parts=("refer",),
            trial=self.trial.id,
        )

    def order(self, test: Code, title: str, *, again: bool = False) -> list[dict[str, Any]]:
        """A draft order for one test; [] where the client has no code for it. `title` is the catalogue's name."""
        verb = "Repeat" if again else "Order"
        return self._suggest(
            test, title, label=f"{verb}: {title}", description=f"Draft an order: {title}", parts=("order", test.code)
        )

    def _suggest(
        self, standard: Code, text: str, *, label: str, description: str, parts: tuple[str, ...], trial: str = ""
    ) -> list[dict[str, Any]]:
        code = self.profile.order_code(standard)
        if code is None or _PATIENT_ID.fullmatch(self.patient_id) is None:
            return []
        # Site code first, standard code beside it: the client orders by its own, everybody else can still read it.
        codings = [code] if code is standard or code == standard else [code, standard]
        draft = _draft(tuple([(c.system, c.code, c.display) for c in codings]), text, trial, bool(self.reasons))
        resource = msgspec.json.decode(draft)
        resource["subject"] = {"reference": f"Patient/{self.patient_id}"}
        if self.reasons:
            resource["reasonReference"] = [{"reference": reason} for reason in self.reasons]
        action = {"type": "create", "description": plain(description), "resource": resource}
        suggestion_id = stable_uuid(self.seed, self.trial.id, *parts)
        return [{"label": plain(label, LABEL_LIMIT), "uuid": suggestion_id, "actions": [action]}]


@lru_cache(MOST_DRAFTS)
def _draft(codings: tuple[Coding, ...], text: str, trial: str, has_reasons: bool) -> bytes:
    """A valid draft about nobody, as JSON. With `trial` it names that trial as what it is about."""
    request: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "code": {"coding": [_coding(*coding) for coding in codings], "text": plain(text)},
        "subject": _NOBODY,
    }
    if trial:
        registry = {"system": "https://clinicaltrials.gov", "value": trial}
        request["supportingInfo"] = [{"type": "ResearchStudy", "identifier": registry}]
    if has_reasons:
        request["reasonReference"] = [_NOTHING]
    return draft_json(request)


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {key: value for key, value in (("system", system), ("code", code), ("display", display)) if value}
