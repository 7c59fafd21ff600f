from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.counts import Stored, count_reports, stored
from tests.support.analysis import some_reports, store_reports

pytestmark = pytest.mark.services

HOUR = timedelta(hours=1)
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 5 * HOUR


@pytest.fixture
def settings(config):
    schema.apply(config.cassandra)
    return config.cassandra


@pytest.fixture
def session(settings):
    with open_session(settings) as session:
        yield session


def test_an_empty_store_has_nothing(session, settings):
    assert stored(session, settings) == Stored([], 0, None)
    assert count_reports(session, settings) == 0


def test_every_report_of_every_hour_and_shard_is_counted_once(session, settings):
    reports = some_reports(1, start=START, hours=3, each=50)

    for _ in range(2):
        store_reports(session, reports, settings)

    assert count_reports(session, settings) == 150
    assert stored(session, settings) == Stored([START, START + HOUR, START + 2 * HOUR], 0, None)


def test_only_stored_hours_count_as_analysed_and_the_newest_writing_is_the_last_analysis(session, settings):
    store_reports(session, some_reports(1, start=START, hours=2, each=1), settings)
    older, newer = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    insert = "INSERT INTO analyzed_hours (day, hour, changed, threshold) VALUES (%s, %s, now(), 2) USING TIMESTAMP %s"
    for hour, written in ((START, older), (START - 100 * HOUR, newer)):
        session.execute(insert, (hour.date(), hour, int(written.timestamp() * 1_000_000)))

    found = stored(session, settings)

    assert (found.analyzed, found.last_analysis) == (1, newer)
