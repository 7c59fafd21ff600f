"""The demo's screen: the pipeline with its rates, the newest alerts, the answers. Drawn anew from a View each time."""

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import structlog
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from harmonystate.core.card import clean

_BARS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 32


class StageRow(NamedTuple):
    """A line of the pipeline.

    Attributes:
        name: the command; does: its arrow, such as "global1 → alert".
        done: records so far; rate: per second; lag: records it has yet to handle, None = it reads none.
    """

    name: str
    does: str
    done: int
    rate: float
    lag: int | None

    def without_negative_lag(self) -> "StageRow":
        """Return it as a reader expects it: counts are taken one after the other, so a lag may come out below 0."""
        return self if self.lag is None else self._replace(lag=max(self.lag, 0))


class AlertLine(NamedTuple):
    """An alert in one line; `age` is from what was heard to its delivery, in words."""

    heard: str
    drone: int
    sad: str
    contacts: int
    age: str


class View(NamedTuple):
    """All that the screen shows; `answers` is what `analyze -o json` printed, None = not yet."""

    phase: str
    where: str
    stages: Sequence[StageRow]
    alerts: Sequence[AlertLine]
    answers: dict[str, Any] | None


@contextmanager
def showing(*, live: bool) -> Iterator[Callable[[View], None]]:
    """Yield what shows a View: on a terminal, if `live`, the whole screen; else a log line when the phase changes."""
    if not (live and sys.stderr.isatty()):
        yield _Lines()
        return
    console = Console(stderr=True)
    shown: list[View] = []
    # The whole screen, drawn from its corner: where a terminal draws a name wider than rich thinks, nothing shifts.
    with Live(console=console, auto_refresh=False, screen=True, vertical_overflow="crop") as screen:

        def show(view: View) -> None:
            shown[:] = [view]
            screen.update(render(view), refresh=True)

        try:
            yield show
        finally:
            screen.stop()
            console.print(*map(render, shown))


class _Lines:
    """Says what a View holds whenever its phase changes."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("harmony.demo")
        self._phase = ""

    def __call__(self, view: View) -> None:
        if view.phase != self._phase:
            self._phase = view.phase
            self._log.info(view.phase, **{stage.name.replace("-", "_"): stage.done for stage in view.stages})


def render(view: View) -> RenderableType:
    """Draw the screen."""
    return Group(
        Text.assemble(("Harmony State", "bold"), "   ", (view.phase, "cyan"), "   ", (view.where, "dim")),
        _pipeline(view.stages),
        Panel(_alerts(view.alerts), title="Newest alerts", title_align="left", border_style="red"),
        Panel(_answers(view.answers), title="The four answers", title_align="left", border_style="green"),
        Text("^C stops everything", style="dim"),
    )


def sparkline(values: Sequence[float], width: int = SPARK_WIDTH) -> str:
    """Draw a series in one line of at most `width` characters; each stands for the mean of its share of the values."""
    if not values:
        return ""
    columns = min(width, len(values))
    cuts = [round(i * len(values) / columns) for i in range(columns + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(cuts)]
    low, span = min(means), max(means) - min(means)
    return "".join(_BARS[round((mean - low) / span * (len(_BARS) - 1)) if span else 0] for mean in means)


def _pipeline(stages: Sequence[StageRow]) -> Table:
    table = Table(expand=True)
    for column in ("process", "does"):
        table.add_column(column)
    for column in ("records", "per second", "lag"):
        table.add_column(column, justify="right")
    for stage in stages:
        lag = "" if stage.lag is None else f"{stage.lag:,}"
        table.add_row(stage.name, stage.does, f"{stage.done:,}", f"{stage.rate:,.0f}", lag)
    return table


def _alerts(alerts: Sequence[AlertLine]) -> RenderableType:
    if not alerts:
        return Text("none yet", style="dim")
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    for alert in alerts:
        met = f"met {alert.contacts}" if alert.contacts else "alone"
        table.add_row(alert.heard, f"drone {alert.drone}", Text(alert.sad, style="red"), met, alert.age)
    return table


def _answers(answers: dict[str, Any] | None) -> RenderableType:
    if answers is None:
        return Text("analyze runs as soon as the backfill is stored", style="dim")
    people = Table.grid(padding=(0, 2))
    for column in ("left", "left", "right", "right"):
        people.add_column(justify=column, no_wrap=True)
    for person in answers["saddest"]:
        name = Text(clean(f"{person['firstname']} {person['lastname']}"))
        people.add_row(
            f"{person['rank']}.", name, f"{person['sad']} of {person['sightings']}", f"{person['share']:.0%}"
        )
    series = Table.grid(padding=(0, 2))
    for title, key in (("Harmony", "harmonyscores"), ("People", "persons"), ("Sad people", "badpersons")):
        values = [point["value"] for point in answers[key]]
        series.add_row(title, sparkline(values), f"{min(values):,.4g} to {max(values):,.4g}" if values else "none")
    both = Table.grid(padding=(0, 4))
    both.add_row(people, series)
    return both
