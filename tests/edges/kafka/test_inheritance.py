"""What an instance that was killed has left open, and what one that lives is writing."""

from contextlib import contextmanager

import pytest

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka import transaction
from harmonystate.edges.kafka.inheritance import abort_what_was_left
from harmonystate.edges.kafka.membership import leave
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import Transactor
from tests.support.groups import member_of
from tests.support.kafka import read, write

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
    with member_of(settings, GROUP, settings.topics.alert, instance="living"):
        yield
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


def written_while_another_looks(settings, name):
    """Write two records in one transaction of `name`, between which the heirs look; return what is read in the end."""
    writer = Transactor(settings, f"{PREFIX}{name}")

    def slowly():
        yield one(settings, b"first")
        abort_what_was_left(settings, group=GROUP, instance="living", prefix=PREFIX)
        yield one(settings, b"second")

    writer.commit(slowly())
    writer.close()
    return [record.value for record in read(settings, settings.topics.alert)]


def test_what_a_member_is_writing_is_not(settings):
    with member(settings):
        assert written_while_another_looks(settings, "living") == [b"first", b"second"]


def test_whoever_is_no_member_itself_aborts_nothing(settings):
    assert written_while_another_looks(settings, "other") == [b"first", b"second"]
