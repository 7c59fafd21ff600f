"""Score, people and sad people over time: three charts over one span, each said in a sentence too."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from nicegui import ui

from harmonystate.core.answers import BADPERSONS, HARMONYSCORES, PERSONS, Point, Question
from harmonystate.core.card import spell_age
from harmonystate.core.curves import SPANS, Curve, curve_of, say
from harmonystate.core.moments import to_ms
from harmonystate.core.snapshot import Snapshot
from harmonystate.edges.page.bits import Choice, box, section, text

NOTHING = "-"
_NO_SERIES: Mapping[Question, Sequence[Point]] = {}


class Look(NamedTuple):
    """How a series is shown.

    Attributes:
        spell: the format of its values; from_zero: whether its axis begins there.
    """

    question: Question
    title: str
    unit: str
    spell: str
    colour: str
    from_zero: bool


LOOKS = (
    Look(HARMONYSCORES, "Harmony", "mean score, 0 to 10", ".2f", "var(--score)", from_zero=False),
    Look(PERSONS, "People", "distinct people a minute", ",.0f", "var(--people)", from_zero=True),
    Look(BADPERSONS, "Sad people", "distinct sad people a minute", ",.0f", "var(--sad)", from_zero=True),
)


class Curves:
    """The part of the page that shows them."""

    def __init__(self, span: str, chosen: Callable[[str], None]) -> None:
        self._span = span
        self._tell = chosen
        self._shown: tuple[str, datetime] | None = None
        self._series: Mapping[Question, Sequence[Point]] = {}
        with section("Over time", "curves", "over-time") as head:
            with head:
                Choice("How far back", list(SPANS), span, self._choose)
            self._fresh = text("p", "note")
            with box("div", "three"):
                self._charts = [_Chart(look) for look in LOOKS]

    def show(self, snapshot: Snapshot, now: datetime) -> None:
        """Show what the tables say."""
        saved = snapshot.saved
        self._fresh.text = _freshness(saved.analyzed_at if saved else None, now)
        series = saved.series if saved else _NO_SERIES
        key = (self._span, now.replace(second=0, microsecond=0))
        if key == self._shown and series is self._series:
            return
        self._shown, self._series = key, series
        for chart in self._charts:
            points: Sequence[Point] = series.get(chart.look.question, ())
            chart.show(curve_of(points, SPANS[self._span], now=now), now, self._span)

    def _choose(self, span: str) -> None:
        self._span = span
        self._tell(span)


class _Chart:
    def __init__(self, look: Look) -> None:
        self.look = look
        with box("figure", "curve"):
            with box("figcaption"):
                text("h3", "", look.title)
                with box("p", "now"):
                    self._value = text("strong", "", NOTHING, id=f"now-{look.question.name}")
                    text("span", "note", look.unit)
            self._chart = ui.echart(_frame(look), renderer="svg").classes("chart")
            self._chart.props["role"] = "img"
            self._says = text("p", "note")

    def show(self, curve: Curve, now: datetime, span: str) -> None:
        """Draw a curve, and say it."""
        self._value.text = format(curve.newest.value, self.look.spell) if curve.newest else NOTHING
        sentence = say(curve, self.look.spell)
        self._says.text = sentence
        self._chart.props["aria-label"] = f"{self.look.title} over the last {span}. {sentence}"
        options = self._chart.options
        options["xAxis"]["min"] = to_ms(now - SPANS[span].length)
        options["xAxis"]["max"] = to_ms(now)
        options["series"][0]["data"] = [
            [to_ms(time), value if value is None else round(value, 2)] for time, value in curve.points
        ]
        self._chart.update()


def _freshness(analyzed_at: datetime | None, now: datetime) -> str:
    if analyzed_at is None:
        return "Nothing is analysed yet: `harmony analyze` fills these curves."
    return f"As analysed {spell_age(now - analyzed_at)} ago. Times are UTC."


def _frame(look: Look) -> dict[str, Any]:
    """Return what stays of a chart; its colours are the page's, so that light and dark need no second drawing."""
    label = {
        "color": "var(--muted)",
        "fontSize": 11,
        "fontFamily": "Roboto, sans-serif",
        "fontWeight": "normal",
        "hideOverlap": True,
    }
    clock = {"day": "{d} {MMM}", "hour": "{HH}:{mm}", "minute": "{HH}:{mm}", "month": "{d} {MMM}", "year": "{d} {MMM}"}
    return {
        "useUTC": True,
        "animation": False,
        "grid": {"left": 44, "right": 12, "top": 10, "bottom": 24},
        "tooltip": {
            "trigger": "axis",
            "backgroundColor": "var(--panel)",
            "borderColor": "var(--line)",
            "textStyle": {"color": "var(--ink)", "fontSize": 12},
            "axisPointer": {"lineStyle": {"color": "var(--muted)"}, "animation": False},
        },
        "xAxis": {
            "type": "time",
            "axisLine": {"lineStyle": {"color": "var(--line)"}},
            "axisTick": {"show": False},
            "splitNumber": 4,
            "axisLabel": label | {"formatter": clock},
        },
        "yAxis": {
            "type": "value",
            "scale": not look.from_zero,
            "splitNumber": 3,
            "axisLabel": label,
            "splitLine": {"lineStyle": {"color": "var(--line)"}},
        },
        "series": [
            {
                "type": "line",
                "name": look.title,
                "showSymbol": False,
                "emphasis": {"disabled": True},
                "itemStyle": {"color": look.colour},
                "lineStyle": {"color": look.colour, "width": 1.75},
                "areaStyle": {"color": look.colour, "opacity": 0.12 if look.from_zero else 0},
                "data": [],
            }
        ],
    }
