"""Since when a drug has been taken without a break: a renewed prescription is no new start (docs/design.md, 4a)."""

from collections.abc import Sequence

from msgspec.structs import replace

from cds_service.facts.fact import UNBOUNDED, Days, Event

GAP = 14
"""Records that are at most so many days apart belong to one course."""


def with_courses(items: Sequence[Event]) -> list[Event]:
    """The events with the start of the course that each current one belongs to.

    The course reaches back over every record that overlaps it or touches it within 14 days. Both bounds are kept: the
    start is at least as long ago as the records that certainly join make it, and at most as those that may join do.
    An event that is over has its own start.
    """
    sure = [item for item in items if item.sure and item.active]
    least = max((item.start.lo for item in sure), default=0)
    # Certainly joined: certain records, newest end first, that ended no more than 14 days before the course began.
    for item in sorted((item for item in items if item.sure), key=lambda item: item.end.hi):
        if item.end.hi <= least + GAP:
            least = max(least, item.start.lo)
    running = [item for item in items if item.active is not False]
    most = max((item.start.hi for item in running), default=0)
    for item in sorted(items, key=lambda item: item.end.lo):
        if item.end.lo <= most + GAP:
            most = max(most, item.start.hi)
    most = min(most, UNBOUNDED)
    found = []
    for item in items:
        if item.active is False:
            found.append(item)
        else:
            joined = least if item.sure and item.active else item.start.lo
            found.append(replace(item, course=Days(max(item.start.lo, joined), most)))
    return found
