"""Series as a reader looks at them: the last hours, thinned to what a chart can show, and said in one sentence."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from statistics import fmean
from typing import NamedTuple

from harmonystate.core.answers import Point

_MINUTE = timedelta(minutes=1)


class Span(NamedTuple):
    """How far back a reader looks, and of how many minutes each point of a curve is the mean."""

    length: timedelta
    step: timedelta


SPANS: Mapping[str, Span] = {
    "1h": Span(timedelta(hours=1), _MINUTE),
    "6h": Span(timedelta(hours=6), 2 * _MINUTE),
    "24h": Span(timedelta(days=1), 10 * _MINUTE),
    "7d": Span(timedelta(days=7), 60 * _MINUTE),
}
LONGEST = max(span.length for span in SPANS.values())


class Curve(NamedTuple):
    """A series over a span.

    Attributes:
        points: rising in time; a value of None breaks the line where minutes have no value.
        newest: the last minute that has a value, as stored; None = there is none in the span.
        low, high: of the points; 0 when there is none.
        step: of how many minutes each point is the mean.
    """

    points: tuple[tuple[datetime, float | None], ...]
    newest: Point | None
    low: float
    high: float
    step: timedelta


def curve_of(points: Sequence[Point], span: Span, *, now: datetime) -> Curve:
    """Return the part of a series (rising in time) that lies within `span` before `now`, thinned by means."""
    shown = [point for point in points if now - span.length <= point.time <= now]
    means = [
        Point(time, fmean(point.value for point in some))
        for time, some in groupby(shown, key=lambda point: _floor(point.time, span.step))
    ]
    values = [mean.value for mean in means]
    low, high = min(values, default=0.0), max(values, default=0.0)
    return Curve(tuple(_with_gaps(means, span.step)), shown[-1] if shown else None, low, high, span.step)


def say(curve: Curve, spell: str) -> str:
    """Say a curve in one sentence, for those who do not see it; `spell` is the format of a value."""
    if curve.newest is None:
        return "No analysed minute in this time."
    low, high = format(curve.low, spell), format(curve.high, spell)
    return (
        f"{format(curve.newest.value, spell)} at {curve.newest.time:%H:%M} UTC; between {low} and {high} in this time."
    )


def _floor(moment: datetime, step: timedelta) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // step * step


def _with_gaps(points: Sequence[Point], step: timedelta) -> Iterator[tuple[datetime, float | None]]:
    for before, after in pairwise(points):
        yield before.time, before.value
        if after.time - before.time > step:
            yield before.time + step, None
    if points:
        yield points[-1].time, points[-1].value
