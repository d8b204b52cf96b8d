"""As of when something is told."""

from datetime import date

from cds_service.as_of import AsOf


def dated(as_of: date) -> dict[str, str]:
    """The day, and the instant, in the offset of the site, up to which what is on record counts."""
    asked = AsOf.of(as_of)
    return {"as_of": asked.isoformat(), "as_of_instant": asked.shown_end}
