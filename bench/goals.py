"""The figures to reach on 2 cores that Kafka, Cassandra and Spark share, and the table that says which are reached."""

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

Reached = Callable[[float, float], bool]
AT_LEAST, AT_MOST = operator.ge, operator.le


class Goal(NamedTuple):
    """A figure that `bench.<module>` returns as `key`, and what it is to reach."""

    module: str
    key: str
    title: str
    unit: str
    holds: Reached
    bound: float


GOALS = (
    Goal("stream_alerts", "backlog reports/s", "stream-alerts exactly once, with start", "reports/s", AT_LEAST, 45_000),
    Goal("stream_alerts", "live p99 ms", "stream-alerts at 5,600/s, p99 to readable", "ms", AT_MOST, 60),
    Goal("stream_alerts", "backlog peak MB", "stream-alerts, resident with a backlog", "MB", AT_MOST, 200),
    Goal("stream_alerts", "live MB", "stream-alerts, resident at 5,600 reports/s", "MB", AT_MOST, 200),
    Goal("produce", "kafka reports/s", "produce into both topics, with start", "reports/s", AT_LEAST, 15_000),
    Goal("ingest", "steady rows/s", "ingest, from the first batch on", "rows/s", AT_LEAST, 20_000),
    Goal("analyze", "a day, all dirty s", "analyze of 24 h x 100 drones", "s", AT_MOST, 15),
    Goal("analyze", "a day, one hour dirty s", "analyze with one hour dirty", "s", AT_MOST, 8),
    Goal("demo", "peak MB", "all of the demo, resident at most", "MB", AT_MOST, 4_096),
    Goal("up", "seconds", "harmony up, jars there", "s", AT_MOST, 12),
    Goal("command_line", "--help ms", "harmony --help", "ms", AT_MOST, 200),
)  # fmt: skip


class Line(NamedTuple):
    """A line of the table."""

    title: str
    value: str
    goal: str
    reached: str


def lines(figures: Mapping[str, Mapping[str, float]]) -> list[Line]:
    """Return a line for each goal whose module was measured."""
    return [_line(goal, figures[goal.module][goal.key]) for goal in GOALS if goal.module in figures]


def as_table(rows: Iterable[Line]) -> str:
    """Return the lines as a Markdown table that reads well as text too."""
    head = Line("figure", "value", "goal", "reached")
    table = [head, *rows]
    width = [max(len(row[column]) for row in table) for column in range(len(head))]
    cells = [[row[0].ljust(width[0]), *(row[at].rjust(width[at]) for at in range(1, len(head)))] for row in table]
    rule = ["-" * width[0], *(f"{'-' * (wide - 1)}:" for wide in width[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (cells[0], rule, *cells[1:]))


def _line(goal: Goal, value: float) -> Line:
    sign = "≥" if goal.holds is AT_LEAST else "≤"
    reached = "yes" if goal.holds(value, goal.bound) else "no"
    digits = 0 if abs(value) >= 100 else 1
    return Line(goal.title, f"{value:,.{digits}f} {goal.unit}", f"{sign} {goal.bound:,g} {goal.unit}", reached)
