"""analyze on a real Cassandra and a real Spark, against the answers worked out in plain Python."""

import io
import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.commands.analyze import answer, make_job
from harmonystate.commands.analyze.engine import Engine
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.analysis_writer import RollupWriter
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.lease import hold_lease
from harmonystate.edges.console.answers import write_json
from harmonystate.errors import BadUsage, Busy
from tests.support.analysis import expected_answers, some_reports, store_reports
from tests.support.services import local_config

pytestmark = pytest.mark.services

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)
# Each test has hours of its own in one keyspace: to make or empty one takes longer than most tests.
_starts = (NOW.replace(minute=0, second=0, microsecond=0) - 12 * HOUR * n for n in itertools.count(1))
TABLES = ("harmonyscores", "persons", "badpersons", "person_hours", "analyzed_hours", "saddest", "leases")


class Killed(Exception):
    """The run ends here."""


@pytest.fixture(scope="module")
def module_session(stack, tmp_path_factory):
    """A config and a session on a keyspace of this module alone."""
    config = local_config(stack, tmp_path_factory.mktemp("analyze"))
    schema.apply(config.cassandra)
    with open_session(config.cassandra) as session:
        yield config, session


@pytest.fixture
def config(module_session):
    return module_session[0]


@pytest.fixture
def session(module_session):
    return module_session[1]


@pytest.fixture
def start():
    return next(_starts)


@pytest.fixture
def store(config, session):
    """Return a function that stores reports as ingest does."""
    return lambda reports: store_reports(session, reports, config.cassandra, now=NOW)


@pytest.fixture
def analyse(config, session, start, request):
    """Return a function that runs analyze in this process, with the tests' own Spark, and reads its JSON."""

    def run(*, since=None, threshold=None, full=False, save=True, spark=True, config=config, now=NOW):
        def open_spark(little):
            assert spark, "there is nothing to do for Spark"
            return request.getfixturevalue("spark")

        analysis = config.analysis.model_copy(update={"since": since or start.isoformat()})
        until = (start + 6 * HOUR).isoformat()
        config = config.model_copy(update={"analysis": analysis})
        job = make_job(config, until=until, threshold=threshold, full=full, save=save, now=now)
        out = io.StringIO()
        write_json(answer(job, config.cassandra, session, Engine(config.cassandra, open_spark)), out)
        return json.loads(out.getvalue())

    return run


@pytest.fixture
def stored(session):
    """Return a function that reads every row of ours, and when it was written where that matters."""

    def read(*tables):
        return {table: sorted(map(repr, session.execute(f"SELECT * FROM {table}"))) for table in tables or TABLES}

    return read


def four(answers):
    """Return the four answers without what they were asked for, floats to 12 digits."""
    rounded = json.dumps({key: answers[key] for key in ("saddest", "harmonyscores", "persons", "badpersons")})
    return json.loads(rounded, parse_float=lambda text: round(float(text), 12))


def test_the_four_answers_are_those_of_plain_python(start, store, analyse):
    reports = some_reports(1, start=start, hours=3, each=400)
    store(reports)

    answers = analyse()

    assert four(expected_answers(reports)) == four(answers)
    assert answers["threshold"] == 2


def test_a_second_run_asks_no_spark_and_answers_the_same(start, store, analyse, stored):
    store(some_reports(2, start=start, hours=2, each=100))
    first, series = analyse(), stored("harmonyscores", "persons", "badpersons", "person_hours", "analyzed_hours")

    second = analyse(spark=False)

    assert second == first
    assert stored(*series) == series


def test_what_was_saved_is_what_was_answered(start, store, analyse, session, config):
    reports = some_reports(3, start=start, hours=1, each=200)
    store(reports)

    answers = analyse()

    latest = list(session.execute("SELECT * FROM saddest WHERE window = 'latest'"))
    named = list(session.execute("SELECT * FROM saddest WHERE window = %s", (answers["window"],)))
    assert [row._asdict() | {"window": ""} for row in latest] == [row._asdict() | {"window": ""} for row in named]
    assert answers["saddest"] == [{k: v for k, v in row._asdict().items() if k != "window"} for row in latest]
    for table, column in (("harmonyscores", "harmonyscore"), ("persons", "count"), ("badpersons", "count")):
        query = f"SELECT id, time, {column} FROM {table} WHERE time >= %s AND time < %s ALLOW FILTERING"
        rows = list(session.execute(query, (start, start + HOUR)))
        points = [{"time": f"{row.time:%Y-%m-%dT%H:%M:%S}.000Z", "value": row[2]} for row in rows]
        assert points == answers[table]
        assert len({row.id for row in rows}) == 1
    shards = ", ".join(map(str, range(config.cassandra.shards)))
    people = session.execute(f"SELECT TTL(sad) FROM person_hours WHERE hour = %s AND shard IN ({shards})", (start,))
    lives = [datetime.now(UTC) + timedelta(seconds=left or 0) - start for (left,) in people]
    # From their hour on, which was half a day ago at the least; it was worked out when these tests began.
    assert lives
    assert [life for life in lives if abs(life - config.cassandra.series_ttl) > HOUR] == []


def test_a_late_report_makes_its_hour_dirty_and_no_other(start, store, analyse, session):
    reports = some_reports(4, start=start, hours=3, each=80)
    store(reports)
    analyse()
    written = "SELECT hour, WRITETIME(changed) FROM analyzed_hours"
    before = dict(session.execute(written).all())
    late = some_reports(5, start=start + HOUR, hours=1, each=5)
    store(late)

    answers = analyse()

    after = dict(session.execute(written).all())
    assert four(expected_answers([*reports, *late])) == four(answers)
    assert [start.replace(tzinfo=None) + HOUR] == [hour for hour in after if after[hour] != before[hour]]


def test_a_run_over_dirty_hours_leaves_what_a_full_run_leaves(start, store, analyse, stored):
    rollups = ("harmonyscores", "persons", "badpersons", "person_hours", "analyzed_hours", "saddest")
    reports = some_reports(6, start=start, hours=2, each=100)
    for part in (reports[:60], reports[60:150], reports[150:]):
        store(part)
        dirty_only, left = analyse(), stored(*rollups)

    assert analyse(full=True) == dirty_only
    assert stored(*rollups) == left


def test_rollups_of_persons_and_minutes_that_are_gone_go(start, store, analyse, session, config):
    reports = some_reports(7, start=start, hours=1, each=100)
    store(reports)
    analyse()
    for shard in range(config.cassandra.shards):
        session.execute("DELETE FROM report WHERE hour = %s AND shard = %s", (start, shard))
    store(reports[:10])

    assert four(expected_answers(reports[:10])) == four(analyse())
    assert four(expected_answers(reports[:10])) == four(analyse(spark=False))


def test_minutes_whose_reports_name_nobody_are_counted_as_zero(start, store, analyse):
    reports = [report for report in some_reports(8, start=start, hours=1, each=100) if not report.persons]
    store(reports)

    answers = analyse()

    assert four(expected_answers(reports)) == four(answers)
    assert {point["value"] for point in answers["persons"] + answers["badpersons"]} == {0}
    assert answers["harmonyscores"] == answers["saddest"] == []


def test_another_threshold_is_answered_and_nothing_is_written(start, store, analyse, stored):
    reports = some_reports(9, start=start, hours=2, each=100)
    store(reports)
    analyse()
    before = stored()

    answers = analyse(threshold=6)

    assert four(expected_answers(reports, threshold=6)) == four(answers)
    assert answers["threshold"] == 6
    assert stored() == before


def test_no_save_writes_nothing_and_joins_what_is_new_with_what_stands(start, store, analyse, stored):
    reports = some_reports(10, start=start, hours=3, each=60)
    store([report for report in reports if report.time < start + 2 * HOUR])
    analyse()
    store([report for report in reports if report.time >= start + HOUR])
    before = stored()

    answers = analyse(save=False)

    assert four(expected_answers(reports)) == four(answers)
    assert stored() == before


def test_a_new_threshold_in_the_config_makes_every_hour_dirty(start, store, analyse, config):
    reports = some_reports(11, start=start, hours=2, each=60)
    store(reports)
    analyse()
    stricter = config.model_copy(update={"alerts": config.alerts.model_copy(update={"threshold": 4})})

    analyse(config=stricter)

    assert four(expected_answers(reports, threshold=4)) == four(analyse(config=stricter, spark=False))


def test_the_window_ends_at_whole_hours_and_answers_for_these_only(start, store, analyse):
    reports = some_reports(12, start=start, hours=3, each=60)
    store(reports)
    analyse()

    answers = analyse(since=(start + HOUR + timedelta(minutes=59)).isoformat(), spark=False)

    assert answers["window"].startswith(f"{start + HOUR:%Y-%m-%dT%H:%M:%SZ}/")
    assert four(expected_answers(r for r in reports if r.time >= start + HOUR)) == four(answers)


def test_hours_whose_reports_have_begun_to_expire_stand_even_in_a_full_run(start, store, analyse, config, stored):
    reports = some_reports(13, start=start, hours=2, each=60)
    store(reports)
    whole = analyse()
    before = stored("harmonyscores", "persons", "badpersons", "person_hours", "analyzed_hours")
    keep = {"report_ttl": NOW - start - HOUR + timedelta(minutes=20)}  # the second hour is whole yet
    short = config.model_copy(update={"cassandra": config.cassandra.model_copy(update=keep)})
    store(some_reports(14, start=start, hours=1, each=10))

    assert analyse(full=True, config=short) == whole
    assert stored(*before) == before


def test_an_empty_store_is_answered_without_spark(analyse):
    assert four(analyse(spark=False)) == {"saddest": [], "harmonyscores": [], "persons": [], "badpersons": []}


def test_runs_that_overlap_are_refused(start, store, analyse, session):
    store(some_reports(15, start=start, hours=1, each=10))
    with (
        hold_lease(session, "analyze"),
        pytest.raises(Busy, match="another `harmony analyze`, or a `harmony forget`, is running"),
    ):
        analyse()

    assert analyse()["persons"] != []


def test_a_run_that_writes_nothing_may_overlap(start, store, analyse, session):
    reports = some_reports(16, start=start, hours=1, each=10)
    store(reports)
    with hold_lease(session, "analyze"):
        assert four(expected_answers(reports)) == four(analyse(save=False))


@pytest.mark.parametrize("step", ["clear_stale_persons", "replace_series", "mark_analyzed", "replace_saddest"])
def test_a_run_that_is_cut_anywhere_is_made_good_by_the_next(start, store, analyse, monkeypatch, step):
    reports = some_reports(17, start=start, hours=2, each=60)
    store(reports[:50])
    analyse()
    store(reports)
    with monkeypatch.context() as patch:
        patch.setattr(RollupWriter, step, _die)
        with pytest.raises(Killed):
            analyse()

    assert four(expected_answers(reports)) == four(analyse())


def test_a_window_that_is_none_is_a_usage_error(analyse):
    with pytest.raises(BadUsage, match="--since"):
        analyse(since="2999-01-01")


def _die(*_):
    raise Killed
