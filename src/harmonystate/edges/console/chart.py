"""A line over time in a few lines of text: braille dots, 2 x 4 to a character, between two labelled axes."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, floor, log10

from rich.text import Text

from harmonystate.core.answers import Point
from harmonystate.core.windows import HOUR

ROWS = 7  # six steps from the lowest to the highest, so that one, two or three spans each end at a row
_MOST_SPANS = 3
_DOTS = ROWS * 4
_MINUTE = timedelta(minutes=1)
# A braille character is this and the bits of its dots, given by row from the top and column.
_BRAILLE = 0x2800
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_CLOCKS = tuple(timedelta(hours=h) for h in (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 168, 720, 2160))

_Dot = tuple[int, int]  # column from the left, row from the bottom


def draw(points: Sequence[Point], *, width: int) -> list[Text]:
    """Draw a series that rises in time, at least one point, from its first hour to its last.

    Where there are more minutes than columns of dots, a dot is the mean of its minutes. A line joins neighbours;
    where minutes are missing there is a gap.
    """
    start = points[0].time.replace(minute=0)
    end = points[-1].time.replace(minute=0) + HOUR
    values = _buckets(points, start, end, most=max(width - 8, 10) * 2)
    low, high, step = _scale([value for value in values if value is not None])
    labels = _labels(low, high, step)
    margin = max(6, *map(len, labels.values()))
    columns = max(width - margin - 2, 10)
    picture = _braille(_line(values, low, high, columns * 2), columns)
    lines = [_row(f"{labels.get(row, ''):>{margin}}", line) for row, line in enumerate(picture)]
    return [*lines, *_time_axis(start, end, columns, " " * margin)]


def _buckets(points: Sequence[Point], start: datetime, end: datetime, *, most: int) -> list[float | None]:
    """Return the mean of each of `most` equal spans, or of each minute where these are fewer; None where none is."""
    count = min(most, (end - start) // _MINUTE)
    sums, sizes = [0.0] * count, [0] * count
    for point in points:
        at = (point.time - start) * count // (end - start)
        sums[at] += point.value
        sizes[at] += 1
    return [total / size if size else None for total, size in zip(sums, sizes, strict=True)]


def _scale(values: Sequence[float]) -> tuple[float, float, float]:
    """Return round bounds around the values, and the round step of which at most three lie between them."""
    low, high = min(values), max(values)
    if high - low < 1e-9:
        return floor(low), floor(low) + 1, 1
    for step in _round_steps((high - low) / _MOST_SPANS):
        spans = ceil(high / step) - floor(low / step)
        if spans <= _MOST_SPANS:
            return floor(low / step) * step, ceil(high / step) * step, step
    raise AssertionError("unreachable: steps grow without end")


def _round_steps(least: float) -> Iterator[float]:
    """Yield 1, 2 and 5 times the powers of ten, rising, from `least` on."""
    exponent = floor(log10(least))
    while True:
        yield from (step for factor in (1, 2, 5) if (step := factor * 10.0**exponent) >= least)
        exponent += 1


def _labels(low: float, high: float, step: float) -> dict[int, str]:
    """Return the text beside each row that has one, counted from the top."""
    digits = max(0, -floor(log10(step) + 1e-9))
    ticks = [low + i * step for i in range(round((high - low) / step) + 1)]
    return {ROWS - 1 - _height(tick, low, high) // 4: f"{tick:,.{digits}f}" for tick in ticks}


def _height(value: float, low: float, high: float) -> int:
    return round((value - low) / (high - low) * (_DOTS - 1))


def _line(values: Sequence[float | None], low: float, high: float, width: int) -> set[_Dot]:
    """Return the dots of the line: one a value, and those that join it to its neighbour."""
    scale = (width - 1) / max(len(values) - 1, 1)
    places = [None if v is None else (round(i * scale), _height(v, low, high)) for i, v in enumerate(values)]
    dots = {place for place in places if place is not None}
    for left, right in pairwise(places):
        if left is not None and right is not None:
            dots |= _join(left, right)
    return dots


def _join(left: _Dot, right: _Dot) -> set[_Dot]:
    (x1, y1), (x2, y2) = left, right
    steps = max(x2 - x1, abs(y2 - y1), 1)
    return {(x1 + round((x2 - x1) * i / steps), y1 + round((y2 - y1) * i / steps)) for i in range(steps + 1)}


def _braille(dots: set[_Dot], columns: int) -> list[str]:
    cells = [[0] * columns for _ in range(ROWS)]
    for x, y in dots:
        from_top = _DOTS - 1 - y
        cells[from_top // 4][x // 2] |= _BITS[from_top % 4][x % 2]
    return ["".join(chr(_BRAILLE + bits) if bits else " " for bits in row) for row in cells]


def _row(label: str, line: str) -> Text:
    return Text.assemble((f"{label} {'│' if label.isspace() else '┤'}", "dim"), (line, "cyan"))


def _time_axis(start: datetime, end: datetime, columns: int, margin: str) -> tuple[Text, Text]:
    """Return the axis with a tick at round times, and the times beneath, each with its day where it is new."""
    span = end - start
    step = next((clock for clock in _CLOCKS if span / clock <= columns / 12), span)
    axis, beneath = ["─"] * columns, ""
    moment, day = start, None
    while moment < end:
        at = (moment - start) * columns // span
        label = f"{moment:%H:%M}" if moment.date() == day else f"{moment:%d %b %H:%M}"
        if at + len(label) <= columns and (not beneath or at > len(beneath)):
            axis[at] = "┬"
            beneath = beneath.ljust(at) + label
            day = moment.date()
        moment += step
    return Text(f"{margin} └{''.join(axis)}", "dim"), Text(f"{margin}  {beneath}", "dim")
