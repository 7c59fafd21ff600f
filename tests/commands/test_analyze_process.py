"""analyze as cron starts it: a process that is quiet, and that may be killed in the middle."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.crash import EXIT_CODE
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import open_session
from tests.support.analysis import expected_answers, some_reports, store_reports
from tests.support.harmony import run_harmony, start_harmony

pytestmark = pytest.mark.services

NOW = datetime.now(UTC)
START = NOW.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
ANALYZE = ("analyze", "--since", START.isoformat(), "-o", "json")


@pytest.fixture
def session(config):
    schema.apply(config.cassandra)
    with open_session(config.cassandra) as session:
        yield session


def test_an_empty_store_is_no_error_and_cron_hears_nothing(session, config_file):
    table, document = (run_harmony(config_file, "analyze", *options) for options in ((), ("-o", "json")))

    assert (table.returncode, table.stderr) == (0, "")
    assert "No report of this window is stored." in table.stdout
    assert (document.returncode, document.stderr) == (0, "")
    assert json.loads(document.stdout)["saddest"] == []


@pytest.mark.timeout(600)
def test_a_killed_run_is_made_good_by_the_next_and_cron_hears_nothing(session, config, config_file):
    reports = some_reports(1, start=START, hours=2, each=300)
    store_reports(session, reports, config.cassandra)
    killed = start_harmony(config_file, *ANALYZE, HARMONY_CRASH_AT="analyze.after-rollups:1")
    killed.communicate(timeout=300)
    # Else it may vanish before the next one has come to it.
    prolong = "UPDATE leases USING TTL 600 SET holder = 'the killed' WHERE name = 'analyze' IF EXISTS"
    prolonged = session.execute(prolong)
    written = session.execute("SELECT * FROM person_hours LIMIT 1").one()

    overlapping = run_harmony(config_file, *ANALYZE)
    # It would vanish by itself: tests/edges/cassandra/test_analysis.py.
    session.execute("DELETE FROM leases WHERE name = 'analyze' IF EXISTS")
    again = run_harmony(config_file, *ANALYZE, within_s=300)

    assert killed.returncode == EXIT_CODE
    assert prolonged.was_applied
    assert written is not None
    assert overlapping.returncode == 75
    assert overlapping.stderr.count("\n") == 1
    assert (again.returncode, again.stderr) == (0, "")
    answers, expected = json.loads(again.stdout), expected_answers(reports)
    assert [row["firstname"] for row in expected["saddest"]] == [row["firstname"] for row in answers["saddest"]]
    assert expected["badpersons"] == answers["badpersons"]
    assert expected["persons"] == answers["persons"]
