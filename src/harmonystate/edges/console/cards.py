"""Alerts as cards in the terminal, on stdout."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import TextIO

from rich.console import Console, Group
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.card import HEADLINE, Card, Dialect, card_of, map_link, spell_degrees
from harmonystate.core.delivery import Posted
from harmonystate.core.message import Edit, Form, Message
from harmonystate.core.routes import Target

CHANNEL = "console"
# Bounds one transaction, and how long a stop waits.
MOST_CARDS = 200
WIDEST = 100
NAME_WIDTH = len("In contact with")
# Border and padding on both sides, and what parts the columns.
FRAME_WIDTH = 6


class ConsoleSink:
    """Tells alerts on stdout; nothing can refuse them there."""

    limited = False
    repeat_interval: timedelta | None = None

    def __init__(self, *, now: Callable[[], datetime], file: TextIO | None = None) -> None:
        """Write to `file`, or to stdout; `now` is the clock that ages are told by."""
        self._now = now
        self._console = _Console(file=file, highlight=False, markup=False, emoji=False)

    def target_of(self, raised: RaisedAlert) -> Target:  # noqa: ARG002 - one terminal
        """Return where an alert is told."""
        return Target(CHANNEL)

    def fit(self, alerts: Sequence[RaisedAlert], form: Form) -> int:  # noqa: ARG002 - all are cards
        """Return how many cards are printed at once."""
        return min(len(alerts), MOST_CARDS)

    def takes(self, edit: Edit) -> bool:  # noqa: ARG002
        """Return False: what is printed stands as it is."""
        return False

    def wait_s(self, channel_id: str, told: Message | Edit | None = None) -> float:  # noqa: ARG002
        """Return 0: a terminal takes as much as it can."""
        return 0.0

    def tell(self, channel_id: str, told: Message | Edit) -> "Future[list[Posted]]":
        """Print the cards; on the terminal each alert is a message of its own, and its id the message's."""
        now = self._now()
        width = min(self._console.width, WIDEST)
        cards = [_panel(card_of(raised, DIALECT, now=now), width) for raised in told.alerts]
        self._console.print(Group(*cards), width=width)
        self._console.file.flush()
        return _done([Posted(channel_id, raised.alert_id, now, frozenset([raised.alert_id])) for raised in told.alerts])

    def say(self, text: str, nonce: str) -> "Future[list[Posted]]":  # noqa: ARG002
        """Return at once: what is no alert stands in the log, on stderr."""
        return _done([])

    def posted_since(self, channel_id: str, moment: datetime) -> "Future[list[Posted]]":  # noqa: ARG002 - no terminal remembers
        """Return nothing: a terminal cannot be asked what it has shown."""
        return _done([])


def print_card(card: Card) -> None:
    """Print one card on stdout."""
    console = _Console(highlight=False, markup=False, emoji=False)
    width = min(console.width, WIDEST)
    console.print(_panel(card, width), width=width)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Pass on what rich is handling; it would swallow all that follows, which we would take for told."""
        raise  # noqa: PLE0704


def _panel(card: Card, width: int) -> Panel:
    tint = Style(color=f"#{card.colour:06x}")
    loud = tint + Style(bold=True)
    grid = Table.grid(padding=(0, 2, 0, 0))
    # Widths that are given need not be measured, which is a fifth of the work.
    grid.add_column(style="dim", no_wrap=True, width=NAME_WIDTH)
    grid.add_column(overflow="fold", width=max(width - NAME_WIDTH - FRAME_WIDTH, 1))
    for name, value in card.fields:
        grid.add_row(name, Text(value, style=loud if name.startswith("Sad") else ""))
    return Panel(
        grid,
        title=Text(HEADLINE, style=loud),
        title_align="left",
        subtitle=Text(card.footer, style="dim"),
        subtitle_align="right",
        border_style=tint,
    )


def _done(posted: list[Posted]) -> "Future[list[Posted]]":
    future: Future[list[Posted]] = Future()
    future.set_result(posted)
    return future


DIALECT = Dialect(
    text=str,
    place=lambda latitude, longitude: (
        f"{spell_degrees(latitude)}, {spell_degrees(longitude)}\n{map_link(latitude, longitude)}"
    ),
    moment=lambda time: f"{time:%Y-%m-%d %H:%M:%S} UTC",
)
