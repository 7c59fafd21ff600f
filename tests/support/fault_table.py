"""The one table at the end of a session: what each fault test did, and what it cost. A plugin of pytest."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from tests.support.account import Verdict

PROPERTY = "fault"
_LAYOUT = "{:<4} {:<60} {:>10} {:>6} {:>8} {:>11} {:>15}"


class Row(NamedTuple):
    """One line; made of what a worker can send to whoever prints it."""

    test: str
    what: str
    done: int
    lost: int
    doubled: int
    disordered: int
    recovery_s: float | None


def row_of(test: str, what: str, verdicts: "tuple[Verdict, ...]", recovery_s: float | None) -> Row:
    """Sum up all that was compared; `done` is that of the largest."""
    sums = [sum(verdict[column] for verdict in verdicts) for column in (1, 2, 3)]
    return Row(test, what, max((verdict.done for verdict in verdicts), default=0), *sums, recovery_s)


def lines(rows: list[Row]) -> Iterator[str]:
    """Yield the lines of the table, in the order of the tests' numbers."""
    yield _LAYOUT.format("id", "what", "done", "lost", "doubled", "disordered", "worst recovery")
    for row in sorted(rows, key=lambda row: int(row.test[1:])):
        recovery = "-" if row.recovery_s is None else f"{row.recovery_s:.1f} s"
        yield _LAYOUT.format(row.test, row.what, f"{row.done:,}", *row[3:6], recovery)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, where there is anything to show."""
    ended = [report for reports in terminalreporter.stats.values() for report in reports]
    told = dict.fromkeys(
        tuple(value) for report in ended for name, value in getattr(report, "user_properties", ()) if name == PROPERTY
    )
    if told:
        terminalreporter.section("faults")
        for line in lines([Row(*value) for value in told]):
            terminalreporter.write_line(line)
