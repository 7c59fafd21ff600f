from concurrent.futures import ThreadPoolExecutor

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from harmonystate.edges.kafka import connect
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.plans import plans
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.errors import Misconfigured

pytestmark = pytest.mark.services


def configs_of(settings, topic):
    with open_admin(settings) as admin:
        described = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    return {name: entry["value"] for name, entry in described["topic"][topic].items()}


def test_topics_are_made_as_the_contract_says(config):
    lines = create_topics(config.kafka)

    topics = config.kafka.topics
    streams = topics.model_dump(exclude={"silence"}).values()
    made = [f"topic {name}: made, partitions 4, replication 1" for name in streams]
    assert lines == [*made, f"topic {topics.silence}: made, partitions 1, replication 1"]
    for name, days in [(topics.global1, 7), (topics.global2, 7), (topics.alert, 30), (topics.delivery, 30)]:
        found = configs_of(config.kafka, name)
        assert (found["compression.type"], found["retention.ms"]) == ("lz4", str(days * 24 * 3600 * 1000))
    dead_letter = configs_of(config.kafka, topics.dead_letter)
    assert (dead_letter["retention.ms"], dead_letter["max.message.bytes"]) == ("2592000000", "4194304")
    assert configs_of(config.kafka, topics.silence)["cleanup.policy"] == "compact"


def test_made_again_they_are_there(config):
    create_topics(config.kafka)

    assert create_topics(config.kafka) == [f"topic {name}: there" for name in config.kafka.topics.model_dump().values()]


def test_a_broker_may_take_longer_to_make_a_topic_than_to_answer(config, monkeypatch):
    monkeypatch.setattr(connect, "REQUIRE_ANSWER_MS", 1)

    create_topics(config.kafka)

    assert all(line.endswith(": there") for line in create_topics(config.kafka))


def test_several_that_make_them_at_once_do_not_mind(config):
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: create_topics(config.kafka), range(4)))

    made = [line for lines in outcomes for line in lines if ": made" in line]
    assert len(made) == len(set(made)) == 6


def test_a_topic_that_differs_is_left_as_it_is_and_said(config):
    name = config.kafka.topics.alert
    with open_admin(config.kafka) as admin:
        admin.create_topics({name: {"num_partitions": 2, "replication_factor": 1, "configs": {"retention.ms": "1000"}}})

    lines = create_topics(config.kafka)

    differs = "partitions 2, not 4; compression.type producer, not lz4; retention.ms 1000, not 2592000000"
    assert f"topic {name}: there, left as it is: {differs}" in lines
    assert configs_of(config.kafka, name)["retention.ms"] == "1000"


def test_the_two_global_topics_may_be_one(config):
    one = config.kafka.topics.model_copy(update={"global2": config.kafka.topics.global1})
    settings = config.kafka.model_copy(update={"topics": one})

    assert len(create_topics(settings)) == len(plans(settings)) == 5


def test_more_replicas_than_brokers_is_a_matter_of_the_config(config):
    with pytest.raises(Misconfigured, match=r"does not make topic .*replication"):
        create_topics(config.kafka.model_copy(update={"replication": 3}))


def test_with_three_replicas_two_must_hold_a_record(config):
    for plan in plans(config.kafka.model_copy(update={"replication": 3})):
        assert plan.config["min.insync.replicas"] == "2"
    for plan in plans(config.kafka):
        assert "min.insync.replicas" not in plan.config
