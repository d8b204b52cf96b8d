"""The wire protocol: CDS Hooks 2.0 over HTTP, from the bytes of a request to a patient record, and cards back to bytes.

Nothing here knows trials or rules: what turns a record into cards is given to `routes.router`.
"""
