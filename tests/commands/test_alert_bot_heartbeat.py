"""The heartbeat, driven by hand: a clock, a topic that says when its last report came, a channel that may refuse."""

from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from harmonystate.commands.alert_bot import heartbeat
from harmonystate.commands.alert_bot.heartbeat import Heartbeat
from harmonystate.config import KafkaSettings
from harmonystate.core.heartbeat import Quiet
from harmonystate.core.message import Undelivered
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.errors import Misconfigured, Unavailable
from tests.support.alerts import HEARD
from tests.support.kafka import wait_until

AFTER = timedelta(minutes=10)


class World:
    """All that it meets."""

    def __init__(self, quiet=None):
        self.now, self.last = HEARD, HEARD
        self.said, self.noted = [], []
        self.kafka_away = self.discord_away = False
        self.quiet = quiet

    def newest(self, _settings, topics):
        if self.kafka_away:
            raise TransactionFailed("away")
        return {topics[0]: self.last}

    def say(self, text, _nonce):
        answer = Future()
        if self.discord_away:
            answer.set_exception(Undelivered("502", unknown=True))
        else:
            self.said.append(text.split(".")[0])
            answer.set_result([])
        return answer

    def note_quiet(self, quiet):
        if self.kafka_away:
            raise Unavailable("away")
        self.noted.append(quiet)
        self.quiet = quiet


@pytest.fixture
def world(monkeypatch):
    made = World()
    monkeypatch.setattr(heartbeat, "newest_records", made.newest)
    return made


def beating(world):
    return Heartbeat(KafkaSettings(), AFTER, silences=world, say=world.say, now=lambda: world.now)


def looks(beats, world, times, *, seconds=60):
    for _ in range(times):
        world.now += timedelta(seconds=seconds)
        with suppress(Undelivered, Unavailable):
            beats.look()


def test_silence_is_said_once_and_its_end_once(world):
    beats = beating(world)

    looks(beats, world, 40)
    world.last = world.now
    looks(beats, world, 5)

    assert world.said == ["No report for 10 min", "Reports come again after 40 min without one"]
    assert world.noted == [Quiet(HEARD), None]


def test_whoever_starts_later_does_not_say_it_again(world):
    looks(beating(world), world, 20)

    looks(beating(world), world, 20)

    assert len(world.said) == 1


def test_what_another_instance_has_said_is_not_said_again(world):
    one, other = beating(world), beating(world)

    looks(one, world, 10)
    looks(other, world, 10)

    assert len(world.said) == 1


def test_while_discord_is_away_it_is_tried_again(world):
    beats, world.discord_away = beating(world), True
    looks(beats, world, 12)
    world.discord_away = False

    looks(beats, world, 3)

    assert world.said == ["No report for 13 min"]


def test_without_kafka_no_report_comes_and_that_is_noted_once_kafka_is_back(world):
    beats = beating(world)
    looks(beats, world, 1)
    world.kafka_away = True
    looks(beats, world, 20)
    assert (len(world.said), world.noted) == (1, [])

    world.kafka_away = False
    looks(beats, world, 2)

    assert (len(world.said), world.noted) == (1, [Quiet(HEARD)])


@pytest.mark.parametrize(
    ("fault", "goes_on"), [(Unavailable("away"), True), (Misconfigured("no right to DESCRIBE global1"), False)]
)
def test_what_is_away_is_waited_for_and_a_missing_right_is_said(world, monkeypatch, fault, goes_on):
    looked = []

    def newest(_settings, _topics):
        looked.append(True)
        raise fault

    monkeypatch.setattr(heartbeat, "newest_records", newest)
    monkeypatch.setattr(heartbeat, "SHORTEST_WAIT_S", 0.001)
    beats = Heartbeat(KafkaSettings(), timedelta(milliseconds=1), silences=world, say=world.say, now=lambda: HEARD)

    with capture_logs() as logs, beats.beating():
        wait_until(lambda: len(looked) > 5 if goes_on else logs, what="looks, or a word", within_s=10)

    said = [line["because"] for line in logs if line["log_level"] == "error"]
    assert said == ([] if goes_on else ["no right to DESCRIBE global1"])
