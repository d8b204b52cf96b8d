"""The names of codes, read in place where a developer has them; only single words of them are kept."""

import gzip
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from cds_service.facts.catalogue import ATC, CVX, ICD10, ICD10CM, RXNORM, SNOMED, CodeSystems, Key

_SYSTEMS = {"ICD10": ICD10, "ICD10CM": ICD10CM, "SNOMED": SNOMED, "RXNORM": RXNORM, "ATC": ATC, "CVX": CVX}
_TAG = re.compile(r" \(([a-z/ ]+)\)$")
_READ_TAGS = frozenset(
    {
        "disorder",
        "finding",
        "situation",
        "event",
        "procedure",
        "regime/therapy",
        "product",
        "medicinal product",
        "medicinal product form",
        "clinical drug",
        "substance",
    }
)


def read_names(table: Path | None, systems: CodeSystems) -> Iterator[tuple[Key, str]]:
    """The key and the name of every code in `table` (system, code, display; gzipped TSV), and in `simple-icd-10-cm`
    where that is installed. SNOMED CT names without their tag, and only of what a record's entries may be."""
    if table is not None:
        with gzip.open(table, "rt", encoding="utf-8") as lines:
            for line in lines:
                system, code, name = line.rstrip("\n").split("\t")[:3]
                tag = _TAG.search(name) if system == "SNOMED" else None
                if system in _SYSTEMS and (tag is None or tag[1] in _READ_TAGS):
                    yield systems.key(_SYSTEMS[system], code), name[: tag.start()] if tag else name
    if find_spec("simple_icd_10_cm") is not None:
        icd = import_module("simple_icd_10_cm")
        for code in icd.get_all_codes():
            if len(code) > 2 and "-" not in code:
                yield systems.key(ICD10CM, code), icd.get_description(code)
