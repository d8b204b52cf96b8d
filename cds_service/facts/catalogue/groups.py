"""What facts are about, told by the first word of their names: how sheets and pages of facts are arranged."""

GROUPS: dict[str, tuple[str, ...]] = {
    "Patient": ("patient",),
    "Laboratory": ("lab", "kidney"),
    "Vital signs and function tests": ("vital", "body"),
    "Scores": ("score",),
    "Results": ("result", "infection"),
    "Genetics": ("genomics",),
    "Dates": ("date",),
    "Computed": ("derived",),
    "Conditions": ("condition",),
    "Drugs": ("medication",),
    "Procedures": ("procedure",),
    "Vaccinations": ("immunization",),
    "Allergies": ("allergy",),
    "Devices": ("device",),
    "Studies": ("study",),
}
"""Each group with the first words of the names in it, in the order in which they are shown."""

OTHER = "Other"
_GROUP_OF = {word: group for group, words in GROUPS.items() for word in words}


def group_of(name: str) -> str:
    """The group of a fact, `OTHER` where the name begins with a word that is in none."""
    return _GROUP_OF.get(name.partition(".")[0], OTHER)
