"""The lease of analyze, and what its writer leaves, on a real Cassandra."""

import itertools
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid1

import pytest

from harmonystate.core.answers import HARMONYSCORES, PERSONS, Minute, Point
from harmonystate.core.ranking import Ranked
from harmonystate.core.rollups import Analyzed
from harmonystate.core.windows import Window
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.analysis_reader import RollupReader
from harmonystate.edges.cassandra.analysis_writer import RollupWriter
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.lease import TTL_S, Lease, hold_lease
from harmonystate.errors import Busy
from tests.support.services import local_config

pytestmark = pytest.mark.services

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
START = NOW.replace(minute=0, second=0, microsecond=0) - 2 * HOUR
_timestamps = itertools.count(1_000, 1_000)
WINDOW = Window(START, START + 2 * HOUR)


@pytest.fixture(scope="module")
def settings(stack, tmp_path_factory):
    settings = local_config(stack, tmp_path_factory.mktemp("analysis")).cassandra
    schema.apply(settings)
    return settings


@pytest.fixture
def session(settings):
    with open_session(settings) as session:
        yield session


@pytest.fixture
def write(session, settings):
    """Return a function that makes a writer; each writes later than the one before."""
    return lambda: RollupWriter(session, settings, now=NOW, timestamp=next(_timestamps))


@pytest.fixture
def mutations(session, monkeypatch):
    """Return a function: how many mutations the session's requests were, of which tables, as Cassandra traces them."""
    asked, execute = [], session.execute_async

    def traced(query, parameters=None, _trace=False, *rest, **more):
        asked.append(execute(query, parameters, True, *rest, **more))
        return asked[-1]

    def read():
        told = [event.description for future in asked for event in future.get_query_trace(max_wait=60).events]
        tables = [re.fullmatch(r"Adding to (\w+) memtable", words) for words in told]
        return told.count("Appending to commitlog"), sorted(table[1] for table in tables if table)

    monkeypatch.setattr(session, "execute_async", traced)
    return read


def minute(number, **counts):
    return Minute(
        START + timedelta(minutes=number), **{"sightings": 2, "score_sum": 9, "persons": 2, "sad": 0, **counts}
    )


def test_a_lease_is_held_by_one_and_free_when_given_back(session):
    with hold_lease(session, "one"):
        with pytest.raises(Busy, match="another `harmony one` is running"):
            Lease(session, "one")
        with hold_lease(session, "other"):
            pass
    with hold_lease(session, "one"):
        pass


def test_a_lease_vanishes_with_a_holder_that_was_killed(session):
    Lease(session, "killed")

    assert 0 < session.execute("SELECT TTL(holder) FROM leases WHERE name = 'killed'").one()[0] <= TTL_S


def test_every_holder_writes_later_than_the_one_before(session):
    timestamps = []
    for _ in range(3):
        with hold_lease(session, "turns") as lease:
            timestamps.append(lease.timestamp)

    assert timestamps == sorted(set(timestamps))


def test_a_renewed_lease_is_good_and_one_that_another_took_is_not(session):
    lease = Lease(session, "lost")
    lease.renew()
    lease.require()
    session.execute("UPDATE leases SET holder = 'somebody' WHERE name = 'lost' IF EXISTS")

    lease.renew()

    with pytest.raises(Busy, match="lost its lease"):
        lease.require()
    lease.give_back()
    assert session.execute("SELECT holder FROM leases WHERE name = 'lost'").one().holder == "somebody"


def test_an_hour_is_replaced_and_its_neighbours_are_not(session, settings, write):
    reader = RollupReader(session, settings)
    write().replace_series(START, [minute(0), minute(1), minute(59)])
    write().replace_series(START + HOUR, [minute(60)])

    write().replace_series(START, [minute(1, sightings=0, score_sum=0, persons=7)])

    assert reader.points(PERSONS, WINDOW) == [Point(minute(1).time, 7), Point(minute(60).time, 2)]
    assert reader.points(HARMONYSCORES, WINDOW) == [Point(minute(60).time, 4.5)]


def test_the_series_of_an_hour_are_one_mutation(write, mutations):
    write().replace_series(START, [minute(0), minute(1), minute(59)])

    assert mutations() == (1, ["badpersons", "harmonyscores", "persons"])


def test_who_was_overtaken_while_asleep_undoes_nothing(session, settings, write):
    asleep, awake = write(), write()
    awake.replace_series(START, [minute(5, persons=9)])

    asleep.replace_series(START, [minute(5, persons=1)])

    assert RollupReader(session, settings).points(PERSONS, Window(START, START + HOUR)) == [Point(minute(5).time, 9)]


def test_points_and_marks_live_from_their_own_time_on(session, settings, write):
    writer, mark = write(), uuid1()
    writer.replace_series(START, [minute(30)])
    writer.mark_analyzed({START: Analyzed(mark, 2, 5, 9)})

    (ttl,) = session.execute("SELECT TTL(count) FROM persons WHERE time = %s ALLOW FILTERING", (minute(30).time,)).one()
    (of_mark,) = session.execute("SELECT TTL(threshold) FROM analyzed_hours").one()

    left = settings.series_ttl - (NOW - START)
    assert left.total_seconds() + 1800 - 300 < ttl <= left.total_seconds() + 1800
    assert left.total_seconds() - 300 < of_mark <= left.total_seconds()
    assert RollupReader(session, settings).analyzed(WINDOW) == {START: Analyzed(mark, 2, 5, 9)}


def test_the_saddest_are_replaced_in_their_window_and_as_the_latest(session, write):
    first = [Ranked(1, "Ada", "Byron", 2, 4, 0.5, 0.15), Ranked(2, "Zoë", "Li", 1, 4, 0.25, 0.05)]
    write().replace_saddest(WINDOW, first)

    write().replace_saddest(WINDOW, first[1:])

    rows = {(row.window, row.rank, row.firstname) for row in session.execute("SELECT * FROM saddest")}
    assert rows == {(str(WINDOW), 2, "Zoë"), ("latest", 2, "Zoë")}


def test_the_saddest_of_a_window_are_one_mutation_and_the_latest_another(write, mutations):
    write().replace_saddest(WINDOW, [Ranked(rank, "Ada", "Byron", 2, 4, 0.5, 0.15) for rank in (1, 2, 3)])

    assert mutations() == (2, ["saddest", "saddest"])


def test_a_few_reports_are_told_from_many(session, settings):
    insert = session.prepare("INSERT INTO report (hour, shard, droneid, time, reportid) VALUES (?, 0, 1, ?, uuid())")
    for second in range(11):
        session.execute(insert, (START, START + timedelta(seconds=second)))
    reader = RollupReader(session, settings)

    # Of four shards this looks at one, so eleven rows there stand for forty-four.
    assert reader.has_few_reports([START], few=44)
    assert not reader.has_few_reports([START], few=40)
    assert not reader.has_few_reports([START, START + HOUR], few=80)
    assert reader.has_few_reports([START + HOUR], few=40)
