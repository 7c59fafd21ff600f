"""The pipeline as a picture, drawn for a wide page and for a narrow one; only names from the config are text in it."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from harmonystate.core.pipeline import Arrow, State
from harmonystate.edges.page.arrows import spell


class Shape(NamedTuple):
    """Where things stand, in pixels.

    Attributes:
        nodes: the middle of each; size: their width and height.
        paths: what is drawn for each arrow, as SVG path data, one with a head each.
        labels: for each arrow, where its three lines stand, and how they are anchored.
    """

    name: str
    width: int
    height: int
    size: tuple[int, int]
    nodes: Mapping[str, tuple[int, int]]
    paths: Mapping[tuple[str, str], Sequence[str]]
    labels: Mapping[tuple[str, str], tuple[int, tuple[int, int, int], str]]


def draw(shape: Shape, arrows: Iterable[Arrow], names: Mapping[str, str]) -> str:
    """Return the picture as SVG; `names` are those of nodes that are not called as they are here."""
    heads = "".join(_head(shape, state) for state in State)
    drawn = "".join(_arrow(shape, arrow) for arrow in arrows)
    nodes = "".join(_node(shape, name, names.get(name, name)) for name in shape.nodes)
    return (
        f'<svg class="picture {shape.name}" viewBox="0 0 {shape.width} {shape.height}" aria-hidden="true">'
        f"<defs>{heads}</defs>{drawn}{nodes}</svg>"
    )


def _head(shape: Shape, state: State) -> str:
    return (
        f'<marker id="{shape.name}-{state.value}" class="head {state.value}" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z"/></marker>'
    )


def _arrow(shape: Shape, arrow: Arrow) -> str:
    key, state = (arrow.source, arrow.target), arrow.state.value
    lines = "".join(
        f'<path class="arrow" d="{path.removesuffix("|")}"'
        + ("" if path.endswith("|") else f' marker-end="url(#{shape.name}-{state})"')
        + "/>"
        for path in shape.paths[key]
    )
    x, heights, anchor = shape.labels[key]
    rate, *rest = spell(arrow)
    # Where nothing can wait, the age moves up.
    says = "".join(
        f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(line)}</text>'
        for y, line in zip(heights, [rate, *filter(None, rest)], strict=False)
        if line
    )
    return f'<g class="{state}">{lines}{says}</g>'


_KINDS = {
    "process": ("produce", "stream-alerts", "alert-bot", "ingest", "analyze"),
    "outside": ("told", "statistics"),
}


def _node(shape: Shape, key: str, name: str) -> str:
    (x, y), (width, height) = shape.nodes[key], shape.size
    kind = next((kind for kind, keys in _KINDS.items() if key in keys), "store")
    radius = 8 if kind == "process" else height // 2
    short = name if len(name) <= 15 else name[:14] + "…"
    return (
        f'<g class="node {kind}"><rect x="{x - width // 2}" y="{y - height // 2}" width="{width}" height="{height}" '
        f'rx="{radius}"/><text x="{x}" y="{y + 4}" text-anchor="middle">{escape(short)}</text></g>'
    )
