"""From value-set definitions to expansions: what a person reviews, and what is loaded."""

from cds_service.terminology.check_digits import (
    MISPRINTED_LOINC,
    loinc_digit,
    loinc_problem,
    namespace_of,
    sctid_problem,
    verhoeff_digit,
)

__all__ = ["MISPRINTED_LOINC", "loinc_digit", "loinc_problem", "namespace_of", "sctid_problem", "verhoeff_digit"]
