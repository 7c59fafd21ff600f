"""`harmony silence` and the people in the channel, with real processes of the bot on a real Kafka."""

import json
import os
import signal
from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.commands import silence
from harmonystate.commands.alert_bot.desk import Desk
from harmonystate.commands.alert_bot.heartbeat import Heartbeat
from harmonystate.commands.alert_bot.silences import Silences
from harmonystate.config import Config
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.errors import BadUsage, CheckFailed, Misconfigured
from tests.support.alerts import encoded, raised
from tests.support.fake_discord import custom_ids
from tests.support.harmony import start_harmony
from tests.support.kafka import read, wait_until, write
from tests.support.waiting import done_with

pytestmark = pytest.mark.services


@pytest.fixture
def topics(config):
    create_topics(config.kafka)
    return config.kafka.topics


@pytest.fixture
def start(config_file, topics, discord):
    """Start a bot of one name; whatever still runs at the end is killed."""
    started = []

    def start_bot(*options):
        variables = {f"HARMONY_DISCORD__{key.upper()}": str(value) for key, value in discord.settings.items()}
        name = ("--instance", f"{topics.alert}-bot")
        started.append(start_harmony(config_file, "alert-bot", *name, *options, **variables))
        return started[-1]

    yield start_bot
    for child in started:
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
        child.communicate()


def tell(config, *drones, run):
    """Raise an alert of each drone; return their ids."""
    heard = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    alerts = [raised(number, 0, drone=drone, run=run, heard=heard) for number, drone in enumerate(drones)]
    topic = config.kafka.topics.alert
    write(config.kafka, [Outgoing(topic, b"%d" % one.alert.report.drone_id, encoded(one)) for one in alerts])
    return [one.alert_id for one in alerts]


def kinds(config):
    """Return how each alert was dealt with, by its delivery: the kind, and the message or silence."""
    records = [json.loads(record.value) for record in read(config.kafka, config.kafka.topics.delivery)]
    assert len({each["alertId"] for each in records}) == len(records)
    return {each["alertId"]: (each["kind"], each["messageId"]) for each in records}


def listed(config, capsys, **options):
    capsys.readouterr()
    assert silence.list_all(config, **{"expired": False, "output": "json", **options}) == 0
    return json.loads(capsys.readouterr().out)


def add(config, capsys, *matchers):
    capsys.readouterr()
    assert silence.add(config, matchers, lasts="1h", author="ada", comment="road works") == 0
    return capsys.readouterr().out.strip()


def test_a_silence_is_made_listed_and_ended(config, topics, capsys):
    seven, grave = add(config, capsys, "drone=7"), add(config, capsys, "person=Bo Li", "max_score=0")

    shown = {each["id"]: each for each in listed(config, capsys)}
    assert set(shown) == {seven, grave}
    assert (shown[seven]["author"], shown[seven]["comment"]) == ("ada", "road works")
    assert not any(b"Bo" in record.value for record in read(config.kafka, topics.silence))

    assert silence.expire(config, [seven]) == 0
    assert [each["id"] for each in listed(config, capsys)] == [grave]
    assert {each["id"]: each["active"] for each in listed(config, capsys, expired=True)} == {seven: False, grave: True}
    for ids in ([seven], [grave, "nobody"]):
        with pytest.raises(CheckFailed, match="harmony silence list"):
            silence.expire(config, ids)
    assert [each["id"] for each in listed(config, capsys)] == [grave]


def test_a_bot_that_runs_learns_of_a_silence_and_of_its_end(config, topics, capsys):
    silences = Silences(config.kafka)

    def active():
        return [each.id for each in silences.active(datetime.now(UTC))]

    before = add(config, capsys, "drone=7")
    with silences.following():
        assert active() == [before]
        made = add(config, capsys, "drone=8")
        wait_until(lambda: active() == [before, made], what="the new silence")
        silence.expire(config, [before])
        wait_until(lambda: active() == [made], what="its end")


def test_what_is_no_matcher_or_no_duration_is_refused_before_kafka_is_asked(offline_config):
    for matchers, lasts in ((["colour=red"], "1h"), (["drone=7"], "soon")):
        with pytest.raises(BadUsage):
            silence.add(offline_config, matchers, lasts=lasts, author=None, comment="")


def test_pressed_after_a_kill_a_button_silences_its_drones_and_the_silence_outlives_another_kill(
    config, discord, start, capsys
):
    muted_by_hand = add(config, capsys, "drone=9")
    seven, eight, nine = tell(config, 7, 8, 9, run="first")
    bot = start()
    wait_until(lambda: len(kinds(config)) == 3, what="the deliveries")
    (message,) = discord.messages[1:]
    assert (kinds(config)[seven], kinds(config)[eight]) == (("card", message["id"]),) * 2
    assert kinds(config)[nine] == ("silenced", muted_by_hand)
    assert set(discord.told()) == {seven, eight}
    bot.kill()
    bot.wait(10)

    bot, sessions = start(), len(discord.sessions)
    wait_until(lambda: len(discord.sessions) > sessions, what="the bot at the gateway")
    pressed = discord.press(message, custom_ids(message)[1], name="bo")
    wait_until(lambda: "silenced for 1 h by bo" in message["content"], what="the mark")
    assert (pressed.answered, pressed.late, message["components"]) == ([6], 0, [])
    bot.kill()
    bot.wait(10)

    silence.expire(config, [muted_by_hand])
    (by_button,) = (each["id"] for each in listed(config, capsys))
    muted_seven, audible_nine = tell(config, 7, 9, run="second")
    assert start("--once").wait(300) == 0
    assert kinds(config)[muted_seven] == ("silenced", by_button)
    assert kinds(config)[audible_nine][0] == "card"
    assert set(discord.told()) == {seven, eight, audible_nine}


def test_the_heartbeat_reads_the_topic_and_two_say_it_once(config, topics):
    said, clock = [], [datetime.now(UTC)]

    def heartbeat():
        silences = Silences(config.kafka)
        return silences, lambda: Heartbeat(
            config.kafka,
            timedelta(minutes=10),
            silences=silences,
            say=lambda text, _nonce: done_with(said.append(text)),
            now=lambda: clock[0],
        )

    write(config.kafka, [Outgoing(topics.global1, b"7", b"{}")])
    (first, one), (second, other) = heartbeat(), heartbeat()
    with first.following():
        beats = one()
        beats.look()
        assert said == []
        clock[0] += timedelta(minutes=11)
        beats.look()
    with second.following():
        other().look()
        assert [text.startswith("No report for 1") for text in said] == [True]
        clock[0] = datetime.now(UTC)
        write(config.kafka, [Outgoing(topics.global1, b"8", b"{}")])
        other().look()
    assert said[1:] == [said[-1]]
    assert said[-1].startswith("Reports come again")


def test_people_are_told_how_the_pipeline_is_and_what_is_missing(config, topics):
    tell(config, 7, 8, run="waiting")
    write(config.kafka, [Outgoing(topics.global1, b"7", b"{}")])

    condition = desk(config).condition()

    assert condition.waiting["alert-bot"] >= 2
    assert datetime.now(UTC) - condition.last_report < timedelta(minutes=5)
    with pytest.raises(Misconfigured, match="harmony setup"):
        desk(config).saddest()


def desk(config: Config) -> Desk:
    return Desk(config, Silences(config.kafka), lambda: datetime.now(UTC))
