"""A release of three systems, invented but for its codes' shapes, and value sets that it can expand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cds_service.facts.catalogue import RXNORM, SNOMED
from cds_service.terminology.sources import Concept, FilterCondition, Release, UnsupportedFilterError
from tests.facts.small_rules import VALUESETS, codes, valueset, write_rules

Json = dict[str, Any]

LUPUS, NEPHRITIS, OF_CHILDREN, SKIN = "55464009", "68815009", "239887007", "7119001"
BELOW = {LUPUS: (LUPUS, NEPHRITIS, OF_CHILDREN), SKIN: (SKIN,)}
VERSION = "http://snomed.info/sct/900000000000207008/version/20260301"


class StubSource:
    """Answers `concept is-a` of SNOMED CT from a table, and nothing of RxNorm."""

    def __init__(self, below: Mapping[str, Sequence[str]] = BELOW, version: str = VERSION) -> None:
        self._below = below
        self._version = version

    @property
    def releases(self) -> tuple[Release, ...]:
        return Release(SNOMED, self._version), Release(RXNORM, "04032026")

    def expand(self, system: str, conditions: Sequence[FilterCondition]) -> Iterator[Concept]:
        [one] = conditions
        if system != SNOMED or one.op != "is-a":
            raise UnsupportedFilterError("the stub has no ingredients")
        return iter([Concept(code, f"name of {code}") for code in sorted(self._below[one.value])])

    def concept(self, system: str, code: str) -> Concept | None:
        return None


def is_a(code: str, system: str = SNOMED) -> Json:
    return {"system": system, "filter": [{"property": "concept", "op": "is-a", "value": code}]}


def of_drug(cui: str) -> Json:
    return {"system": RXNORM, "filter": [{"property": "has_ingredient", "op": "=", "value": cui}]}


def rules_with(folder: Path, *include: Json, exclude: list[Any] | None = None) -> Path:
    """The small rules with `sle` made of these includes."""
    sets = [one for one in VALUESETS if one["id"] != "sle"]
    return write_rules(folder, None, [*sets, valueset("sle", *include, hints=("SLE",), exclude=exclude)])


def edit(rules: Path, **compose: Any) -> None:
    """Change the `compose` of `sle` by hand."""
    path = rules / "valuesets" / "sle.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["compose"] |= compose
    path.write_text(json.dumps(content), encoding="utf-8")


def lasting_codes(*listed: str) -> Json:
    return codes(SNOMED, *listed) | {"lasts": "chronic", "lasts_reason": "lifelong"}
