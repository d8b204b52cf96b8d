"""Makes rules/codesystems/icd.json.gz from the public-domain tables of an installed package."""
