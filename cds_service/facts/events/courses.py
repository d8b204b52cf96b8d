"""Since when a drug has been taken without a break: a renewed prescription is no new start (docs/design.md, 4a)."""

from collections.abc import Sequence

from msgspec.structs import replace

from cds_service.facts.fact import UNBOUNDED, DaySpan, Event


def with_courses(items: Sequence[Event], gap: int) -> list[Event]:
    """The events with the start of the course that each current one belongs to, since when its dose is as it is.

    The course reaches back over every record that overlaps it or touches it within `gap` days. Both bounds are kept:
    the start is at least as long ago as the records that certainly join make it, and at most as those that may join do.
    What is taken as needed may join, and never certainly does. An event that is over has its own start, and so has an
    entry that was not understood: it may be the drug, but it lengthens no course of it.
    """
    if len(items) == 1:  # nearly always
        (item,) = items
        is_over = item.active is False or item.hint == "unread_entry"
        return [replace(item, course=item.course if is_over else item.start, dose=item.start)]
    sure = [item for item in items if item.sure and item.active]
    least = max((item.start.lo for item in sure), default=0)
    # Certainly joined: certain records, newest end first, that ended no more than the gap before the course began.
    joining = (item for item in items if item.sure and item.continuous)
    for item in sorted(joining, key=lambda item: item.end.hi):
        if item.end.hi <= least + gap:
            least = max(least, item.start.lo)
    understood = [item for item in items if item.hint != "unread_entry"]
    running = [item for item in understood if item.active is not False]
    most = max((item.start.hi for item in running), default=0)
    for item in sorted(understood, key=lambda item: item.end.lo):
        if item.end.lo <= most + gap:
            most = max(most, item.start.hi)
    most = min(most, UNBOUNDED)
    found = []
    for item in items:
        if item.active is False or item.hint == "unread_entry":
            found.append(replace(item, dose=item.start))
        else:
            joined = least if item.sure and item.active else item.start.lo
            course = DaySpan(max(item.start.lo, joined), most)
            found.append(replace(item, course=course, dose=course))
    return found
