"""Clinical-trial matching at the point of care: FHIR R4 in, CDS Hooks cards out."""

__version__ = "0.1.0"
