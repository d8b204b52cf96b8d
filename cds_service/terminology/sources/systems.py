"""Code systems that are compiled from beside those of the catalogue, by their canonical names."""

ICD9CM = "http://hl7.org/fhir/sid/icd-9-cm"
"""Diagnoses: volumes 1 and 2 (https://hl7.org/fhir/R4/icd.html)."""

ICD9CM_PROCEDURES = "urn:oid:2.16.840.1.113883.6.104"
"""Procedures: volume 3. HL7 gives all volumes one URI; without their points 41.00 and 410.0 would be one code, so this
is the other name that HL7 has for it (https://terminology.hl7.org/NamingSystem-ICD-9CM-procedurecodes.html)."""

ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
"""https://confluence.hl7.org/display/TA/ICD-10+Procedure+Coding+System"""
