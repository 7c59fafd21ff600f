"""Who bears our name in a group: nobody, we ourselves, one that is dead, or one that lives elsewhere."""

import threading
import uuid

import pytest

from harmonystate.edges.kafka.namesake import await_name
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.errors import Misconfigured
from tests.support.groups import member_of

pytestmark = pytest.mark.services

# A broker takes 6 s too, but a busy machine may be silent for so long, or long in coming to its first look.
SESSION = {"session_timeout_ms": 15_000, "heartbeat_interval_ms": 2_000}


@pytest.fixture
def settings(config):
    settings = config.kafka.model_copy(update={"client": SESSION})
    create_topics(settings)
    return settings


@pytest.fixture
def group():
    return f"group-{uuid.uuid4()}"


def awaited(settings, group, *, stop=None):
    return await_name(settings, group=group, instance="a", client_id="ours", stop=stop or threading.Event())


def test_a_name_that_nobody_bears_is_free(settings, group):
    with member_of(settings, group, settings.topics.alert, instance="b"):
        assert awaited(settings, group)


def test_a_name_that_we_bear_ourselves_is_free(settings, group):
    with member_of(settings, group, settings.topics.alert, instance="a", client_id="ours"):
        pass
    stopped = threading.Event()
    stopped.set()

    assert awaited(settings, group, stop=stopped)


def test_the_name_of_one_that_is_dead_is_free_once_the_group_has_thrown_it_out(settings, group):
    with member_of(settings, group, settings.topics.alert, instance="a"):
        pass
    stopped = threading.Event()
    stopped.set()

    assert not awaited(settings, group, stop=stopped)
    assert awaited(settings, group)


def test_one_that_lives_elsewhere_keeps_its_name(settings, group):
    with (
        member_of(settings, group, settings.topics.alert, instance="a"),
        pytest.raises(Misconfigured, match="another process has this one's name"),
    ):
        awaited(settings, group)
