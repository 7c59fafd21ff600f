"""The topic alert as the bot reads it: what is in its hands is not done."""

import pytest

from harmonystate.core.backlog import Settled
from harmonystate.core.record import Outgoing
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka import session
from harmonystate.edges.kafka.alerts import GROUP, AlertFeed
from harmonystate.edges.kafka.membership import leave
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import TransactionFailed
from tests.support.kafka import wait_until, write

pytestmark = pytest.mark.services

INSTANCE = "lagging"
OTHER = "joining"


@pytest.fixture
def settings(config):
    create_topics(config.kafka)
    yield config.kafka
    for instance in (INSTANCE, OTHER):
        leave(config.kafka, group=GROUP, instance=instance)


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


def gives_away(feed: AlertFeed) -> bool:
    """Poll once more, and say whether that has given what is in hand away."""
    try:
        feed.poll(0.1)
    except TransactionFailed as fault:
        return "rebalances" in str(fault)
    return False


def test_where_another_joins_it_keeps_its_share_and_commits_until_it_goes_to_join_anew(settings):
    alerts, meter = settings.topics.alert, Meter(GROUP)
    write(settings, [Outgoing(alerts, b"7", b"one"), Outgoing(alerts, b"7", b"two")])
    in_hand, theirs = [], []

    with (
        AlertFeed(settings, instance=INSTANCE, meter=meter, client_id=INSTANCE) as feed,
        AlertFeed(settings, instance=OTHER, meter=meter, client_id=OTHER) as other,
    ):
        wait_until(lambda: in_hand.extend(feed.poll(0.1)) or len(in_hand) == 2, what="both alerts")
        wait_until(feed.may_tell, what="an answer of the group")
        wait_until(lambda: theirs.extend(other.poll(0.1)) or feed.is_called_away(), what="the call")
        for _ in range(5):
            assert feed.poll(0.1, stay=True) == []
            theirs.extend(other.poll(0.1))
        assert not feed.may_tell()
        feed.commit(Settled([], {(alerts, in_hand[1].partition): in_hand[1].offset + 1}))
        assert theirs == []

        wait_until(lambda: gives_away(feed), what="the new share")

    assert committed(settings, GROUP, alerts)[in_hand[1].partition][0] == in_hand[1].offset + 1
