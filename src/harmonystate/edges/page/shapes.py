"""Where the nodes of the pipeline's picture stand, and the ways between them: on a wide page, on a narrow one."""

from harmonystate.core.pipeline import ARROWS
from harmonystate.edges.page.picture import Shape

_UPPER = ("produce", "global1", "stream-alerts", "alert", "alert-bot", "told")
_LOWER = ("global2", "ingest", "report", "analyze", "statistics")
_DEAD = ("stages", "dead-letter")
# The picture's arrow to whoever is told is the one whose records are the deliveries.
_TOLD = ("alert-bot", "delivery")


def _wide() -> Shape:
    width, step, (upper, middle, lower) = 118, 214, (46, 158, 270)
    columns = [61 + step * column for column in range(6)]
    nodes = {name: (x, upper) for name, x in zip(_UPPER, columns, strict=True)}
    nodes |= {name: (x, lower) for name, x in zip(_LOWER, columns[1:], strict=True)}
    nodes |= {"dead-letter": (columns[3], middle), "delivery": (columns[5], middle)}
    half, tall = width // 2, 22
    paths, labels = {}, {}
    for source, target in ARROWS:
        (ax, ay), (bx, by) = nodes.get(source, (0, 0)), nodes[target]
        paths[source, target] = [f"M{ax + half},{ay} H{bx - half - 2}"]
        labels[source, target] = ((ax + bx) // 2, (by - 8, by + 17, by + 32), "middle")
    first, stages, dead, bot, last = columns[0], columns[2], columns[3], columns[4], columns[5]
    paths["produce", "global2"] = [f"M{first},{upper + tall} V{lower} H{columns[1] - half - 2}"]
    labels["produce", "global2"] = ((first + columns[1] - half) // 2, (lower - 8, lower + 17, lower + 32), "middle")
    paths[_TOLD] = [
        f"M{bot + half},{upper} H{last - half - 2}",
        f"M{bot + 20},{upper + tall} V{middle} H{last - half - 2}",
    ]
    labels[_TOLD] = ((bot + last) // 2, (upper - 8, upper + 17, upper + 32), "middle")
    paths[_DEAD] = [
        f"M{stages},{upper + tall} V{middle} H{dead - half - 2}",
        f"M{stages},{lower - tall} V{middle}|",
        f"M{bot - 20},{upper + tall} V{middle} H{dead + half + 2}",
    ]
    labels[_DEAD] = ((stages + dead - half) // 2, (middle - 8, middle + 17, middle + 32), "middle")
    return Shape("wide", columns[5] + 61, 312, (width, 2 * tall), nodes, paths, labels)


def _tall() -> Shape:
    width, tall, step, top, (left, gutter, right) = 132, 19, 98, 24, (74, 178, 250)
    rows = [top + step * row for row in range(7)]
    nodes = {name: (left, y) for name, y in zip(_UPPER, rows, strict=False)} | {"produce": (left, top)}
    nodes |= {name: (right, y) for name, y in zip(_LOWER, rows[1:], strict=False)}
    nodes |= {"dead-letter": (right, rows[6])}
    paths, labels = {}, {}
    for source, target in ARROWS:
        ends = {_DEAD: ("statistics", "dead-letter"), _TOLD: ("alert-bot", "told")}.get(
            (source, target), (source, target)
        )
        (ax, ay), (_, by) = (nodes[end] for end in ends)
        paths[source, target] = [f"M{ax},{ay + tall} V{by - tall - 2}"]
        middle = (ay + by) // 2
        labels[source, target] = (ax + 10, (middle - 9, middle + 5, middle + 19), "start")
    paths["produce", "global2"] = [f"M{left + width // 2},{top} H{right} V{rows[1] - tall - 2}"]
    labels["produce", "global2"] = (right + 10, (top + 34, top + 48, top + 62), "start")
    paths[_DEAD] = [
        f"M{left + width // 2},{rows[2]} H{gutter} V{rows[6]} H{right - width // 2 - 2}",
        f"M{right - width // 2},{rows[2]} H{gutter}|",
        f"M{left + width // 2},{rows[4]} H{gutter}|",
    ]
    labels[_DEAD] = (gutter - 16, (rows[6] - 10, rows[6] + 5, rows[6] + 20), "end")
    return Shape("tall", 352, rows[6] + 30, (width, 2 * tall), nodes, paths, labels)


WIDE, TALL = _wide(), _tall()
