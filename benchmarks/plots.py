"""Line charts as SVG, without a plotting library: lines with a name at their end, on linear or logarithmic axes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from benchmarks.report import number

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 48, 48
COLOURS = ("#0b6e99", "#c2410c", "#4d7c0f", "#7e22ce", "#555555", "#b8860b")


@dataclass(frozen=True, slots=True)
class Line:
    """Points to join, from left to right."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    log: bool

    def place(self, value: float) -> float:
        """Where between the ends, 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        if self.log:
            first, last = math.floor(math.log10(self.low) + 1e-9), math.ceil(math.log10(self.high) - 1e-9)
            return [10.0**power for power in range(first, last + 1) if self.low <= 10.0**power <= self.high * 1.001]
        step = _step((self.high - self.low) / 5)
        return [self.low + step * i for i in range(round((self.high - self.low) / step) + 1)]


def chart(title: str, lines: Sequence[Line], *, x: str, y: str, log_x: bool = False, log_y: bool = False) -> str:
    """A chart of `lines`; `x` and `y` name the axes. Linear axes begin at 0, logarithmic ones take values above 0."""
    lines = [line for line in lines if line.points]
    across = _axis([px for line in lines for px, _ in line.points], log_x)
    upward = _axis([py for line in lines for _, py in line.points], log_y)

    def at_x(value: float) -> float:
        return LEFT + across.place(value) * (WIDTH - LEFT - RIGHT)

    def at_y(value: float) -> float:
        return HEIGHT - BOTTOM - upward.place(value) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#333333">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="600">{escape(title)}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(x)}</text>',
        f'<text x="{LEFT - 8}" y="{TOP - 8}" text-anchor="end">{escape(y)}</text>',
    ]
    for tick in upward.ticks():
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at_y(tick):.1f}" y2="{at_y(tick):.1f}" stroke="#e2e2e2"/>'
            f'<text x="{LEFT - 8}" y="{at_y(tick) + 4:.1f}" text-anchor="end">{number(tick)}</text>'
        )
    for tick in across.ticks():
        parts.append(
            f'<line x1="{at_x(tick):.1f}" x2="{at_x(tick):.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 5}" '
            f'stroke="#888888"/><text x="{at_x(tick):.1f}" y="{HEIGHT - BOTTOM + 19}" '
            f'text-anchor="middle">{number(tick)}</text>'
        )
    parts += _drawn(lines, at_x, at_y)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _drawn(lines: Sequence[Line], at_x: Callable[[float], float], at_y: Callable[[float], float]) -> list[str]:
    parts, taken = [], []
    for i, line in sorted(enumerate(lines), key=lambda pair: at_y(pair[1].points[-1][1])):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{at_x(px):.1f},{at_y(py):.1f}" for px, py in line.points)
        dashes = ' stroke-dasharray="6 4"' if line.dashed else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        parts += [
            f'<circle cx="{at_x(px):.1f}" cy="{at_y(py):.1f}" r="3" fill="{colour}"/>'
            for px, py in line.points
            if len(line.points) <= 12
        ]
        # Names that would cover each other move down.
        label = max([at_y(line.points[-1][1]) + 4, *(y + 15 for y in taken)])
        taken.append(label)
        parts.append(f'<text x="{WIDTH - RIGHT + 10}" y="{label:.1f}" fill="{colour}">{escape(line.name)}</text>')
    return parts


def _axis(values: Sequence[float], log: bool) -> _Axis:
    low, high = min(values), max(values)
    if log:
        return _Axis(10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high * 1.0001)), True)
    step = _step(high / 5 or 1)
    return _Axis(0.0, step * math.ceil(high / step - 1e-9), False)


def _step(rough: float) -> float:
    """The next of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
