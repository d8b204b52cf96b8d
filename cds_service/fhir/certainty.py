"""How sure a German diagnosis is: the letter beside an ICD-10-GM code (Zusatzkennzeichen).

`G` gesichert, `V` Verdacht auf / zum Ausschluss von, `A` ausgeschlossen, `Z` Zustand nach (KBV,
https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT). In FHIR it is an extension of the coding
(http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit).
"""

import re
from collections.abc import Mapping
from typing import Literal

from cds_service.fhir.views import Coding

Certainty = Literal["confirmed", "doubted", "refuted", "past"]

_URL_ENDS = "diagnosesicherheit"
"""Of the extension's address in each of the profiles that have one."""
_LETTERS: Mapping[str, Certainty] = {"G": "confirmed", "V": "doubted", "A": "refuted", "Z": "past"}
# WHO's and the German ICD-10 end in digits. `M32.9 V`, `C50.9RG`: the letters of sureness and side, as they are billed.
_LETTERED = re.compile(r"[A-Z][0-9]{2}(?:\.?[0-9]{1,2})?[-+*!†]? ?[RLB]? ?([GVAZ]) ?[RLB]?", re.IGNORECASE)


def stated_certainty(coding: Coding) -> Certainty | None:
    """What the extension of a coding says; `None` where it has none. What is not understood there is a doubt."""
    said = {
        _LETTERS.get((one.value_coding.code or "").strip().upper(), "doubted")
        if one.value_coding is not None
        else "doubted"
        for one in coding.extension
        if one.url is not None and one.url.strip().rstrip("/").casefold().endswith(_URL_ENDS)
    }
    if not said:
        return None
    return said.pop() if len(said) == 1 else "doubted"


def lettered_certainty(code: str | None) -> Certainty | None:
    """What a letter at the end of an ICD-10 code says, where there is one. Not for ICD-10-CM, whose codes may end so.

    FHIR has no such codes, so that a letter that is not `G` is a doubt and no more: feeds send ICD-10-CM's under the
    name of ICD-10, and `M35.0A` is one.
    """
    found = None if code is None else _LETTERED.fullmatch(code.strip())
    if found is None:
        return None
    return "confirmed" if found[1].upper() == "G" else "doubted"
