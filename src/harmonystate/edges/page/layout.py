"""What stands where on the page. Every half second each part is handed the newest snapshot, and draws what changed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from nicegui import ui

from harmonystate.core.curves import SPANS
from harmonystate.core.snapshot import Snapshot
from harmonystate.edges.page.bits import Choice, box, text
from harmonystate.edges.page.cards import Feed
from harmonystate.edges.page.curves import Curves
from harmonystate.edges.page.drones import DroneMap
from harmonystate.edges.page.outages import Lamps, Outages
from harmonystate.edges.page.pipeline import Pipeline
from harmonystate.edges.page.ranking import Ranking

REFRESH_EVERY_S = 0.5
# What nicegui calls each: None follows the system.
THEMES: Mapping[str, bool | None] = {"System": None, "Light": False, "Dark": True}
FOOTER = "It reads topics and tables, and writes nothing. All times are UTC; ≈ marks what is reckoned from offsets."


def build(read: Callable[[], Snapshot], now: Callable[[], datetime], names: Mapping[str, str]) -> Callable[..., None]:
    """Return what makes the page for a browser; the chosen theme and span stand in its address."""

    def page(theme: str = "System", span: str = "6h") -> None:
        Page(names, theme if theme in THEMES else "System", span if span in SPANS else "6h").follow(read, now)

    return page


class Page:
    """The page as one browser shows it."""

    def __init__(self, names: Mapping[str, str], theme: str, span: str) -> None:
        self._chosen = {"theme": theme, "span": span}
        self._dark = ui.dark_mode(THEMES[theme])
        # nicegui's own frame is the landmark main: what stands above and below it stands outside.
        with ui.context.client.layout:
            with box("header", "top").move(target_index=0):
                _brand()
                lamps = Lamps()
                Choice("Colours", list(THEMES), theme, self._choose_theme)
            text("footer", "bottom", FOOTER)
        with box("div", "page") as main:
            outages = Outages()
            curves = Curves(span, self._choose_span)
            with box("div", "middle"):
                feed, drones, ranking = Feed(), DroneMap(), Ranking()
            pipeline = Pipeline(names)
        ui.skip_link(target=main)
        self._parts = (lamps, outages, curves, feed, drones, ranking, pipeline)

    def follow(self, read: Callable[[], Snapshot], now: Callable[[], datetime]) -> None:
        """Show the newest snapshot from now on."""

        def refresh() -> None:
            snapshot, moment = read(), now()
            for part in self._parts:
                part.show(snapshot, moment)

        refresh()
        ui.timer(REFRESH_EVERY_S, refresh)

    def _choose_theme(self, theme: str) -> None:
        self._dark.value = THEMES[theme]
        self._remember(theme=theme)

    def _choose_span(self, span: str) -> None:
        self._remember(span=span)

    def _remember(self, **chosen: str) -> None:
        self._chosen |= chosen
        ui.navigate.history.replace(f"?{urlencode(self._chosen)}")


def _brand() -> None:
    with box("div", "brand"):
        text("h1", "", "Harmony State")
        text("p", "note", "What the city feels")
