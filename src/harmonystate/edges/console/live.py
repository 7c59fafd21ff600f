"""A stage's figures on a terminal: a table that is drawn anew twice a second, and a bar where the end is known."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from harmonystate.core.card import spell_age
from harmonystate.edges.console.time_left import TimeLeft

EVERY_S = 0.5


class Meter(Protocol):
    """What is shown; `meter.Meter` is such."""

    stage: str

    def snapshot(self) -> Mapping[str, object]:
        """Return the figures in the order to show them."""
        ...

    def progress(self) -> tuple[int, int] | None:
        """Return how much is done, and of how much."""
        ...


def show_live(meter: Meter, stopped: threading.Event) -> None:
    """Draw until stopped, and once more then."""
    screen = Screen(meter)
    with Live(console=Console(stderr=True), auto_refresh=False, redirect_stdout=False) as live:
        while not stopped.wait(EVERY_S):
            live.update(screen.draw(), refresh=True)
        live.update(screen.draw(), refresh=True)


class Screen:
    """Draws one meter again and again; the bar learns from that how fast it goes."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TimeLeft(compact=True),
            auto_refresh=False,
        )
        self._task = self._bar.add_task("", visible=False, total=None)

    def draw(self) -> RenderableType:
        """Return the table, with the bar below it while there is a known end."""
        table = table_of(self._meter.stage, self._meter.snapshot())
        progress = self._meter.progress()
        if progress is None:
            return table
        done, goal = progress
        self._bar.update(self._task, completed=done, total=goal, visible=True)
        return Group(table, self._bar.get_renderable())


def table_of(stage: str, figures: Mapping[str, object]) -> Table:
    """Return the figures as one row."""
    title = f"harmony {stage}"
    table = Table(title=title, title_justify="left", title_style="bold", min_width=len(title))
    for name in figures:
        style = "yellow" if name == "state" else None
        table.add_column(head(name), justify="left" if name == "state" else "right", style=style)
    table.add_row(*(spell(name, value) for name, value in figures.items()))
    return table


def head(name: str) -> str:
    """Return a figure's name as a heading: rate_per_s is `rate/s`, last_alert_s is `last alert`."""
    return name.removesuffix("_s").replace("_per", "/s").replace("_", " ")


def spell(name: str, value: object) -> str:
    """Spell a figure with its unit."""
    if not isinstance(value, int | float):
        return str(value)
    if name == "rate_per_s" or not name.endswith("_s"):
        return f"{value:,}"
    age = spell_age(timedelta(seconds=value))
    return f"{age} ago" if name.startswith("last_") else age
