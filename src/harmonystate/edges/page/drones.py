"""Drones on latitude and longitude; whoever has just seen somebody sad is lit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import cos, floor, radians
from typing import Any

from nicegui import ui

from harmonystate.core.card import spell_age, spell_degrees
from harmonystate.core.newest import LIT_FOR, MOST_DRONES, Heard, glow
from harmonystate.core.snapshot import Snapshot
from harmonystate.edges.page.bits import section, text

DRAW_EVERY = timedelta(seconds=2)
# Axes end on whole steps of so many degrees, so that they stay while drones move.
_STEP = 0.02


class DroneMap:
    """The part of the page that shows them."""

    def __init__(self) -> None:
        self._drawn_at: datetime | None = None
        with section("Drones", "drones", "drones"):
            self._says = text("p", "note")
            self._chart = ui.echart(_frame(), renderer="svg").classes("chart")
            self._chart.props["role"] = "img"

    def show(self, snapshot: Snapshot, now: datetime) -> None:
        """Show where each was heard last."""
        if self._drawn_at and now - self._drawn_at < DRAW_EVERY:
            return
        self._drawn_at = now
        drones = snapshot.stream.drones if snapshot.stream else ()
        lit = [one for one in drones if glow(one, now)]
        self._says.text = sentence = _sentence(drones, lit)
        self._chart.props["aria-label"] = f"Drones by latitude and longitude. {sentence}"
        if drones:
            self._draw(drones, lit, now)

    def _draw(self, drones: Sequence[Heard], lit: Sequence[Heard], now: datetime) -> None:
        options = self._chart.options
        west, east, south, north = bounds(drones)
        options["xAxis"] |= {"min": west, "max": east}
        options["yAxis"] |= {"min": south, "max": north}
        calm, halo, core = (series for series in options["series"])
        calm["data"] = [_dot(one, now) for one in drones if not glow(one, now)]
        halo["data"] = [_dot(one, now) | {"itemStyle": {"opacity": round(0.25 * glow(one, now), 2)}} for one in lit]
        core["data"] = [_dot(one, now) for one in lit]
        self._chart.update()


def bounds(drones: Sequence[Heard]) -> tuple[float, ...]:
    """Return west, east, south and north of a frame in which a kilometre is as long in both directions."""
    latitudes, longitudes = [one.latitude for one in drones], [one.longitude for one in drones]
    middle, centre = (_rounded((min(some) + max(some)) / 2) for some in (latitudes, longitudes))
    shrinks = max(cos(radians(middle)), 0.1)
    reach = max(abs(latitude - middle) for latitude in latitudes)
    reach = max(reach, shrinks * max(abs(longitude - centre) for longitude in longitudes), _STEP)
    # Half a step at least lies between the outermost and the frame, far more than rounding takes.
    tall = (floor(reach / _STEP + 0.5) + 1) * _STEP
    wide = tall / shrinks
    return tuple(round(edge, 4) for edge in (centre - wide, centre + wide, middle - tall, middle + tall))


def _rounded(degrees: float) -> float:
    return round(degrees / _STEP) * _STEP


def _sentence(drones: Sequence[Heard], lit: Sequence[Heard]) -> str:
    if not drones:
        return "No drone was heard in the last 5 minutes."
    many = f"the {MOST_DRONES} heard last" if len(drones) >= MOST_DRONES else f"{len(drones)} heard in 5 minutes"
    sad = str(len(lit)) if lit else "none"
    return f"{many[0].upper()}{many[1:]}; {sad} saw somebody sad in the last {LIT_FOR.seconds} s, lit red."


def _dot(one: Heard, now: datetime) -> dict[str, Any]:
    where = f"{spell_degrees(one.latitude)}, {spell_degrees(one.longitude)}"
    name = f"Drone {one.drone_id}, {where}, heard {spell_age(now - one.at)} ago"
    return {"name": name, "value": [one.longitude, one.latitude]}


def _frame() -> dict[str, Any]:
    label = {"color": "var(--muted)", "fontSize": 11, "fontFamily": "Roboto, sans-serif", "hideOverlap": True}
    axis = {
        "type": "value",
        # The edges of the frame are odd numbers of degrees.
        "axisLabel": label | {"formatter": "{value}°", "showMinLabel": False, "showMaxLabel": False},
        "axisLine": {"show": False},
        "axisTick": {"show": False},
        "splitNumber": 4,
        "splitLine": {"lineStyle": {"color": "var(--line)"}},
    }
    quiet = {"type": "scatter", "emphasis": {"disabled": True}, "data": []}
    return {
        "animation": False,
        "grid": {"left": 52, "right": 16, "top": 12, "bottom": 30},
        "tooltip": {
            "trigger": "item",
            "formatter": "{b}",
            "backgroundColor": "var(--panel)",
            "borderColor": "var(--line)",
            "textStyle": {"color": "var(--ink)", "fontSize": 12},
        },
        "xAxis": dict(axis),
        "yAxis": dict(axis),
        "series": [
            {**quiet, "name": "drones", "symbolSize": 6, "itemStyle": {"color": "var(--drone)", "opacity": 0.8}},
            {
                **quiet,
                "name": "halo",
                "symbolSize": 30,
                "silent": True,
                "itemStyle": {"color": "var(--alarm)"},
            },
            {**quiet, "name": "alerts", "symbol": "diamond", "symbolSize": 12, "itemStyle": {"color": "var(--alarm)"}},
        ],
    }
