from datetime import UTC, date, datetime, timedelta

import pytest

from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.hours import mark_changed

pytestmark = pytest.mark.services

NOW = datetime(2026, 11, 24, 16, 38, tzinfo=UTC)
HOUR = datetime(2026, 11, 24, 16, tzinfo=UTC)


@pytest.fixture
def session(config):
    schema.apply(config.cassandra)
    with open_session(config.cassandra) as session:
        yield session


@pytest.fixture
def marks(session):
    """Return {hour: (day, changed, TTL in seconds)}."""

    def read():
        rows = session.execute("SELECT day, hour, changed, TTL(changed) AS ttl FROM report_hours")
        return {row.hour.replace(tzinfo=UTC): (row.day.date(), row.changed, row.ttl) for row in rows}

    return read


def test_a_mark_changes_each_time(session, marks, config):
    mark_changed(session, [HOUR], settings=config.cassandra, now=NOW)
    (day, first, _) = marks()[HOUR]

    mark_changed(session, [HOUR], settings=config.cassandra, now=NOW)

    assert day == date(2026, 11, 24)
    assert marks()[HOUR][1].time > first.time


def test_a_mark_lives_as_long_as_the_last_report_of_its_hour_can(session, marks, config):
    old = HOUR - timedelta(days=29)
    future = datetime(2099, 1, 1, tzinfo=UTC)

    mark_changed(session, [HOUR, old, future], settings=config.cassandra, now=NOW)

    lives = {hour: ttl for hour, (_, _, ttl) in marks().items()}
    assert lives[HOUR] == pytest.approx(30 * 86400 + 22 * 60, abs=60)
    assert lives[old] == pytest.approx(86400 + 22 * 60, abs=60)
    assert lives[future] == pytest.approx(60 * 86400, abs=60)


def test_an_hour_whose_reports_are_all_gone_is_not_marked(session, marks, config):
    mark_changed(session, [HOUR - timedelta(days=31)], settings=config.cassandra, now=NOW)

    assert marks() == {}
