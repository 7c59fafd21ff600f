"""One person is taken out of everything, on a real Kafka, Cassandra and Spark, and a Discord of our own."""

import io
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
import typer

from harmonystate.commands import alert_bot, forget, stream_alerts, verify
from harmonystate.commands.analyze import answer, make_job
from harmonystate.commands.analyze.engine import Engine
from harmonystate.commands.verify import Wish
from harmonystate.config import Config, DiscordSettings
from harmonystate.core.forgotten import shard_of
from harmonystate.core.record import Outgoing
from harmonystate.core.report import Person, Report
from harmonystate.core.windows import floor_to_hour
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.erasure import Eraser, Named
from harmonystate.edges.cassandra.lease import hold_lease
from harmonystate.edges.cassandra.reports import write_rows
from harmonystate.edges.console.answers import write_json
from harmonystate.errors import BadUsage, Busy, CheckFailed
from tests.support import chain
from tests.support.fake_discord import FakeDiscord
from tests.support.kafka import write
from tests.support.services import local_config

pytestmark = pytest.mark.services

TABLES = ("report", "person_hours", "saddest")


@pytest.fixture(scope="module")
def discord() -> Iterator[FakeDiscord]:
    with FakeDiscord() as fake:
        yield fake


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    """Ada Byron and Bo Li in every fifth; somebody else is sad, too. All of it so fresh that it is told on cards."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
    other = chain.some_reports(1, run="other", start=start)[0]
    oz = Report(*(getattr(other, name) for name in other.__struct_fields__[:5]), (Person("Di", "Oz", 0),), ("tax",))
    return [*chain.some_reports(20, start=start), oz]


@pytest.fixture(scope="module")
def config(stack, tmp_path_factory, discord: FakeDiscord, reports: list[Report]) -> Config:
    """21 reports, 5 of them sad, told on Discord and stored."""
    plain = local_config(stack, tmp_path_factory.mktemp("forget"))
    config = plain.model_copy(update={"discord": DiscordSettings(**discord.settings)})
    chain.set_up(config)
    chain.produce(config, reports)
    assert stream_alerts.run(config, once=True, instance="a") == 0
    assert alert_bot.run(config, sink="discord", once=True, instance="a") == 0
    chain.ingest(config)
    return config


def analysed(config: Config, request: pytest.FixtureRequest, *, full: bool) -> dict:
    now = datetime.now(UTC)
    job = make_job(config, until=None, threshold=None, full=full, save=True, now=now)
    out = io.StringIO()
    with open_session(config.cassandra) as session:
        engine = Engine(config.cassandra, lambda _: request.getfixturevalue("spark"))
        write_json(answer(job, config.cassandra, session, engine), out)
    return json.loads(out.getvalue())


def stored(config: Config) -> str:
    with open_session(config.cassandra) as session:
        return "\n".join(str(row) for table in TABLES for row in session.execute(f"SELECT * FROM {table}"))


def marks(config: Config) -> dict[datetime, UUID]:
    with open_session(config.cassandra) as session:
        return {row.hour: row.changed for row in session.execute("SELECT hour, changed FROM report_hours")}


def test_who_is_not_there_is_said_and_what_is_no_name_is_a_usage_error(config):
    with pytest.raises(CheckFailed, match="nothing in Kafka or Cassandra"):
        forget.run(config, "Nobody Here", yes=True)
    with pytest.raises(BadUsage, match="first and a last name"):
        forget.run(config, "Ada", yes=True)


def test_where_nobody_can_be_asked_nothing_is_taken_out(config):
    before = stored(config)

    with pytest.raises(typer.BadParameter, match="--yes"):
        forget.run(config, "Ada Byron", yes=False)

    assert stored(config) == before


def test_while_analyze_runs_it_is_refused(config):
    with open_session(config.cassandra) as session, hold_lease(session, "analyze"), pytest.raises(Busy):
        forget.run(config, "Ada Byron", yes=True)


def test_a_person_is_gone_from_rows_rollups_answers_and_cards_and_does_not_come_back(
    config, discord, capsys, request, caplog
):
    before = analysed(config, request, full=False)
    assert before["saddest"][0]["firstname"] == "Ada"
    with open_session(config.cassandra) as session:
        lives = {
            row.reportid: row.left_s for row in session.execute("SELECT reportid, TTL(persons) AS left_s FROM report")
        }
    capsys.readouterr()

    assert forget.run(config, "Ada Byron", yes=True) == 0

    out = capsys.readouterr().out
    assert re.search(r"^4 rows, [12] rollups, 2 answers and 1 messages name this person\.$", out, re.MULTILINE)
    for topic, held in ((config.kafka.topics.global1, 4), (config.kafka.topics.alert, 4)):
        assert f"Kafka, topic {topic}: {held} records name this person, until 2" in out
    assert "Byron" not in stored(config)
    assert stored(config).count("firstname='Bo'") > 4
    (message,) = discord.messages
    assert "Byron" not in json.dumps(message)
    assert "Oz" in json.dumps(message)

    after = analysed(config, request, full=True)
    assert [person["lastname"] for person in after["saddest"]] == ["Oz"]
    assert "Byron" not in stored(config)
    with open_session(config.cassandra) as session:
        left = {
            row.reportid: row.left_s for row in session.execute("SELECT reportid, TTL(persons) AS left_s FROM report")
        }
    assert all(lives[key] - 900 < left[key] <= lives[key] for key in lives)
    assert "Byron" not in out + caplog.text

    wish = Wish(since=None, until=None, repair=False, limit=20, output="json")
    assert verify.run(config, wish) == 0


def test_a_row_that_a_replay_wrote_again_is_found_by_verify_and_mended(config, reports, capsys):
    with open_session(config.cassandra) as session:
        write_rows(session, config.cassandra, reports[:1], now=datetime.now(UTC))
    assert "Byron" in stored(config)

    with pytest.raises(CheckFailed, match="1 disagreeing"):
        verify.run(config, Wish(since=None, until=None, repair=False, limit=20, output="table"))
    assert verify.run(config, Wish(since=None, until=None, repair=True, limit=20, output="table")) == 0

    assert "Byron" not in stored(config)


@pytest.fixture
def small(stack, tmp_path) -> Config:
    """Five reports in the topics and in the table."""
    config = local_config(stack, tmp_path)
    chain.set_up(config)
    chain.produce(config, reports := chain.some_reports(5))
    with open_session(config.cassandra) as session:
        write_rows(session, config.cassandra, reports, now=datetime.now(UTC))
    return config


def test_a_kill_after_the_rows_leaves_no_hour_that_counts_the_person_as_it_was(small, monkeypatch):
    before = marks(small)

    class Killed(BaseException):
        pass

    def dies(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(Eraser, "erase_rollups", dies)
    with pytest.raises(Killed):
        forget.run(small, "Ada Byron", yes=True)

    assert "Byron" not in stored(small)
    after = marks(small)
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())


def test_the_hours_change_before_and_after_the_rows_do(small, monkeypatch):
    """So a kill in between harms nothing, nor does an analyze that took over a lease which ran out."""
    seen, erase_rows = [marks(small)], Eraser.erase_rows

    def looks(eraser: Eraser, rows: Iterable[Named], **clock: Any) -> None:
        seen.append(marks(small))
        erase_rows(eraser, rows, **clock)

    monkeypatch.setattr(Eraser, "erase_rows", looks)
    assert forget.run(small, "Ada Byron", yes=True) == 0
    seen.append(marks(small))

    (hour,) = seen[0]
    assert len({mark[hour] for mark in seen}) == 3


def test_what_was_not_looked_for_is_said(small, capsys):
    assert forget.run(small, "Ada Byron", yes=True) == 0

    said = "Cards whose alerts Kafka no longer holds were not looked for: search Discord for the name.\n"
    assert capsys.readouterr().out.endswith(said)


def test_a_person_is_taken_out_in_every_spelling_that_a_card_shows_alike(small):
    spelt = [Person("Zoë", "Byron", 1), Person("Zoe\u0308", "Byron", 1), Person(" Zoë", "By\u200bron", 1)]
    (report,) = chain.some_reports(1)
    report = msgspec.structs.replace(report, persons=(*spelt, Person("Zoe", "Byron", 1)))
    chain.produce(small, [report])
    hour = floor_to_hour(report.time)
    with open_session(small.cassandra) as session:
        write_rows(session, small.cassandra, [report], now=datetime.now(UTC))
        session.execute("INSERT INTO analyzed_hours (day, hour) VALUES (%s, %s)", (hour.date(), hour))
        for rank, person in enumerate(report.persons):
            names = (person.firstname, person.lastname)
            rollup = (hour, shard_of(*names, small.cassandra.shards), *names)
            session.execute(
                "INSERT INTO person_hours (hour, shard, firstname, lastname, sad) VALUES (%s, %s, %s, %s, 1)", rollup
            )
            session.execute(
                "INSERT INTO saddest (window, rank, firstname, lastname) VALUES ('latest', %s, %s, %s)", (rank, *names)
            )

    assert forget.run(small, "Zoë Byron", yes=True) == 0

    with open_session(small.cassandra) as session:
        (left,) = session.execute(
            "SELECT persons FROM report WHERE reportid = %s ALLOW FILTERING", (UUID(report.report_id),)
        )
        named = [
            (row.firstname, row.lastname) for table in TABLES[1:] for row in session.execute(f"SELECT * FROM {table}")
        ]
    assert [(person.firstname, person.lastname) for person in left.persons] == [("Zoe", "Byron")]
    assert named == [("Zoe", "Byron")] * 2


def test_a_report_of_the_future_is_forgotten_and_what_is_heard_afterwards_is_kept(small):
    def hear(moment: datetime) -> None:
        found = chain.some_reports(1, start=moment.replace(microsecond=0))
        chain.produce(small, found)
        with open_session(small.cassandra) as session:
            write_rows(session, small.cassandra, found, now=datetime.now(UTC))

    hear(datetime(2099, 1, 1, tzinfo=UTC))
    for _ in range(2):  # as after a kill
        assert forget.run(small, "Ada Byron", yes=True) == 0
    assert "Byron" not in stored(small)
    hear(datetime.now(UTC) + timedelta(seconds=2))

    assert verify.run(small, Wish(since=None, until=None, repair=False, limit=20, output="table")) == 0
    assert stored(small).count("Byron") == 1


def test_a_record_of_the_topic_delivery_that_nobody_can_read_is_passed_over(small):
    write(small.kafka, [Outgoing(small.kafka.topics.delivery, b"7", b'{"alertId":"\xff"}')])

    assert forget.run(small, "Ada Byron", yes=True) == 0
