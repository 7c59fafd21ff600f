import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from harmonystate.commands import alert_bot, stream_alerts, verify
from harmonystate.commands.verify import Wish
from harmonystate.config import Config, DiscordSettings, KafkaSettings
from harmonystate.core import verdict
from harmonystate.core.ids import alert_id
from harmonystate.core.record import Outgoing
from harmonystate.core.wire import encode_report
from harmonystate.edges.cassandra import reports as reports_edge
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.lease import hold_lease
from harmonystate.edges.cassandra.reports import write_rows
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.errors import BadUsage, Busy, CheckFailed, Misconfigured, Unavailable
from tests.support import chain
from tests.support.fake_discord import CHANNEL_ID
from tests.support.kafka import read, write
from tests.support.services import local_config

pytestmark = pytest.mark.services

REPORTS = chain.some_reports(40)
SAD, CALM = REPORTS[0], REPORTS[1]


@pytest.fixture(scope="module")
def filled(stack, tmp_path_factory) -> Config:
    """40 reports, 8 of them sad, two malformed records, and all that they lead to. Whoever changes it mends it."""
    config = local_config(stack, tmp_path_factory.mktemp("verify"))
    chain.set_up(config)
    chain.produce(config, REPORTS, b"{", b"")
    chain.handle(config)
    return config


@pytest.fixture
def fresh(config: Config, filled: Config) -> Config:
    """Topics of the test's own; the tables are those of `filled`, which hold the rows of all REPORTS."""
    create_topics(config.kafka)
    return config.model_copy(update={"cassandra": filled.cassandra})


def looked(config: Config, capsys: pytest.CaptureFixture[str], **wish: Any) -> dict[str, Any]:
    """Run verify; return its document, with what it said on leaving under "said"."""
    capsys.readouterr()
    said = None
    try:
        asked = {"since": None, "until": None, "repair": False, "limit": 20, "output": "json"}
        assert verify.run(config, Wish(**(asked | wish))) == 0
    except CheckFailed as fault:
        said = str(fault)
    return {**json.loads(capsys.readouterr().out), "said": said}


def delete_row(config: Config, report: Any) -> None:
    with open_session(config.cassandra) as session:
        session.execute(
            "DELETE FROM report WHERE hour = %s AND shard = %s AND droneid = %s AND time = %s AND reportid = %s",
            (chain.LAST_HOUR, report.drone_id % 4, report.drone_id, report.time, UUID(report.report_id)),
        )


def store(config: Config, report: Any) -> None:
    with open_session(config.cassandra) as session:
        write_rows(session, config.cassandra, [report], now=datetime.now(UTC))


def stored(config: Config) -> set[tuple[Any, ...]]:
    with open_session(config.cassandra) as session:
        rows = session.execute("SELECT hour, shard, droneid, time, reportid, latitude, persons, words FROM report")
        return {(*row[:6], str(row.persons), str(row.words)) for row in rows}


def test_after_a_run_to_the_end_nothing_is_wrong(filled, capsys):
    found = looked(filled, capsys)

    topics = filled.kafka.topics
    assert (found["said"], found["wrong"], found["waiting"], found["cases"]) == (None, {}, {}, [])
    assert found["seen"] == {
        topics.global1: 42,
        topics.global2: 42,
        topics.alert: 8,
        topics.delivery: 8,
        topics.dead_letter: 4,
        "table report": 40,
    }


def test_a_deleted_row_is_named_and_repaired_as_it_was(filled, capsys):
    before = stored(filled)
    delete_row(filled, CALM)

    found = looked(filled, capsys)
    assert found["wrong"] == {"missing": {"table report": 1}}
    (case,) = found["cases"]
    assert (case["id"], case["places"][0]["topic"]) == (CALM.report_id, filled.kafka.topics.global2)
    assert "--repair" in found["said"]

    mended = looked(filled, capsys, repair=True)
    assert (mended["said"], mended["repaired"]) == (None, [{"action": "store", "to": "table report", "count": 1}])
    assert looked(filled, capsys)["wrong"] == {}
    assert stored(filled) == before


def test_a_repair_that_dies_right_behind_its_rows_has_marked_their_hour(filled, capsys, monkeypatch):
    """The rows are there, so nobody comes back to them: without a mark, analyze would never count them."""
    hour = chain.LAST_HOUR
    with open_session(filled.cassandra) as session:
        marked = session.execute("SELECT changed FROM report_hours WHERE day = %s AND hour = %s", (hour.date(), hour))
        delete_row(filled, CALM)
        marks, mark_changed = [], reports_edge.mark_changed

        def die_at_the_second(*args, **options):
            marks.append(args)
            if len(marks) == 2:
                raise Unavailable("Cassandra is gone")
            mark_changed(*args, **options)

        monkeypatch.setattr(reports_edge, "mark_changed", die_at_the_second)
        with pytest.raises(Unavailable):
            looked(filled, capsys, repair=True)
        monkeypatch.undo()

        assert looked(filled, capsys)["wrong"] == {}
        now = session.execute("SELECT changed FROM report_hours WHERE day = %s AND hour = %s", (hour.date(), hour))
        assert now.one().changed.time > marked.one().changed.time


def test_a_row_that_disagrees_is_overwritten_though_its_writer_s_clock_was_ahead(filled, capsys):
    before, wrong, hour = stored(filled), REPORTS[2], chain.LAST_HOUR
    ahead = round((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1_000_000)
    with open_session(filled.cassandra) as session:
        marked = session.execute("SELECT changed FROM report_hours WHERE day = %s AND hour = %s", (hour.date(), hour))
        session.execute(
            f"UPDATE report USING TTL 999999 AND TIMESTAMP {ahead} SET words = ['war'], persons = null "
            "WHERE hour = %s AND shard = %s AND droneid = %s AND time = %s AND reportid = %s",
            (hour, wrong.drone_id % 4, wrong.drone_id, wrong.time, UUID(wrong.report_id)),
        )

    found = looked(filled, capsys)
    assert found["wrong"] == {"disagreeing": {"table report": 1}}
    assert found["cases"][0]["id"] == wrong.report_id
    assert found["said"] == "1 disagreeing: `harmony verify --repair` makes 1 good"

    mended = looked(filled, capsys, repair=True)
    assert (mended["said"], mended["repaired"]) == (None, [{"action": "store", "to": "table report", "count": 1}])
    assert looked(filled, capsys)["wrong"] == {}
    assert stored(filled) == before
    with open_session(filled.cassandra) as session:
        now = session.execute("SELECT changed FROM report_hours WHERE day = %s AND hour = %s", (hour.date(), hour))
        assert now.one().changed.time > marked.one().changed.time
        lives = [
            row[0] for row in session.execute("SELECT TTL(words) FROM report WHERE hour = %s ALLOW FILTERING", [hour])
        ]
    # 30 days from the event on, whatever the wrong row was to live.
    assert all(timedelta(days=29).total_seconds() < left <= timedelta(days=30).total_seconds() for left in lives)


def test_a_delivery_without_its_record_is_recorded_if_its_message_stands_in_the_channel(fresh, discord, capsys):
    told, gone = REPORTS[0], REPORTS[5]
    config = fresh.model_copy(update={"discord": DiscordSettings(**discord.settings)})
    for report in (told, gone):
        chain.produce(config, [report])
        assert stream_alerts.run(config, once=True, instance="a") == 0
        assert alert_bot.run(config, sink="discord", once=True, instance="a") == 0
    topics = config.kafka.topics.model_copy(update={"delivery": f"{config.kafka.topics.delivery}-2"})
    lost = config.model_copy(update={"kafka": config.kafka.model_copy(update={"topics": topics})})
    create_topics(lost.kafka)
    first, second = discord.messages
    discord.messages.remove(second)

    assert looked(lost, capsys, since="1d")["said"] == "2 missing"
    untold = lost.model_copy(update={"discord": DiscordSettings()})
    with capture_logs() as logs:
        assert looked(untold, capsys, since="1d", repair=True)["said"] == "2 missing; 0 repaired, the rest cannot be"
    assert [line["event"] for line in logs] == ["deliveries are not looked up: no Discord token is configured"]
    found = looked(lost, capsys, since="1d", repair=True)

    assert found["repaired"] == [{"action": "record", "to": topics.delivery, "count": 1}]
    (record,) = read(lost.kafka, topics.delivery)
    proof = json.loads(record.value)
    assert record.key.decode() == proof["alertId"] == alert_id(told.report_id)
    assert (proof["channelId"], proof["messageId"]) == (str(CHANNEL_ID), first["id"])
    (case,) = looked(lost, capsys, since="1d")["cases"]
    assert (case["kind"], case["store"], case["id"]) == ("missing", topics.delivery, alert_id(gone.report_id))


def test_alerts_and_dead_letters_that_were_never_written_are_written_by_repair(fresh, capsys):
    chain.produce(fresh, REPORTS, b"{")
    topics = fresh.kafka.topics
    chain.ingest(fresh)
    skipped = {(topics.global1, partition): 1_000 for partition in range(4)}
    write(fresh.kafka, [], offsets=skipped, group="stream-alerts")

    found = looked(fresh, capsys, repair=True)

    assert found["wrong"] == {"missing": {topics.alert: 8, topics.dead_letter: 1}}
    assert {remedy["count"] for remedy in found["repaired"]} == {8, 1}
    again = looked(fresh, capsys)
    assert (again["said"], again["wrong"], again["waiting"]) == (None, {}, {"alert-bot": 8})
    alerts = {json.loads(record.value)["alertId"] for record in read(fresh.kafka, topics.alert)}
    assert alerts == {alert_id(report.report_id) for report in REPORTS[::5]}


def test_what_stands_in_one_topic_only_is_copied_and_what_is_doubled_is_said_to_stay(fresh, capsys, monkeypatch):
    monkeypatch.setattr(verdict, "SETTLED", timedelta(seconds=-60))
    topics = fresh.kafka.topics
    write(fresh.kafka, [Outgoing(topics.global2, b"1", b" " + encode_report(CALM))])
    write(fresh.kafka, [Outgoing(topics.global1, b"6", encode_report(REPORTS[6]))] * 2)

    found = looked(fresh, capsys, since="1d", repair=True)

    assert found["wrong"] == {"missing": {topics.global1: 1, topics.global2: 1}, "doubled": {topics.global1: 1}}
    assert "2 repaired, the rest cannot be" in found["said"]
    assert looked(fresh, capsys, since="1d")["wrong"] == {"doubled": {topics.global1: 1}}
    (copy,) = [record for record in read(fresh.kafka, topics.global1) if record.value[:1] == b" "]
    assert (copy.key, copy.value) == (b"1", b" " + encode_report(CALM))


def test_a_window_looks_at_its_hours_only(filled, capsys):
    delete_row(filled, CALM)
    hour, iso = chain.LAST_HOUR, "%Y-%m-%dT%H:%M:%SZ"

    before = looked(filled, capsys, until=f"{hour:{iso}}")
    within = looked(filled, capsys, since=f"{hour:{iso}}", until=f"{hour + chain.HOUR:{iso}}")

    assert (before["wrong"], before["seen"]["table report"]) == ({}, 0)
    store(filled, CALM)
    assert within["wrong"] == {"missing": {"table report": 1}}
    assert within["window"] == f"{hour:{iso}}/{hour + chain.HOUR:{iso}}"


def test_one_topic_for_both_stages_is_read_once(fresh, capsys):
    topics = fresh.kafka.topics.model_copy(update={"global2": fresh.kafka.topics.global1})
    one = fresh.model_copy(update={"kafka": KafkaSettings(**{**dict(fresh.kafka), "topics": topics})})
    create_topics(one.kafka)
    write(one.kafka, [Outgoing(topics.global1, b"7", encode_report(report)) for report in REPORTS])
    write(one.kafka, [Outgoing(topics.global1, b"7", b"{")])
    chain.handle(one)

    found = looked(one, capsys)

    assert (found["wrong"], found["seen"][topics.global1], found["seen"][topics.dead_letter]) == ({}, 41, 2)


def test_the_table_names_the_case_and_says_how_it_stands(filled, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    wish = Wish(since=None, until=None, repair=False, limit=20, output="table")

    assert verify.run(filled, wish) == 0
    assert "Nothing is missing, doubled, late or disagreeing." in capsys.readouterr().out

    delete_row(filled, CALM)
    with pytest.raises(CheckFailed, match=r"^1 missing: `harmony verify --repair` makes 1 good$"):
        verify.run(filled, wish)

    store(filled, CALM)
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if CALM.report_id in line]
    assert f"{filled.kafka.topics.global2}/" in line
    assert "\x1b[" not in out


def test_two_repairs_at_once_are_refused(filled):
    with open_session(filled.cassandra) as session, hold_lease(session, "verify"), pytest.raises(Busy):
        verify.run(filled, Wish(since=None, until=None, repair=True, limit=20, output="json"))


def test_without_setup_it_says_so(config):
    with pytest.raises(Misconfigured, match="run `harmony setup`"):
        verify.run(config, Wish(since=None, until=None, repair=False, limit=20, output="json"))


def test_a_window_that_is_none_is_a_usage_error(config):
    with pytest.raises(BadUsage, match="--since"):
        verify.run(config, Wish(since="soon", until=None, repair=False, limit=20, output="json"))
