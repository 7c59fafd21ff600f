"""What an instance that was killed has left open, and what one that lives is writing."""

from contextlib import contextmanager

import pytest

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka import transaction
from harmonystate.edges.kafka.connect import open_consumer
from harmonystate.edges.kafka.inheritance import abort_what_was_left
from harmonystate.edges.kafka.membership import leave
from harmonystate.edges.kafka.offsets import committed, partitions_of
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import Transactor
from tests.support.kafka import read, wait_until, write

pytestmark = pytest.mark.services

GROUP, PREFIX = "heirs", "harmony-heirs-"


class KilledError(BaseException):
    """The process is gone."""


@pytest.fixture
def settings(config):
    create_topics(config.kafka)
    return config.kafka


@contextmanager
def member(settings):
    """Whoever takes over is a member of the group."""
    consumer = open_consumer(settings, settings.topics.alert, group_id=GROUP, group_instance_id="living")
    # A leader that does not know the partitions yet would give itself an empty share.
    partitions_of(consumer, settings.topics.alert)
    wait_until(lambda: consumer.poll(100) or consumer.assignment(), what="its share")
    yield
    consumer.close(autocommit=False)
    leave(settings, group=GROUP, instance="living")


def one(settings, value):
    return Outgoing(settings.topics.alert, b"7", value)


def test_what_a_killed_instance_has_left_open_is_aborted(settings, monkeypatch):
    def die(point):
        if point == "before-commit":
            raise KilledError

    killed = Transactor(settings, f"{PREFIX}killed")
    monkeypatch.setattr(transaction.crash, "passing", die)
    with pytest.raises(KilledError):
        killed.commit([one(settings, b"left")], offsets={(settings.topics.alert, 0): 5}, group=GROUP)
    monkeypatch.undo()

    with member(settings):
        abort_what_was_left(settings, group=GROUP, instance="living", prefix=PREFIX)

    killed.discard()
    write(settings, [one(settings, b"behind it")])
    assert [record.value for record in read(settings, settings.topics.alert)] == [b"behind it"]
    assert committed(settings, GROUP, settings.topics.alert) == {}


def test_what_a_member_is_writing_is_not(settings):
    living = Transactor(settings, f"{PREFIX}living")

    def slowly():
        yield one(settings, b"first")
        abort_what_was_left(settings, group=GROUP, instance="living", prefix=PREFIX)
        yield one(settings, b"second")

    with member(settings):
        living.commit(slowly())

    living.close()
    assert [record.value for record in read(settings, settings.topics.alert)] == [b"first", b"second"]


def test_whoever_is_no_member_itself_aborts_nothing(settings):
    other = Transactor(settings, f"{PREFIX}other")

    def slowly():
        yield one(settings, b"first")
        abort_what_was_left(settings, group=GROUP, instance="living", prefix=PREFIX)
        yield one(settings, b"second")

    other.commit(slowly())

    other.close()
    assert [record.value for record in read(settings, settings.topics.alert)] == [b"first", b"second"]
