"""The saddest: how often, of how many sightings, and how much of that share is certain."""

from collections.abc import Sequence
from datetime import datetime

from harmonystate.core.card import clean
from harmonystate.core.ranking import Ranked
from harmonystate.core.snapshot import Snapshot
from harmonystate.edges.page.bits import box, section, text

EXPLAINED = (
    "Ranked by sad sightings. The bar is their share of all sightings of the person; its solid part is what the "
    "number of sightings makes certain (Wilson's lower bound, 95 %)."
)


class Ranking:
    """The part of the page that shows them."""

    def __init__(self) -> None:
        self._shown: Sequence[Ranked] | None = None
        with section("Most often sad", "ranking", "most-often-sad"):
            text("p", "note", EXPLAINED)
            self._table = box("table", "", aria_labelledby="most-often-sad")

    def show(self, snapshot: Snapshot, now: datetime) -> None:  # noqa: ARG002 - as every part of the page
        """Show the top ten of the latest window."""
        saddest = snapshot.saved.saddest if snapshot.saved else ()
        if saddest == self._shown:
            return
        self._shown = saddest
        self._table.clear()
        with self._table:
            _head()
            with box("tbody"):
                for ranked in saddest:
                    _row(ranked)
                if not saddest:
                    with box("tr"):
                        text("td", "empty", "Nobody yet: `harmony analyze` ranks them.", colspan="4")


def _head() -> None:
    with box("thead"), box("tr"):
        for name, classes in (("#", ""), ("Person", ""), ("Share sad", ""), ("Sightings", "number")):
            text("th", classes, name, scope="col")


def _row(ranked: Ranked) -> None:
    with box("tr"):
        text("td", "rank", str(ranked.rank))
        text("th", "person", f"{clean(ranked.firstname)} {clean(ranked.lastname)}", scope="row")
        with box("td", "share"):
            with box("div", "bar", aria_hidden="true"):
                box("div", "counted").style(f"width: {ranked.share:.1%}")
                box("div", "certain").style(f"width: {ranked.share_low:.1%}")
            text("span", "percent", f"{ranked.share:.0%}")
            text("span", "note", f"at least {ranked.share_low:.0%}")
        text("td", "number", f"{ranked.sad:,} of {ranked.sightings:,}")
