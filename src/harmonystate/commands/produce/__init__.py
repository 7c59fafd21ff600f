"""Simulates the fleet: every report into global1 and global2, in one transaction.

bounds.py   where a run begins and ends
"""

import secrets
import sys
from datetime import UTC, datetime
from fractions import Fraction
from itertools import islice

from harmonystate.commands.produce.bounds import Bounds
from harmonystate.config import Config, ProduceSettings
from harmonystate.core.fleet import Fleet, Plan
from harmonystate.core.flight import City
from harmonystate.core.population import Population
from harmonystate.core.schedule import to_ms
from harmonystate.edges.local.data import read_people, read_sentences
from harmonystate.edges.local.stop import stop_on_signals

__all__ = ["Bounds", "print_reports"]

# Where printed runs begin, so that the same command prints the same bytes on any day.
PRINTED_START = datetime(2026, 1, 1, tzinfo=UTC)
LINES_AT_ONCE = 1_000


def print_reports(config: Config, bounds: Bounds, *, seed: int | None) -> int:
    """Write the reports to stdout, one a line, as fast as the reader takes them; returns the exit code."""
    plan = _plan(config.produce, seed, bounds.start or PRINTED_START)
    fleet = Fleet(plan, _population())
    total = bounds.total(fleet.schedule, plan.start_ms)
    stop = stop_on_signals()
    lines = (made.value + b"\n" for made in islice(fleet.reports(), total))
    while not stop.is_set() and (chunk := b"".join(islice(lines, LINES_AT_ONCE))):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
    return stop.exit_code


def _plan(settings: ProduceSettings, seed: int | None, start: datetime) -> Plan:
    city = settings.city
    return Plan(
        seed=secrets.randbits(63) if seed is None else seed,
        start_ms=to_ms(start),
        drones=settings.drones,
        rate=settings.rate,
        alert_ratio=Fraction(settings.alert_ratio),
        city=City(city.latitude, city.longitude, city.radius_km),
    )


def _population() -> Population:
    return Population(read_people(), read_sentences())
