"""The pipeline: its picture, and the same as a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from harmonystate.core.pipeline import ARROWS, Arrow, State
from harmonystate.core.snapshot import Snapshot, arrows_of
from harmonystate.edges.page.arrows import spell
from harmonystate.edges.page.bits import box, section, text
from harmonystate.edges.page.picture import draw
from harmonystate.edges.page.shapes import TALL, WIDE

# The whole of the two SVGs is ours: nothing that a report says stands in it.
_SHAPES = (WIDE, TALL)


class Pipeline:
    """The part of the page that shows it."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """`names` are those of nodes that are not called as in the picture, such as topics of other names."""
        self._names = names
        with section("The pipeline", "pipeline", "the-pipeline"):
            self._says = text("p", "note", role="status")
            self._pictures = [ui.html(sanitize=False) for _ in _SHAPES]
            with box("details"):
                text("summary", "", "As a table")
                with box("table", "", aria_labelledby="the-pipeline"):
                    self._cells = _table(names)

    def show(self, snapshot: Snapshot, now: datetime) -> None:
        """Show how it flows."""
        arrows = arrows_of(snapshot, now)
        self._says.text = say(arrows, self._names)
        for picture, shape in zip(self._pictures, _SHAPES, strict=True):
            picture.set_content(draw(shape, arrows, self._names))
        for cells, arrow in zip(self._cells, arrows, strict=True):
            for cell, said in zip(cells, (arrow.state.value, *spell(arrow)), strict=True):
                cell.text = said


def say(arrows: Sequence[Arrow], names: Mapping[str, str]) -> str:
    """Say in one sentence whether the pipeline flows."""
    stalled = [names.get(arrow.target, arrow.target) for arrow in arrows if arrow.state is State.STALLS]
    if stalled:
        verb = "stalls" if len(stalled) == 1 else "stall"
        return f"{' and '.join(stalled)} {verb}: records wait, and none is handled. Look at its log, or start it again."
    if any(arrow.state is State.UNKNOWN for arrow in arrows):
        return "Not all of it can be seen now."
    return "Nothing stalls."


def _table(names: Mapping[str, str]) -> list[list[TextElement]]:
    with box("thead"), box("tr"):
        for name in ("From", "To", "State", "Rate", "Lag", "Age"):
            text("th", "", name, scope="col")
    with box("tbody"):
        return [_row(names.get(source, source), names.get(target, target)) for source, target in ARROWS]


def _row(source: str, target: str) -> list[TextElement]:
    with box("tr"):
        text("td", "", source)
        text("td", "", target)
        return [text("td") for _ in range(4)]
