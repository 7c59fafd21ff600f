"""Simulates the fleet: every report into global1 and global2, in one transaction.

bounds.py     where a run begins and ends, how fast it goes
begin.py      what a run is made of: a new one, or one that goes on
ticks.py      which reports go into one transaction: those that are due
progress.py   how far a run has come, kept in Kafka
writer.py     the loop: each report once, whatever happens
live.py       all of these together
"""

import sys
from datetime import UTC, datetime
from itertools import islice

from harmonystate.commands.produce.begin import Wish
from harmonystate.commands.produce.bounds import Bounds
from harmonystate.config import Config
from harmonystate.core.moments import to_ms
from harmonystate.core.population import Population
from harmonystate.edges.local.data import read_people, read_sentences
from harmonystate.edges.local.stop import stop_on_signals

__all__ = ["Bounds", "print_reports", "run"]

# Where printed runs begin, so that the same command prints the same bytes on any day.
PRINTED_START = datetime(2026, 1, 1, tzinfo=UTC)
LINES_AT_ONCE = 1_000


def print_reports(config: Config, bounds: Bounds, *, seed: int | None) -> int:
    """Write the reports to stdout, one a line, as fast as the reader takes them; returns the exit code."""
    printed = _wish(config, bounds, seed).begin(to_ms(PRINTED_START))
    stop = stop_on_signals()
    lines = (made.value + b"\n" for made in islice(printed.fleet.reports(), printed.total))
    while not stop.is_set() and (chunk := b"".join(islice(lines, LINES_AT_ONCE))):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
    return stop.exit_code


def run(
    config: Config,
    bounds: Bounds,
    *,
    seed: int | None,
    run_name: str | None,
    instance: str | None,
    metrics_port: int | None = None,
) -> int:
    """Write the reports to Kafka as they become due; returns the exit code.

    Args:
        seed: None = a random one, or that of the run that goes on.
        run_name: a run that goes on where it was; None = a new one.
        instance: this process's name among its like; None = the first free one.
        metrics_port: where figures can be read meanwhile; None = nowhere.

    Raises:
        HarmonyError: as the contract says.
    """
    # Printing needs no Kafka client, which takes longer to import than the first report to make.
    from harmonystate.commands.produce import live

    wish = _wish(config, bounds, seed)
    return live.run(config, wish, run_name=run_name, instance=instance, metrics_port=metrics_port)


def _wish(config: Config, bounds: Bounds, seed: int | None) -> Wish:
    return Wish(config.produce, bounds, Population(read_people(), read_sentences()), seed)
