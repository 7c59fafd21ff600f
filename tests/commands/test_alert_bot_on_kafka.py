"""The bot as a process of its own, between a real Kafka and a Discord of ours."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import TopicPartition

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.membership import leave
from harmonystate.edges.kafka.offsets import committed, lag
from harmonystate.edges.kafka.topics import create_topics
from tests.support.alerts import encoded, raised
from tests.support.fake_discord import CHANNEL_ID, TOKEN, Answer, FakeDiscord
from tests.support.kafka import read, wait_until, write
from tests.support.services import child_environment

pytestmark = pytest.mark.services

HARMONY = Path(sys.executable).with_name("harmony")
CARD_ID = re.compile(r"alert ([0-9a-f-]{36})")


@pytest.fixture
def topics(config):
    create_topics(config.kafka)
    return config.kafka.topics


@pytest.fixture
def start(config, config_file, topics):
    """Start the bot under a name of this test's own; whatever still runs at the end is killed."""
    started, instances = [], set()

    def start_bot(*options, discord=None, token=TOKEN, out=subprocess.DEVNULL, name="bot"):
        secrets = {"TOKEN": token, "CHANNEL_ID": str(CHANNEL_ID), "REST_URL": discord.url} if discord else {}
        instance = f"{topics.alert}-{name}"
        instances.add(instance)
        command = [HARMONY, "alert-bot", "--config", config_file, "--instance", instance, *options]
        environment = child_environment(**{f"HARMONY_DISCORD__{key}": value for key, value in secrets.items()})
        child = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.PIPE, text=True)
        started.append(child)
        return child

    yield start_bot
    for child in started:
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            child.wait(10)
        child.stderr.close()
    for instance in instances:
        # One that was killed would leave in the middle of another test, and all in the group would start over.
        leave(config.kafka, group="alert-bot", instance=instance)


def tell(config, *alerts, bad=()):
    topic = config.kafka.topics.alert
    records = [Outgoing(topic, b"%d" % alert.alert.report.drone_id, encoded(alert)) for alert in alerts]
    write(config.kafka, [*records, *(Outgoing(topic, b"1", value) for value in bad)])


def fresh(count, *scores, run="run"):
    """Return alerts of many drones, heard a moment ago."""
    heard = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    return [raised(number, *scores, drone=number % 50, run=run, heard=heard) for number in range(count)]


def told(discord):
    """Return how often each alert stands in the channel."""
    return discord.told()


def once_each(alerts):
    return Counter(alert.alert_id for alert in alerts)


def recorded(config):
    return Counter(record.key.decode() for record in read(config.kafka, config.kafka.topics.delivery))


def has_told(discord, alerts):
    return lambda: not once_each(alerts) - told(discord)


def finished(config):
    return lambda: lag(config.kafka, "alert-bot", config.kafka.topics.alert) == 0


def ended(child, within_s=300):
    """Wait for the child; return its exit code and what it said."""
    _, said = child.communicate(timeout=within_s)
    return child.returncode, said


def stopped(child):
    child.send_signal(signal.SIGTERM)
    return ended(child, within_s=25)[0]


def test_alerts_from_before_the_first_start_are_told_after_online_and_each_has_its_delivery(config, discord, start):
    alerts = fresh(25)
    tell(config, *alerts)

    bot = start(discord=discord)
    wait_until(has_told(discord, alerts), what="25 alerts in the channel")
    wait_until(finished(config), what="the commit")

    assert stopped(bot) == 0
    assert discord.messages[0]["content"] == "🟢 Online"
    assert told(discord) == recorded(config) == once_each(alerts)
    assert len(discord.messages) <= 1 + 25 / 2
    by_message = {message["id"]: message for message in discord.messages}
    for record in read(config.kafka, config.kafka.topics.delivery):
        delivery = json.loads(record.value)
        assert delivery["alertId"] in json.dumps(by_message[delivery["messageId"]])
        assert (delivery["channelId"], delivery["kind"]) == (str(CHANNEL_ID), "card")
        assert delivery["ageMs"] >= 1000


def test_cut_after_discord_accepted_there_is_exactly_one_message(config, discord, start):
    alerts = fresh(3)
    tell(config, *alerts)
    discord.script.append(Answer(cut=True))

    assert ended(start("--once", discord=discord))[0] == 0

    assert [status for _, status in discord.tries] == [200, 200]
    assert told(discord) == recorded(config) == once_each(alerts)
    assert len(discord.messages) == 1


def test_killed_between_discord_s_acceptance_and_the_commit_each_alert_is_in_exactly_one_message(
    config, discord, start
):
    """More comes before the restart, so that another alert may be the first, and the nonce another."""
    alerts = fresh(30)
    tell(config, *alerts[:15])
    discord.script.extend([Answer(), Answer(hold_s=30)])
    bot = start(discord=discord)
    wait_until(lambda: len(discord.messages) == 2, what="Online and the first cards")
    bot.kill()
    assert ended(bot)[0] == -signal.SIGKILL
    standing = told(discord)
    assert standing
    assert not recorded(config)
    tell(config, *alerts[15:])

    assert ended(start("--once", discord=discord))[0] == 0

    assert told(discord) == recorded(config) == once_each(alerts)
    first = json.dumps(discord.messages[1])
    by_alert = {json.loads(r.value)["alertId"]: r for r in read(config.kafka, config.kafka.topics.delivery)}
    assert all(json.loads(by_alert[one].value)["messageId"] == discord.messages[1]["id"] for one in standing)
    assert all(one in first for one in standing)


def test_killed_with_fresh_ones_told_ahead_of_older_ones_each_alert_is_in_exactly_one_message(config, discord, start):
    """The fresh ones stand at the end of the topic: their offsets cannot be committed, only their deliveries."""
    older = [raised(n, drone=n % 50, run="old", heard=datetime.now(UTC) - timedelta(minutes=7)) for n in range(200)]
    alerts = [*older, *fresh(30)]
    tell(config, *alerts)
    discord.script.extend([Answer(), *[Answer()] * 3, Answer(hold_s=30)])
    bot = start(discord=discord)
    wait_until(lambda: len(recorded(config)) == 30 and len(discord.messages) == 5, what="the cards, and a digest")
    bot.kill()
    assert ended(bot)[0] == -signal.SIGKILL
    assert lag(config.kafka, "alert-bot", config.kafka.topics.alert) >= 200

    assert ended(start("--once", discord=discord))[0] == 0

    assert told(discord) == recorded(config) == once_each(alerts)
    by_message = {message["id"]: message for message in discord.messages}
    deliveries = [json.loads(record.value) for record in read(config.kafka, config.kafka.topics.delivery)]
    kinds = Counter((each["kind"], by_message[each["messageId"]]["content"]) for each in deliveries)
    assert kinds == {("card", "Alert !"): 30, ("digest", "Earlier alerts"): 200}
    assert finished(config)()


def test_killed_between_discord_s_change_of_a_card_and_the_commit_whoever_was_seen_again_is_told_once(
    config, config_file, discord, start
):
    config_file.write_text(config_file.read_text().replace("repeat_interval: null", "repeat_interval: 10m"))
    first, again = fresh(1)[0], fresh(51)[50]  # of the same drone and persons
    tell(config, first)
    bot = start(discord=discord)
    wait_until(lambda: recorded(config) == once_each([first]), what="the card")
    discord.edit_script.append(Answer(hold_s=30))
    tell(config, again)
    wait_until(lambda: told(discord) == once_each([first, again]), what="the count")
    bot.kill()
    assert ended(bot)[0] == -signal.SIGKILL

    assert ended(start("--once", discord=discord))[0] == 0

    assert told(discord) == recorded(config) == once_each([first, again])
    deliveries = [json.loads(record.value) for record in read(config.kafka, config.kafka.topics.delivery)]
    assert len({(each["messageId"], each["kind"]) for each in deliveries}) == 1
    assert len(discord.messages) == 2  # Online, and the card


def test_what_has_its_record_is_not_told_again_when_the_group_has_lost_its_offsets(config, discord, start):
    alerts = fresh(12)
    tell(config, *alerts)
    assert ended(start("--once", discord=discord))[0] == 0
    discord.messages.clear()
    places = [TopicPartition(config.kafka.topics.alert, number) for number in range(config.kafka.partitions)]
    with open_admin(config.kafka) as admin:
        admin.delete_group_offsets("alert-bot", places)

    assert ended(start("--once", discord=discord))[0] == 0

    assert not told(discord)
    assert recorded(config) == once_each(alerts)


def test_refused_as_cards_and_as_text_an_alert_becomes_a_dead_letter_and_the_rest_is_told(config, discord, start):
    alerts = fresh(2)
    for alert in alerts:
        tell(config, alert)
    discord.script.extend([Answer(status=400)] * 3)

    assert ended(start("--once", discord=discord))[0] == 0

    letters = read(config.kafka, config.kafka.topics.dead_letter)
    buried = [json.loads(letter.value)["alertId"] for letter in letters]
    assert len(buried) == 1
    assert {dict(letter.headers)["harmony.stage"] for letter in letters} == {b"alert-bot"}
    assert told(discord) == recorded(config) == once_each(alerts) - Counter(buried)


def test_refused_as_a_card_an_alert_is_told_as_text(config, discord, start):
    (alert,) = fresh(1)
    tell(config, alert)
    discord.script.append(Answer(status=400))

    assert ended(start("--once", discord=discord))[0] == 0

    (message,) = discord.messages
    assert message["embeds"] == []
    assert message["content"].startswith("Alert !\nDrone: 0\nPosition: 48.8566, 2.3522\nSad person: First0 Last0 (1)")
    assert recorded(config) == once_each([alert])


def test_forbidden_nothing_is_committed_and_once_it_is_mended_all_is_told(config, discord, start):
    alerts = fresh(5)
    tell(config, *alerts)
    discord.always = Answer(status=403)
    bot = start(discord=discord)
    wait_until(lambda: len(discord.tries) >= 2, what="two refused tries")

    assert not recorded(config)
    assert stopped(bot) == 0
    discord.always = None
    assert ended(start("--once", discord=discord))[0] == 0

    assert told(discord) == recorded(config) == once_each(alerts)


def test_a_record_that_is_no_alert_becomes_a_dead_letter_once(config, discord, start):
    alerts = fresh(4)
    tell(config, *alerts, bad=[b"{", b"\xff", b'{"droneId":7}'])

    for _ in range(2):
        assert ended(start("--once", discord=discord))[0] == 0

    letters = read(config.kafka, config.kafka.topics.dead_letter)
    assert Counter(letter.value for letter in letters) == Counter([b"{", b"\xff", b'{"droneId":7}'])
    assert {dict(letter.headers)["__streams.errors.topic"] for letter in letters} == {
        config.kafka.topics.alert.encode()
    }
    assert told(discord) == recorded(config) == once_each(alerts)


def test_the_terminal_tells_what_discord_would_and_records_it(config, start, tmp_path):
    alerts = fresh(1000)
    tell(config, *alerts)
    told_in = tmp_path / "cards"

    with told_in.open("w") as out:
        assert ended(start("--once", "-q", out=out)) == (0, "")

    text = told_in.read_text()
    assert Counter(CARD_ID.findall(text)) == recorded(config) == once_each(alerts)
    assert text.count("Alert !") == 1000
    deliveries = [json.loads(record.value) for record in read(config.kafka, config.kafka.topics.delivery)]
    assert {delivery["channelId"] for delivery in deliveries} == {"console"}
    assert all(delivery["messageId"] == delivery["alertId"] for delivery in deliveries)


def test_two_instances_share_the_alerts_and_a_third_takes_over_from_a_killed_one(config, discord, start):
    alerts = fresh(300)
    bots = [start(discord=discord, name=name) for name in ("a", "b")]
    for begin in range(0, 300, 50):
        tell(config, *alerts[begin : begin + 50])
        if begin == 100:
            bots[0].kill()
            bots[0].wait(10)
            bots.append(start(discord=discord, name="c"))
    wait_until(has_told(discord, alerts), within_s=300, what="300 alerts in the channel")
    wait_until(finished(config), what="the commits")

    assert [stopped(bot) for bot in bots[1:]] == [0, 0]
    assert told(discord) == recorded(config) == once_each(alerts)


def test_an_instance_that_joins_tells_nothing_that_another_is_just_telling(config, discord, start):
    alerts = fresh(10)
    tell(config, *alerts)
    discord.script.extend([Answer(), Answer(delay_s=8)])
    bots = [start(discord=discord, name="a")]
    wait_until(lambda: not discord.script, what="Online, and a message of all of them on its way")
    bots.append(start(discord=discord, name="b"))
    wait_until(has_told(discord, alerts), what="10 alerts in the channel")
    wait_until(finished(config), what="the commits")

    assert [stopped(bot) for bot in bots] == [0, 0]
    assert told(discord) == recorded(config) == once_each(alerts)


def test_a_refused_token_is_78_and_is_never_shown(discord, start):
    code, said = ended(start(discord=discord, token=TOKEN.replace("fake", "feke")))

    assert code == 78
    assert len(said.splitlines()) == 1
    assert "401" in said
    assert "feke" not in said


def test_nobody_at_discord_s_address_is_69_and_names_it(start):
    with FakeDiscord() as gone:
        pass

    code, said = ended(start(discord=gone))

    assert code == 69
    assert len(said.splitlines()) == 1
    assert f"127.0.0.1:{gone.port}" in said


def test_alerts_that_kafka_let_go_of_while_the_bot_slept_are_named_and_the_others_told(config, discord, start, topics):
    alerts = [raised(number, 1, drone=7, heard=datetime.now(UTC).replace(microsecond=0)) for number in range(20)]
    tell(config, *alerts[:10])
    assert ended(start("--once", discord=discord))[0] == 0
    ((partition, (slept_at, _)),) = [
        (partition, at) for partition, at in committed(config.kafka, "alert-bot", topics.alert).items() if at[0]
    ]
    tell(config, *alerts[10:])
    with open_admin(config.kafka) as admin:
        admin.delete_records({TopicPartition(topics.alert, partition): slept_at + 5})

    code, said = ended(start("--once", discord=discord))

    assert code == 0, said
    lines = [json.loads(line) for line in said.splitlines() if "no longer has" in line]
    assert [(line["topic"], line["partition"], line["first"], line["last"]) for line in lines] == [
        (topics.alert, partition, slept_at, slept_at + 4)
    ]
    assert told(discord) == once_each(alerts[:10] + alerts[15:])
