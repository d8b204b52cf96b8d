"""FHIR queries for what a request should have brought as prefetch and did not (CDS Hooks 2.0, "FHIR Resource Access").

https://cds-hooks.hl7.org/2.0/#fhir-resource-access
"""
