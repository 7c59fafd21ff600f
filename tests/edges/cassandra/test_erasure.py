"""What is left of a row's time when a person is taken out of it. (On Cassandra: tests/commands/test_forget.py.)"""

from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.config import CassandraSettings
from harmonystate.core.report import Person, Report
from harmonystate.edges.cassandra.erasure import Eraser, Named
from harmonystate.edges.cassandra.reports import StoredReport

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
ADA, BO = Person("Ada", "Byron", 1), Person("Bo", "Berg", 7)
REPORT = Report("0190a2f0-0000-4000-8000-000000000001", 7, NOW, 48.5, 2.25, (ADA, BO), ("queue",))


@pytest.fixture
def written(monkeypatch):
    """What is written, row by row: TTL, timestamp, persons, key."""
    written = []
    monkeypatch.setattr(Eraser, "_all", lambda _self, _query, rows: written.extend(rows))
    return written


def erase(*left_s, since_s=0.0):
    """Take Ada out of rows that had so much time left when they were read, `since_s` ago."""
    eraser = Eraser(None, CassandraSettings(), name="Ada Byron", timestamp=5)
    rows = [Named(StoredReport(REPORT, 0, left), NOW) for left in left_s]
    eraser.erase_rows(rows, clock=lambda: NOW + timedelta(seconds=since_s))


def test_the_others_stay_for_what_is_left_of_the_row_s_time_now(written):
    erase(1000, since_s=119.2)

    ((ttl, _, persons, *_),) = written
    assert (ttl, persons) == (880, [("Bo", "Berg", 7)])


def test_a_row_that_is_over_meanwhile_is_not_written_for_ever(written):
    erase(1000, 120, 119, 1, 0, since_s=120)

    assert [ttl for ttl, *_ in written] == [880]


def test_a_row_that_never_expires_never_does(written):
    erase(None, since_s=1e6)

    assert [ttl for ttl, *_ in written] == [0]


def test_each_row_is_asked_when_its_turn_comes(written):
    turns = iter(range(10))
    eraser = Eraser(None, CassandraSettings(), name="Ada Byron", timestamp=5)

    eraser.erase_rows(
        [Named(StoredReport(REPORT, 0, 100), NOW)] * 3, clock=lambda: NOW + timedelta(seconds=next(turns))
    )

    assert [ttl for ttl, *_ in written] == [100, 99, 98]
