"""Writes an invented LOINC release. No code, name or part of it is LOINC's; the columns are."""

import csv
import io
from pathlib import Path

COLUMNS = (
    *("LOINC_NUM", "COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "METHOD_TYP", "CLASS"),
    *("VersionLastChanged", "STATUS", "SHORTNAME", "EXTERNAL_COPYRIGHT_NOTICE", "LONG_COMMON_NAME"),
    "VersionFirstReleased",
)
ZORBIN = ("Zorbin", "MCnc", "Pt", "Ser/Plas", "Qn")
ROWS = (
    ("90001-1", *ZORBIN, "", "CHEM", "2.73", "ACTIVE", "", "", "Zorbin [Mass/volume] in Serum or Plasma", "1.0"),
    ("90002-9", *ZORBIN, "IA", "CHEM", "2.70", "TRIAL", "", "", 'Zorbin [Mass/volume] in Serum, by "IA"', "2.7"),
    (
        "90003-7",
        "Zorbin",
        "SCnc",
        "Pt",
        "Ser/Plas",
        "Qn",
        "",
        "CHEM",
        "2.70",
        "ACTIVE",
        "Zorbin SerPl-sCnc",
        "",
        "",
        "2",
    ),
    (
        "90004-5",
        "Zorbin",
        "MRat",
        "24H",
        "Urine",
        "Qn",
        "",
        "CHEM",
        "2.70",
        "ACTIVE",
        "",
        "",
        "Zorbin in Urine",
        "1.0o",
    ),
    ("90005-2", *ZORBIN, "", "CHEM", "2.60", "DEPRECATED", "", "", "Deprecated Zorbin", "1.0"),
    ("90006-0", *ZORBIN, "", "CHEM", "2.60", "DISCOURAGED", "", "", "Zorbin of old", "1.0"),
    (
        "90007-8",
        "ZORBIN",
        "Find",
        "Pt",
        "^Patient",
        "Ord",
        "",
        "SURVEY",
        "2.7",
        "ACTIVE",
        "",
        "(c) Zorb\nInc.",
        "Zorb q",
        "1",
    ),
)
MAPPED = (("90005-2", "90001-1", ""), ("90006-0", "90001-1", "by mass"), ("90006-0", "90003-7", "by moles"))
PARTS = (
    ("", "1", "", "LP90-1", "Laboratory"),
    ("LP90-1", "1", "LP90-1", "LP91-9", "Zorbin | Serum or Plasma"),
    ("LP90-1.LP91-9", "1", "LP91-9", "90001-1", "Zorbin"),
    ("LP90-1.LP91-9", "2", "LP91-9", "90002-9", "Zorbin IA"),
    ("LP90-1", "2", "LP90-1", "90004-5", "Zorbin Urine"),
)


def table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    """CSV as LOINC writes it: every cell in quotes."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([columns, *rows])
    return text.getvalue()


def release() -> dict[str, str]:
    """The files of a whole release."""
    parts = ("PATH_TO_ROOT", "SEQUENCE", "IMMEDIATE_PARENT", "CODE", "CODE_TEXT")
    return {
        "LoincTable/Loinc.csv": table(COLUMNS, ROWS),
        "LoincTable/MapTo.csv": table(("LOINC", "MAP_TO", "COMMENT"), MAPPED),
        "AccessoryFiles/ComponentHierarchyBySystem/ComponentHierarchyBySystem.csv": table(parts, PARTS),
    }


def write(folder: Path, files: dict[str, str]) -> str:
    """Write files below `folder`. Returns the folder's name."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return str(folder)
