"""Boundary Bundles: for every leaf of a criterion, small patient records at, under and over its threshold, missing, in
other units, too old, entered in error, in each code system; each with the outcome that the criterion must have.

What is expected comes from the rule author's words (`trials.stated`), never from the reader of FHIR that it tests.
"""
