"""The newest alerts, each as the card that Discord shows of it."""

from collections.abc import Sequence
from datetime import datetime

from nicegui.element import Element

from harmonystate.core.card import HEADLINE, Card, Dialect, card_of, map_link, spell_degrees
from harmonystate.core.newest import Told
from harmonystate.core.snapshot import Snapshot
from harmonystate.edges.page.bits import box, section, text

DIALECT = Dialect(
    text=str,
    place=lambda latitude, longitude: f"{spell_degrees(latitude)}, {spell_degrees(longitude)}",
    moment=lambda time: f"{time:%Y-%m-%d %H:%M:%S} UTC",
    longest=400,
)
_BESIDE_EACH_OTHER = ("Drone", "Position")


class Feed:
    """The part of the page that shows them; what moves can be paused."""

    def __init__(self) -> None:
        self._paused = False
        self._shown: Sequence[Told] | None = None
        self._cards: dict[str, tuple[Told, Element]] = {}
        with section("Alerts", "feed", "alerts") as head:
            with head:
                self._pause = text("button", "plain", "Pause", type="button", aria_pressed="false")
                self._pause.on("click", self._toggle)
            self._says = text("p", "note")
            self._list = box("div", "cards", role="feed", aria_labelledby="alerts", tabindex="0")

    def show(self, snapshot: Snapshot, now: datetime) -> None:  # noqa: ARG002 - as every part of the page
        """Show the newest first; cards that stand are left as they are."""
        alerts = snapshot.stream.alerts if snapshot.stream else ()
        if self._paused or alerts == self._shown:
            return
        self._shown = alerts
        self._says.text = f"The newest {len(alerts)}, as Discord shows them." if alerts else "No alert yet."
        wanted = {told.raised.alert_id: told for told in alerts}
        for alert_id, (told, card) in list(self._cards.items()):
            if wanted.get(alert_id) != told:
                card.delete()
                del self._cards[alert_id]
        for place, (alert_id, told) in enumerate(wanted.items()):
            if alert_id not in self._cards:
                with self._list:
                    card = _draw(told)
                card.move(target_index=place)
                self._cards[alert_id] = (told, card)

    def _toggle(self) -> None:
        self._paused = not self._paused
        self._pause.props["aria-pressed"] = "true" if self._paused else "false"
        self._pause.text = "Go on" if self._paused else "Pause"


def _draw(told: Told) -> Element:
    report = told.raised.alert.report
    card = card_of(told.raised, DIALECT, now=told.delivered_at)
    article = box("article", "card", tabindex="-1", aria_label=f"{HEADLINE} Drone {report.drone_id}")
    article.style(f"--stripe: #{card.colour:06x}").props["data-alert"] = card.alert_id
    with article:
        text("h3", "", HEADLINE)
        _fields(card, map_link(report.latitude, report.longitude))
        text("p", "note", card.footer)
    return article


def _fields(card: Card, link: str) -> None:
    with box("dl"):
        for name, value in card.fields:
            with box("div", "beside" if name in _BESIDE_EACH_OTHER else ""):
                text("dt", "", name)
                text("dd", "", value)
                if name == "Position":
                    text("a", "", "map", href=link, target="_blank", rel="noopener noreferrer")
