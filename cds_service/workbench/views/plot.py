"""A series drawn as SVG that fits any width: places across are per cent, places down and letters are pixels.

It has no colours of its own: the classes of its parts get theirs from the style, so that they follow the theme.

What is not known exactly is not drawn as a point: a range is a bar between its ends, `< 5` a bar down from 5 with an
arrow at its open end, a date known to the month a bar across. Lines join exact results only. What could not be read has
no place on the scale and stands as a cross under it.
"""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby, pairwise

from cds_service.cards import rounded
from cds_service.workbench.views.scale import DayScale, Scale, scale_of
from cds_service.workbench.views.series import Point, Series, ThresholdLine

_HEIGHT = 180
_UNREAD = 14
"""Pixels under the scale for what could not be read."""
_LETTERS = 13
"""Pixels from one line of letters to the next."""
_LEFT = 25.0
"""Per cent of the width that a number at the left takes."""
_RADIUS = 4.5
_CAP = 5


def plot(series: Series) -> str:
    """The picture, for the eye only: `describe` and the table say the same in words."""
    scale, days = _scale(series), DayScale(min(p.first for p in series.points), series.as_of)
    unread = [p for p in series.points if p.value is None]
    floor = _HEIGHT + (_UNREAD if unread else 0)
    parts = [
        *_band(series, scale, days),
        *_grid(series, scale),
        *_thresholds(series, scale, days),
        *_time(days, floor),
        *_joined(series.points, scale, days),
        *(part for p in series.drawn for part in _drawn(p, scale, days)),
        *(_text(days.at(p.last), _HEIGHT + 11, "unread-sign", "✕", _told(p)) for p in unread),
    ]
    return f'<svg class="plot" width="100%" height="{floor + 26}" aria-hidden="true">{"".join(parts)}</svg>'


def on_scale(series: Series, line: ThresholdLine) -> bool:
    """Whether a threshold is in the picture; what is far from every result is only told."""
    return line.at is not None and _scale(series).holds(line.at)


def _scale(series: Series) -> Scale:
    ends = [float(end) for p in series.drawn if p.value for end in (p.value.lo, p.value.hi) if end is not None]
    limits = [limit for p in series.points for limit in (p.low, p.high) if limit is not None]
    return scale_of(
        ends,
        [*limits, *(x.at for x in series.lines if x.at is not None)],
        logarithmic=series.logarithmic,
        doubling=series.titre,
    )


def _y(scale: Scale, value: float) -> float:
    return round(_HEIGHT * (1 - scale.share(value)), 1)


def _band(series: Series, scale: Scale, days: DayScale) -> Iterator[str]:
    """Each result's own normal range, from half-way to the one before to half-way to the one after."""
    points = series.points
    places = [days.at(p.last) for p in points]
    edges = [0.0, *((a + b) / 2 for a, b in pairwise(places)), 100.0]
    spans = zip(points, edges, edges[1:], strict=False)
    for (low, high), group in groupby(spans, key=lambda span: (span[0].low, span[0].high)):
        same = list(group)
        left, right = same[0][1], same[-1][2]
        if (low is None and high is None) or right <= left:
            continue
        top = 0.0 if high is None else _y(scale, high)
        bottom = float(_HEIGHT) if low is None else _y(scale, low)
        yield (
            f'<rect class="normal" x="{left:.2f}%" y="{top}" width="{right - left:.2f}%" height="{bottom - top:.1f}"/>'
        )


def _grid(series: Series, scale: Scale) -> Iterator[str]:
    for tick in scale.ticks:
        y = _y(scale, tick)
        yield _line(0, y, 100, y, "grid-line")
        told = f"{'1:' if series.titre else ''}{rounded(tick)}"
        yield f'<text class="tick" x="-8" y="{y + 4}" text-anchor="end">{told}</text>'


def _thresholds(series: Series, scale: Scale, days: DayScale) -> Iterator[str]:
    """A line for each, and its number above it, where lines are close together in one text."""
    shown = sorted({line.at: line for line in series.lines if line.at is not None and scale.holds(line.at)}.items())
    labels: list[tuple[float, list[str]]] = []
    for at, line in shown:
        y = _y(scale, at)
        yield _line(0, y, 100, y, "threshold")
        if labels and labels[-1][0] - y < _LETTERS:
            labels[-1][1].append(line.told)
        else:
            labels.append((y, [line.told]))
    for y, told in labels:
        above = y - 4 if y > _LETTERS else y + 12
        place = 'x="2"' if _is_free(series, scale, days, above) else 'x="94%" text-anchor="end"'
        yield f'<text class="threshold-label" {place} y="{above:.1f}">{escape(" · ".join(told))}</text>'


def _is_free(series: Series, scale: Scale, days: DayScale, y: float) -> bool:
    """Whether no result lies at the left at this height."""
    left = [p.value for p in series.drawn if p.value is not None and days.at(p.first) < _LEFT]
    ends = [_y(scale, float(end)) for value in left for end in (value.lo, value.hi) if end is not None]
    return all(abs(end - y) > _LETTERS for end in ends)


def _time(days: DayScale, floor: int) -> Iterator[str]:
    """The axis: the first day, one between, and the day that counts as today with a line of its own."""
    yield _line(0, floor, 100, floor, "axis")
    now = days.at(days.last)
    yield _line(now, 0, now, floor + 5, "as-of")
    yield f'<text class="tick as-of-label" x="100%" y="{floor + 19}" text-anchor="end">as of {days.last}</text>'
    if days.first != days.last:
        yield _line(days.at(days.first), floor, days.at(days.first), floor + 5, "axis")
        yield f'<text class="tick" x="0" y="{floor + 19}">{days.first}</text>'
    if days.middle is not None:
        at = days.at(days.middle)
        yield _line(at, floor, at, floor + 5, "axis middle")
        yield f'<text class="tick middle" x="{at:.2f}%" y="{floor + 19}" text-anchor="middle">{days.middle}</text>'


def _joined(points: Iterable[Point], scale: Scale, days: DayScale) -> Iterator[str]:
    """Lines between results of which both are exact: what lies between others is anybody's guess."""
    for one, two in pairwise(points):
        ends = [p.value.lo for p in (one, two) if p.value is not None and p.value.is_point and p.first == p.last]
        if len(ends) == 2 and ends[0] is not None and ends[1] is not None:
            yield _line(
                days.at(one.last), _y(scale, float(ends[0])), days.at(two.last), _y(scale, float(ends[1])), "course"
            )


def _drawn(point: Point, scale: Scale, days: DayScale) -> Iterator[str]:
    assert point.value is not None
    value, x = point.value, days.at(point.last)
    low = None if value.lo is None else float(value.lo)
    high = None if value.hi is None else float(value.hi)
    # Told as `< 5`: nothing says that it is 0.
    open_below = low is None or (low == 0 and not value.lo_open and not value.is_point)
    top = 0.0 if high is None else _y(scale, high)
    bottom = float(_HEIGHT) if open_below or low is None else _y(scale, low)
    if point.first != point.last:
        middle = (top + bottom) / 2
        yield _line(days.at(point.first), middle, x, middle, "span")
        x = (days.at(point.first) + x) / 2
    if value.is_point:
        kind = "point early" if point.preliminary else "point"
        yield f'<circle class="{kind}" cx="{x:.2f}%" cy="{top}" r="{_RADIUS}">{_title(point)}</circle>'
        return
    yield f"<g>{_line(x, top, x, bottom, 'span')}{_title(point)}</g>"
    yield _text(x, top + 9, "open-end", "▲", _told(point)) if high is None else _cap(x, top)
    yield _text(x, bottom, "open-end", "▼", _told(point)) if open_below else _cap(x, bottom)


def _cap(x: float, y: float) -> str:
    """A short line across: the end of a bar that is known."""
    across = f'<line class="span" x1="-{_CAP}" y1="0" x2="{_CAP}" y2="0"/>'
    return f'<svg x="{x:.2f}%" y="{y}" overflow="visible">{across}</svg>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.2f}%" y1="{y1:.1f}" x2="{x2:.2f}%" y2="{y2:.1f}"/>'


def _text(x: float, y: float, kind: str, text: str, told: str) -> str:
    title = f"<title>{escape(told)}</title>"
    return f'<text class="{kind}" x="{x:.2f}%" y="{y:.1f}" text-anchor="middle">{text}{title}</text>'


def _title(point: Point) -> str:
    return f"<title>{escape(_told(point))}</title>"


def _told(point: Point) -> str:
    """What a mouse is told that rests on it."""
    return f"{point.day}: {point.told or f'{point.raw}, {point.unread}'}"
