"""What `produce` is asked for, what it prints, and when: without Kafka. tests/commands/test_produce_kafka.py has it."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.commands.produce import Bounds
from harmonystate.commands.produce.begin import Wish
from harmonystate.commands.produce.ticks import TICK_MS, ticks
from harmonystate.config import City, ProduceSettings
from harmonystate.core.fleet import Made
from harmonystate.core.moments import to_ms
from harmonystate.core.pace import Pace
from harmonystate.core.population import Population, Sentence
from harmonystate.errors import BadUsage, Misconfigured
from tests.support.services import child_environment

HARMONY = Path(sys.executable).with_name("harmony")
NOW = datetime(2026, 11, 24, 16, 38, 17, tzinfo=UTC)
NOW_MS = to_ms(NOW)
FLEET = ProduceSettings()
HAMLET = Population([(f"F{n}", "L") for n in range(9)], [Sentence(5, ("tax",))])


def bounds(**options: object) -> Bounds:
    none = {"count": None, "duration": None, "speed": 1.0, "start": None, "backfill": None}
    return Bounds.parse(**(none | options), now=NOW)


def wish(seed: int | None = 1, settings: ProduceSettings = FLEET, **options: object) -> Wish:
    return Wish(settings, bounds(**options), HAMLET, seed)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"duration": "10"}, "--duration 10: expected a duration"),
        ({"duration": "0s"}, "--duration 0s: expected a duration"),
        ({"start": "yesterday"}, "--start yesterday: expected a duration such as 24h, or a time"),
        ({"start": "1999-12-31"}, "--start 1999-12-31: expected a year from 2000 to 2100"),
        ({"start": "2101-01-01T00:00:00Z"}, "expected a year from 2000 to 2100"),
    ],
)
def test_an_option_that_is_none_is_named(options: dict[str, object], said: str):
    with pytest.raises(BadUsage, match=said):
        bounds(**options)


@pytest.mark.parametrize(
    ("options", "total"),
    [
        ({"count": 0}, 0),
        ({"count": 20_000}, 20_000),
        ({"duration": "10m"}, 1_000),
        ({"duration": "6h", "start": "6h"}, 36_000),
        ({"duration": "24h", "start": "2026-11-23"}, 144_000),
        ({"start": "2100-12-31T23:59:00Z"}, 100),  # a later report would be a dead letter
    ],
)
def test_a_run_ends_after_its_count_or_its_duration(options: dict[str, object], total: int):
    assert wish(**options).begin(NOW_MS).total == total


def test_a_run_starts_where_it_is_told_to_and_now_where_it_is_not():
    assert wish(start="24h").begin(NOW_MS).begun.start_ms == to_ms(NOW - timedelta(days=1))
    assert wish(backfill="24h").begin(NOW_MS).begun.start_ms == to_ms(NOW - timedelta(days=1))
    assert wish(start="2026-11-23").begin(NOW_MS).begun.start_ms == to_ms(datetime(2026, 11, 23, tzinfo=UTC))
    assert wish().begin(NOW_MS).begun.start_ms == NOW_MS


def test_without_a_seed_no_two_runs_share_their_ids():
    assert wish(None).begin(NOW_MS).fleet.run != wish(None).begin(NOW_MS).fleet.run


def test_the_same_number_written_otherwise_is_the_same_run():
    one = ProduceSettings(alert_ratio="0.05", city=City.model_construct(latitude=48, longitude=2, radius_km=12))
    other = ProduceSettings(alert_ratio=0.0500, city=City(latitude=48.0, longitude=2.0, radius_km=12.0))

    assert wish(settings=one).begin(NOW_MS).fleet.run == wish(settings=other).begin(NOW_MS).fleet.run


@pytest.mark.parametrize(
    "settings",
    [
        ProduceSettings(drones=101),
        ProduceSettings(rate=Fraction(2)),
        ProduceSettings(alert_ratio="0.06"),
        ProduceSettings(city=City(radius_km=13)),
    ],
)
def test_a_run_that_began_with_another_fleet_does_not_go_on(settings: ProduceSettings):
    begun = wish().begin(NOW_MS).begun

    with pytest.raises(Misconfigured, match="began with other drones, rate, alert ratio, city or data"):
        wish(settings=settings).go_on(500, begun, NOW_MS)


@pytest.mark.parametrize(("options", "what"), [({"seed": 2}, "seed"), ({"start": "2026-11-20"}, "start")])
def test_a_run_that_began_with_another_seed_or_start_does_not_go_on(options: dict[str, object], what: str):
    begun = wish(start="2026-11-23").begin(NOW_MS).begun

    with pytest.raises(Misconfigured, match=f"began with other {what}"):
        wish(**options).go_on(500, begun, NOW_MS)


@pytest.mark.parametrize("options", [{}, {"seed": None}, {"start": "2026-11-23"}, {"start": "1h"}, {"count": 9_000}])
def test_a_run_goes_on_with_the_seed_and_the_start_it_began_with(options: dict[str, object]):
    began = wish(start="2026-11-23").begin(NOW_MS)

    goes_on = wish(**options).go_on(500, began.begun, NOW_MS + 60_000)

    assert (goes_on.first, goes_on.begun) == (500, began.begun)
    assert goes_on.fleet.report(500) == began.fleet.report(500)


class Clock:
    """A clock that only waiting moves, and each look at it, by a microsecond."""

    def __init__(self) -> None:
        self.ms = float(NOW_MS)
        self.waits: list[float] = []

    def __call__(self) -> float:
        self.ms += 0.001
        return self.ms

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.ms += seconds * 1000
        return False


def paced(start_ms: int, per_second: Fraction, count: int, speed: float = 1) -> list[tuple[float, list[Made]]]:
    """Return the ticks of a run, each with the time at which it came."""
    clock = Clock()
    settings = ProduceSettings(rate=per_second * 60 / 100)
    run = msgspec.structs.replace(
        wish(settings=settings, speed=speed).begin(start_ms), pace=Pace(start_ms, NOW_MS, speed)
    )
    return [(clock.ms, tick) for tick in ticks(islice(run.fleet.reports(), count), run.pace, clock.wait, clock)]


@given(
    st.sampled_from([-10_000_000, -5_000, -1, 0, 5_000]),
    st.fractions(Fraction(1, 10), 100_000),
    st.integers(0, 300),
    st.sampled_from([0.1, 1, 60, 10_000]),
)
def test_the_reports_are_the_same_whatever_the_pacing(start: int, per_second: Fraction, count: int, speed: float):
    made = [report for _, tick in paced(NOW_MS + start, per_second, count, speed) for report in tick]

    run = wish(settings=ProduceSettings(rate=per_second * 60 / 100)).begin(NOW_MS + start)
    assert made == list(islice(run.fleet.reports(), count))


@given(st.fractions(Fraction(1, 10), 20_000), st.sampled_from([1, 60]))
def test_a_report_is_written_when_it_is_due_and_at_most_a_tick_later(per_second: Fraction, speed: int):
    for came_ms, tick in paced(NOW_MS, per_second / speed, 200, speed):
        for report in tick:
            due_ms = NOW_MS + (report.time_ms - NOW_MS) / speed
            assert -0.01 <= came_ms - due_ms <= TICK_MS + 1


def test_when_reports_are_close_a_tick_is_20_ms():
    came = [came_ms for came_ms, _ in paced(NOW_MS, Fraction(5_000), 2_000)]

    assert all(19.9 < later - earlier < 20.2 for earlier, later in pairwise(came[1:]))


def test_a_backlog_is_written_without_a_pause_in_ticks_of_a_thousand():
    came = paced(NOW_MS - 3_600_000, Fraction(10), 2_400)

    assert [len(tick) for _, tick in came] == [1_000, 1_000, 400]
    assert came[-1][0] - NOW_MS < 100


def test_who_is_asked_to_stop_makes_nothing_more():
    run = wish().begin(NOW_MS)

    assert list(ticks(run.fleet.reports(), run.pace, lambda _: True, Clock())) == []


def produce(*options: str) -> subprocess.CompletedProcess[bytes]:
    command = [HARMONY, "produce", "--output", "-", *options]
    return subprocess.run(command, capture_output=True, timeout=300, env=child_environment(), check=False)


def test_the_same_seed_prints_the_same_bytes():
    one, again, other = (produce("--count", "3000", "--seed", seed) for seed in ("1", "1", "2"))

    assert (one.returncode, one.stderr) == (0, b"")
    assert one.stdout.count(b"\n") == 3_000
    assert hashlib.sha256(one.stdout).digest() == hashlib.sha256(again.stdout).digest()
    assert one.stdout != other.stdout


def test_a_printed_run_starts_with_the_year_2026_and_is_not_paced():
    lines = produce("--duration", "24h", "--drones", "2", "--rate", "6/h").stdout.splitlines()

    assert len(lines) == 2 * 6 * 24
    assert json.loads(lines[0])["time"] == "2026-01-01T00:00:00.000Z"
    assert json.loads(lines[-1])["time"] == "2026-01-01T23:55:00.000Z"


def test_a_reader_that_goes_away_ends_an_endless_run_quietly():
    command = [HARMONY, "produce", "--output", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=child_environment()) as child:
        assert child.stdout.readline().startswith(b'{"reportId":')
        child.stdout.close()
        said = child.stderr.read()

    assert (child.returncode, said) == (141, b"")


def test_printing_needs_no_kafka_client():
    program = "import sys, harmonystate.commands.produce; print([m for m in sys.modules if m.split('.')[0] == 'kafka'])"

    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"[]\n"
