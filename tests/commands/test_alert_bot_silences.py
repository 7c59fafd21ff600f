"""What alert-bot knows of silences while their topic cannot be read."""

from datetime import timedelta

from structlog.testing import capture_logs

from harmonystate.commands.alert_bot import silences as module
from harmonystate.commands.alert_bot.silences import Silences
from harmonystate.core.matchers import Matchers
from harmonystate.core.silence import Silence
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.errors import Misconfigured
from tests.support.alerts import HEARD
from tests.support.kafka import wait_until


def silence(name):
    return Silence(name, Matchers(drones=(7,)), HEARD, HEARD + timedelta(hours=1), "ada")


class Feed:
    """A feed in which a silence stands, and that ends with a fault."""

    quiet = None

    def __init__(self, name, fault=None):
        self.silences = {name: silence(name)}
        self._fault = fault

    def read_on(self):
        if self._fault:
            raise self._fault
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Nothing is left open."""


def test_an_outage_is_said_once_and_after_it_the_bot_learns_of_silences_again(offline_config, monkeypatch):
    away, no_right = TransactionFailed("no answer"), Misconfigured("no right")
    course = iter([Feed("before"), Feed("before", away), away, no_right, Feed("after")])

    def open_feed(_settings):
        feed = next(course)
        if isinstance(feed, Exception):
            raise feed
        return feed

    monkeypatch.setattr(module, "SilenceFeed", open_feed)
    monkeypatch.setattr(module, "AGAIN_S", 0)
    silences = Silences(offline_config.kafka)

    with capture_logs() as said, silences.following():
        wait_until(lambda: silences.active(HEARD) == (silence("after"),), what="the silence behind it")

    assert [(line["event"], line["because"]) for line in said] == [("silences are as they were", "no answer")]
