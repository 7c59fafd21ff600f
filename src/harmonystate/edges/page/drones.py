"""Drones on latitude and longitude; whoever has just seen somebody sad is lit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil, cos, floor, radians
from typing import Any

from nicegui import ui

from harmonystate.core.card import spell_age, spell_degrees
from harmonystate.core.newest import MOST_DRONES, Heard, lit
from harmonystate.core.snapshot import Snapshot
from harmonystate.edges.page.bits import section, text

DRAW_EVERY = timedelta(seconds=2)
# Axes end on whole steps of so many degrees, so that they stay while drones move.
_STEP = 0.05


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
        alarmed = lit(drones, now)
        self._says.text = sentence = _sentence(drones, alarmed)
        self._chart.props["aria-label"] = f"Drones by latitude and longitude. {sentence}"
        if drones:
            self._draw(drones, alarmed, now)

    def _draw(self, drones: Sequence[Heard], alarmed: Sequence[Heard], now: datetime) -> None:
        options = self._chart.options
        west, east, south, north = bounds(drones)
        options["xAxis"] |= {"min": west, "max": east}
        options["yAxis"] |= {"min": south, "max": north}
        calm = {one.drone_id for one in drones} - {one.drone_id for one in alarmed}
        dots = [_dot(one, now) for one in alarmed]
        options["series"][0]["data"] = [_dot(one, now) for one in drones if one.drone_id in calm]
        options["series"][1]["data"] = options["series"][2]["data"] = dots
        self._chart.update()


def bounds(drones: Sequence[Heard]) -> tuple[float, float, float, float]:
    """Return west, east, south and north of a frame in which a kilometre is as long in both directions."""
    latitudes, longitudes = [one.latitude for one in drones], [one.longitude for one in drones]
    middle = (min(latitudes) + max(latitudes)) / 2
    shrinks = max(cos(radians(middle)), 0.1)
    tall = max(max(latitudes) - min(latitudes), (max(longitudes) - min(longitudes)) * shrinks, _STEP) + _STEP
    half = ceil(tall / 2 / _STEP) * _STEP
    south = floor((middle - half) / _STEP + 0.5) * _STEP
    centre = floor((min(longitudes) + max(longitudes)) / 2 / _STEP + 0.5) * _STEP
    wide = round(half / shrinks, 2)
    return round(centre - wide, 2), round(centre + wide, 2), round(south, 2), round(south + 2 * half, 2)


def _sentence(drones: Sequence[Heard], alarmed: Sequence[Heard]) -> str:
    if not drones:
        return "No drone was heard in the last 5 minutes."
    many = f"the {MOST_DRONES} heard last" if len(drones) >= MOST_DRONES else f"{len(drones)} heard in 5 minutes"
    sad = "none" if not alarmed else str(len(alarmed))
    return f"{many[0].upper()}{many[1:]}; {sad} with an alert in the last minute, lit red."


def _dot(one: Heard, now: datetime) -> dict[str, Any]:
    where = f"{spell_degrees(one.latitude)}, {spell_degrees(one.longitude)}"
    name = f"Drone {one.drone_id}, {where}, heard {spell_age(now - one.at)} ago"
    return {"name": name, "value": [one.longitude, one.latitude]}


def _frame() -> dict[str, Any]:
    label = {"color": "var(--muted)", "fontSize": 11, "fontFamily": "inherit", "hideOverlap": True}
    axis = {
        "type": "value",
        "axisLabel": label | {"formatter": "{value}°"},
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
                "itemStyle": {"color": "var(--alarm)", "opacity": 0.18},
            },
            {**quiet, "name": "alerts", "symbol": "diamond", "symbolSize": 12, "itemStyle": {"color": "var(--alarm)"}},
        ],
    }
