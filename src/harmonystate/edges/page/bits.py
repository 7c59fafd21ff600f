"""Small pieces that several parts of the page use. All text goes in as text: nothing of a report becomes markup."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

_Some = TypeVar("_Some", bound=Element)  # PEP 695 needs Python 3.12


def box(name: str, classes: str = "", **attributes: str) -> Element:
    """Make an element that holds others: its HTML name, CSS classes, and attributes (`aria_label` is aria-label)."""
    return _dressed(ui.element(name), classes, attributes)


def text(name: str, classes: str = "", says: str = "", **attributes: str) -> TextElement:
    """Make an element that holds text; setting its `text` changes it, and sends it only when it differs."""
    return _dressed(TextElement(tag=name, text=says), classes, attributes)


@contextmanager
def section(title: str, classes: str, identity: str) -> Iterator[Element]:
    """Make a landmark; yield the line of its heading, for buttons beside it."""
    with box("section", f"panel {classes}", aria_labelledby=identity):
        with box("div", "heading") as heading:
            text("h2", "", title, id=identity)
        yield heading


class Choice:
    """A row of buttons of which one is pressed."""

    def __init__(self, label: str, names: Sequence[str], chosen: str, choose: Callable[[str], None]) -> None:
        self._choose = choose
        self._buttons: dict[str, TextElement] = {}
        with box("div", "choice", role="group", aria_label=label):
            for name in names:
                button = text("button", "", name, type="button")
                button.on("click", lambda _, name=name: self.press(name))
                self._buttons[name] = button
        self._mark(chosen)

    def press(self, name: str) -> None:
        """Press one, as a click does."""
        self._mark(name)
        self._choose(name)

    def _mark(self, chosen: str) -> None:
        for name, button in self._buttons.items():
            button.props["aria-pressed"] = "true" if name == chosen else "false"


def _dressed(element: _Some, classes: str, attributes: dict[str, str]) -> _Some:
    element.classes(classes)
    for attribute, value in attributes.items():
        element.props[attribute.replace("_", "-")] = value
    return element
