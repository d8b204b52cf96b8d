"""What may be wrong with a text that is no JSON, in the words of somebody who writes trials and no programs."""

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "empty": ("there is nothing in the file", ""),
    "mark": ("the file begins with an invisible byte-order mark", "save it as UTF-8 without one (BOM)"),
    "curly": (
        "a curly quote {found} stands in line {line}",
        'JSON takes only straight ones: "text". Word processors change them',
    ),
    "single": ("line {line} has single quotes: {found}", 'texts and keys stand in double quotes: "text"'),
    "comment": ("there is a comment in line {line}: {found}", "JSON has none: say it in 'notes' or 'why'"),
    "line-break": ("a text that begins in line {line} goes on in the next line", "keep it in one line, or write \\n"),
    "open-text": ('a " is missing, or is one too many, in line {line}: {found}', 'within a text it is written \\"'),
    "escape": ("{found} in line {line} means nothing", "a backslash within a text is written \\\\"),
    "control": (
        "a text in line {line} holds {found}, which can't be seen",
        "leave it out; a tab is written \\t",
    ),
    "word": ("{found} in line {line} is no JSON value", "{instead}"),
    "number": ("{found} in line {line} is no number", "write it as 8, 0.5 or -3, with a point and without more zeros"),
    "decimal-comma": ("{found} in line {line} has a comma within the number", "write {instead}, with a point"),
    "unquoted": ("{found} in line {line} stands without quotes", 'texts and keys stand in double quotes: "text"'),
    "character": ("{found} in line {line} does not belong there", "leave it out"),
    "comma-end": ("a comma is missing at the end of line {line}", ""),
    "comma": ("a comma is missing in line {line} before {found}", ""),
    "colon": ("a colon is missing in line {line} after {found}", ""),
    "trailing": ("the comma at the end of line {line} has nothing behind it", "leave the last comma out"),
    "comma-extra": ("a comma in line {line} is one too many", "leave it out"),
    "colon-extra": ("a colon in line {line} is one too many", "leave it out"),
    "value": ("after the colon in line {line} there is no value", "write one, or null where nothing is known"),
    "alone": ("{found} in line {line} stands alone", 'within {{ }} it is "key": value'),
    "in-list": ("{found} in line {line} is a key, and stands in a list", "keys stand within {{ }}"),
    "key": ("in line {line} a value stands without its key", 'within {{ }} it is "key": value'),
    "unopened": ("{found} in line {line} closes nothing", "leave it out, or open it with {instead} before"),
    "too-many": ("{found} in line {line} is one too many", "leave it out, or close it with {instead}"),
    "unclosed": ("{found} of line {opened} is not closed", "write {instead} at the end of line {line}"),
    "open-missing": ("{found} is missing in line {line}", ""),
    "wrong": ("{found} of line {opened} is closed by {other}", "{instead} belongs in line {line}"),
    "after-end": ("after the end of the file's last }} more follows, in line {line}", "leave it out"),
    "else": ("it can't be read any further in line {line}, at {found}", ""),
}
"""By kind: the sentence, and how to mend it. `found` is what stands there, `instead` what belongs there."""

WRITTEN_OTHERWISE: Mapping[str, str] = {
    "True": "write true, in small letters",
    "TRUE": "write true, in small letters",
    "False": "write false, in small letters",
    "FALSE": "write false, in small letters",
    "yes": "write true",
    "no": "write false",
    "None": "write null",
    "NULL": "write null",
    "Null": "write null",
    "undefined": "write null",
    "NaN": "write null where nothing is known",
}
"""Words of other languages, and what JSON writes in their place."""
