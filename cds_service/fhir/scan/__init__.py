"""The fast pass over large searches: what no rule asks about is not decoded."""

from cds_service.fhir.scan.observation_filter import ObservationFilter, Topics
from cds_service.fhir.scan.sifting import repeated_ids, sifted

__all__ = ["ObservationFilter", "Topics", "repeated_ids", "sifted"]
