"""Small invented releases. No code or name of them is of a real one, but for SNOMED CT's own model and its root."""

import gzip
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from cds_service.facts.catalogue import verhoeff_digit

SNOMED = "http://snomed.info/sct"
ROOT, IS_A = "138875005", "116680003"
CORE, INFERRED, STATED = "900000000000207008", "900000000000011006", "900000000000010007"
FSN, SYNONYM = "900000000000003001", "900000000000013009"


def sctid(item: int, partition: str = "00", namespace: str = "") -> str:
    digits = f"{item}{namespace}{partition}"
    return digits + verhoeff_digit(digits)


# Humours of an invented medicine:
#
#   root - humour - moon humour - grey moon humour
#        |        |             \ moon and tide humour
#        |        \ tide humour / (of two kinds)
#        \ charm
HUMOUR, MOON, TIDE, GREY, BOTH, CHARM, OLD = (sctid(item) for item in range(90001, 90008))
NAMES = {
    ROOT: "Invented root concept (invented root)",
    HUMOUR: "Humour (disorder)",
    MOON: "Moon humour (disorder)",
    TIDE: "Tide humour (disorder)",
    GREY: "Grey moon humour of Méline (disorder)",
    BOTH: "Moon and tide humour (disorder)",
    CHARM: "Charm against humours (procedure)",
    OLD: "Fog humour (disorder)",
}
KINDS = [(HUMOUR, ROOT), (CHARM, ROOT), (MOON, HUMOUR), (TIDE, HUMOUR), (GREY, MOON), (BOTH, MOON), (BOTH, TIDE)]
RETIRED = frozenset({OLD})

CONCEPT_COLUMNS = "id effectiveTime active moduleId definitionStatusId"
DESCRIPTION_COLUMNS = "id effectiveTime active moduleId conceptId languageCode typeId term caseSignificanceId"
RELATIONSHIP_COLUMNS = (
    "id effectiveTime active moduleId sourceId destinationId relationshipGroup typeId characteristicTypeId modifierId"
)
CONCEPT_FILE = "Snapshot/Terminology/sct2_Concept_Snapshot_INT_20310101.txt"
DESCRIPTION_FILE = "Snapshot/Terminology/sct2_Description_Snapshot-en_INT_20310101.txt"
RELATIONSHIP_FILE = "Snapshot/Terminology/sct2_Relationship_Snapshot_INT_20310101.txt"


def table(columns: str, rows: Iterable[Iterable[str]], end: str = "\r\n", separator: str = "\t") -> bytes:
    lines = [separator.join(columns.split(" ")), *(separator.join(row) for row in rows)]
    return "".join(line + end for line in lines).encode()


def concept_row(code: str, *, active: bool = True, time: str = "20300101", module: str = CORE) -> list[str]:
    return [code, time, "1" if active else "0", module, "900000000000074008"]


def kind_row(number: int, child: str, parent: str, *, active: bool = True, time: str = "20300101") -> list[str]:
    start = [sctid(70000 + number, "02"), time, "1" if active else "0", CORE, child, parent]
    return [*start, "0", IS_A, INFERRED, "900000000000451002"]


def name_row(number: int, code: str, name: str, kind: str = FSN, *, active: bool = True) -> list[str]:
    start = [sctid(80000 + number, "01"), "20300101", "1" if active else "0", CORE, code, "en"]
    return [*start, kind, name, "900000000000448009"]


def rf2() -> dict[str, bytes]:
    """The files of an edition, by their names."""
    names = [name_row(number, code, name) for number, (code, name) in enumerate(NAMES.items())]
    names += [
        name_row(50, MOON, "Lunar humour", SYNONYM),
        name_row(51, MOON, "Humour of the moon (finding)", active=False),
    ]
    kinds = [kind_row(number, *pair) for number, pair in enumerate(KINDS)]
    kinds += [
        kind_row(50, CHARM, HUMOUR, active=False),
        [*kind_row(51, CHARM, MOON)[:7], "363698007", INFERRED, "900000000000451002"],
        [*kind_row(52, CHARM, TIDE)[:7], IS_A, STATED, "900000000000451002"],
    ]
    return {
        CONCEPT_FILE: table(CONCEPT_COLUMNS, [concept_row(code, active=code not in RETIRED) for code in NAMES]),
        DESCRIPTION_FILE: table(DESCRIPTION_COLUMNS, names),
        RELATIONSHIP_FILE: table(RELATIONSHIP_COLUMNS, kinds),
        # What a package holds beside them.
        "Readme.txt": b"An invented release.\r\n",
        "Snapshot/Terminology/sct2_StatedRelationship_Snapshot_INT_20310101.txt": table(RELATIONSHIP_COLUMNS, []),
        "Snapshot/Terminology/sct2_TextDefinition_Snapshot-en_INT_20310101.txt": table(DESCRIPTION_COLUMNS, []),
        "Full/Terminology/sct2_Concept_Full_INT_20310101.txt": b"not read",
        "Delta/Terminology/sct2_Concept_Delta_INT_20310101.txt": b"not read",
    }


def folder(path: Path, files: Mapping[str, bytes]) -> str:
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    path.mkdir(exist_ok=True)
    return str(path)


def archive(path: Path, files: Mapping[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return str(path)


def gzipped(path: Path, content: bytes) -> str:
    path.write_bytes(gzip.compress(content))
    return str(path)
