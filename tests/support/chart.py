"""Lines over time as an SVG, one panel above the other, by nothing but text."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

Point = tuple[float, float]  # seconds, value

WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 960, 190, 56, 190, 34, 46
# Told apart by people who do not see all colours, too (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
STYLE = "text{font:12px sans-serif;fill:#333}.t{font-weight:bold}.g{stroke:#ddd}.f{stroke:#bbb;stroke-dasharray:2 3}"


class Panel(NamedTuple):
    """One chart.

    Attributes:
        lines: the points of each name; a name has several lines where it had several lives.
    """

    title: str
    lines: Mapping[str, Sequence[Sequence[Point]]]


def draw(path: Path, title: str, panels: Sequence[Panel], *, until_s: float, marks: Sequence[float]) -> None:
    """Write a chart of some minutes, with a thin line at each mark (in seconds)."""
    height = TOP + len(panels) * (HEIGHT + GAP)
    parts = [
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text class="t" x="8" y="18">{escape(title)}</text>',
    ]
    for number, panel in enumerate(panels):
        inner = "\n".join(_panel(panel, until_s, marks))
        parts.append(f'<g transform="translate({LEFT} {TOP + number * (HEIGHT + GAP) + 16})">\n{inner}\n</g>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    path.write_text("\n".join([head, f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', *parts, "</svg>", ""]))


def _panel(panel: Panel, until_s: float, marks: Sequence[float]) -> list[str]:
    width = WIDTH - LEFT - RIGHT
    top = _round_up(max((value for lives in panel.lines.values() for life in lives for _, value in life), default=1))

    def at(point: Point) -> str:
        return f"{point[0] / until_s * width:.1f},{HEIGHT - point[1] / top * HEIGHT:.1f}"

    parts = [f'<text class="t" x="0" y="-6">{escape(panel.title)}</text>']
    parts += [f'<path class="f" d="M{mark / until_s * width:.1f} 0V{HEIGHT}"/>' for mark in marks]
    for quarter in range(5):
        y = HEIGHT * (1 - quarter / 4)
        parts.append(f'<path class="g" d="M0 {y:g}H{width}"/>')
        parts.append(f'<text x="-6" y="{y + 4:g}" text-anchor="end">{top * quarter / 4:g}</text>')
    step = _round_up(until_s / 60 / 8)
    for minute in range(0, int(until_s // 60) + 1, max(int(step), 1)):
        x = minute * 60 / until_s * width
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT + 16}" text-anchor="middle">{minute} min</text>')
    for number, (name, lives) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<text x="{width + 12}" y="{14 + 18 * number}" style="fill:{colour}">{escape(name)}</text>')
        for life in lives:
            points = " ".join(map(at, _without_repeats(life)))
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.3"/>')
    return parts


def _without_repeats(life: Sequence[Point]) -> list[Point]:
    """Leave out what stands between two points of the same height."""
    around = zip(life, life[1:], life[2:], strict=False)
    return [*life[:1], *(here for before, here, after in around if not before[1] == here[1] == after[1]), *life[-1:]]


def _round_up(value: float) -> float:
    """Return the next 1, 2, 4 or 8 times a power of ten, so that a quarter of it is a short number."""
    step = 1.0
    while step * 10 < value:
        step *= 10
    return next(step * times for times in (1, 2, 4, 8, 10) if step * times >= value)
