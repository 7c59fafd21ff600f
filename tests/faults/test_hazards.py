"""H2 and H3 on the real broker: whose offsets the plain client commits, and a transaction of ours does not."""

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaError
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.connect import open_producer
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.transaction import TransactionFailed, Transactor
from tests.support.groups import member_of
from tests.support.kafka import write

pytestmark = pytest.mark.services


@pytest.fixture
def place(config):
    topic = config.kafka.topics.global1
    write(config.kafka, [Outgoing(topic, b"7", b"{}")])
    return TopicPartition(topic, 0)


@pytest.fixture
def group(place):
    """The group of this test alone: a member that left unheard keeps the next one waiting."""
    return f"{place.topic}-living"


@pytest.fixture
def living(config, place, group):
    """A member of the group, which has all partitions."""
    with member_of(config.kafka, group, place.topic) as consumer:
        yield consumer.group_metadata()


@pytest.fixture
def commit(config, place):
    """Commit an offset in a transaction of the plain client, as whoever is given."""
    producer = open_producer(config.kafka, transactional_id="zombie")
    producer.init_transactions()

    def commit_as(member, offset, where=place):
        producer.begin_transaction()
        try:
            producer.send_offsets_to_transaction({where: OffsetAndMetadata(offset, "", -1)}, member)
        except KafkaError:
            producer.abort_transaction()
            return False
        producer.commit_transaction()
        return True

    yield commit_as
    producer.close(timeout=5)


def test_h3_without_an_identity_a_zombie_wins_and_with_an_old_one_it_does_not(config, place, group, living, commit):
    zombie = living._replace(generation_id=living.generation_id - 1)

    assert not commit(zombie, 4)
    assert committed(config.kafka, group, place.topic) == {}
    assert commit(ConsumerGroupMetadata(group), 5)
    assert committed(config.kafka, group, place.topic) == {0: (5, "")}


def test_h2_offsets_of_an_aborted_transaction_are_committed_with_the_next(config, place, group, living, commit):
    zombie = living._replace(generation_id=living.generation_id - 1)
    neighbour = place._replace(partition=1)

    assert not commit(zombie, 9)
    assert commit(living, 3, neighbour)

    assert committed(config.kafka, group, place.topic) == {0: (9, ""), 1: (3, "")}


def test_h2_ours_leaves_nothing_to_the_next_transaction(config, place, group, living):
    zombie = living._replace(generation_id=living.generation_id - 1)
    given_up = Transactor(config.kafka, "reader")

    with pytest.raises(TransactionFailed):
        given_up.commit([], offsets={(place.topic, 0): 9}, member=zombie)
    given_up.discard()
    write(config.kafka, [], offsets={(place.topic, 1): 3}, member=living)

    assert committed(config.kafka, group, place.topic) == {1: (3, "")}
