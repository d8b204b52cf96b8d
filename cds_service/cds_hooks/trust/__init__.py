"""Which clients may call, and how a request proves which of them it comes from (CDS Hooks 2.0, "Trusting CDS Clients").

https://cds-hooks.hl7.org/2.0/#trusting-cds-clients
"""
