"""The topic alert as the bot reads it: what is in its hands is not done."""

import pytest

from harmonystate.core.backlog import Settled
from harmonystate.core.record import Outgoing
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka import session
from harmonystate.edges.kafka.alerts import GROUP, AlertFeed
from harmonystate.edges.kafka.membership import leave
from harmonystate.edges.kafka.topics import create_topics
from tests.support.kafka import wait_until, write

pytestmark = pytest.mark.services

INSTANCE = "lagging"


@pytest.fixture
def settings(config):
    create_topics(config.kafka)
    yield config.kafka
    leave(config.kafka, group=GROUP, instance=INSTANCE)


def test_alerts_in_hand_are_a_lag_until_they_are_committed(settings, monkeypatch):
    monkeypatch.setattr(session, "LOOK_EVERY_S", 0)
    meter, alerts = Meter(GROUP), settings.topics.alert
    write(settings, [Outgoing(alerts, b"7", b"one"), Outgoing(alerts, b"7", b"two")])

    with AlertFeed(settings, instance=INSTANCE, meter=meter, client_id=INSTANCE) as feed:
        in_hand = []
        wait_until(lambda: in_hand.extend(feed.poll(0.1)) or len(in_hand) == 2, what="both alerts")
        feed.poll(0)
        # The mark that ends their transaction takes an offset too.
        assert meter.states()["lag"] == 3

        feed.commit(Settled([], {(alerts, in_hand[1].partition): in_hand[1].offset + 1}))
        feed.commit_positions()
        feed.poll(0)
        assert meter.states()["lag"] == 0
