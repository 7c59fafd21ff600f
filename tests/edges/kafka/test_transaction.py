import uuid
from types import SimpleNamespace

import kafka.errors
import pytest
from kafka.partitioner.default import DefaultPartitioner
from kafka.producer.future import FutureProduceResult, FutureRecordMetadata
from kafka.structs import TopicPartition

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka import seam, transaction
from harmonystate.edges.kafka.offsets import committed, end_offsets, lag
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed, Transactor, translated
from harmonystate.errors import Misconfigured
from tests.support.kafka import UNHURRIED, await_readable, read, write

pytestmark = pytest.mark.services


@pytest.fixture
def kafka_settings(config):
    """For writers that nobody takes for frozen, however slow the machine: to them, to be fenced is to be fenced."""
    create_topics(config.kafka)
    return config.kafka.model_copy(update={"client": UNHURRIED})


@pytest.fixture
def name():
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def transactor(kafka_settings, name):
    transactor = Transactor(kafka_settings, name)
    yield transactor
    transactor.discard()


def letters(topic, count, *, key=b"7"):
    return [Outgoing(topic, key, b"%d" % number, [("n", b"%d" % number)]) for number in range(count)]


def failed(topic):
    """What `send` returns for a record that has failed already, such as by its time running out."""
    result = FutureProduceResult(TopicPartition(topic, 0))
    result.failure(kafka.errors.KafkaTimeoutError("Expiring 1 record(s)"))
    return FutureRecordMetadata(result, 0, 0, None, 1, 1, -1)


def test_records_of_one_key_arrive_in_order_with_key_value_and_headers(transactor, kafka_settings, name):
    topic = kafka_settings.topics.alert

    transactor.commit(letters(topic, 500))
    transactor.commit(letters(topic, 500))
    await_readable(kafka_settings, name)

    found = [(record.key, record.value, list(record.headers)) for record in read(kafka_settings, topic)]
    assert found == 2 * [(b"7", b"%d" % number, [("n", b"%d" % number)]) for number in range(500)]


def test_whatever_its_kind_a_record_goes_the_way_the_client_would_send_it(transactor, kafka_settings, name):
    topic = kafka_settings.topics.dead_letter
    plain = [Outgoing(topic, b"%d" % number, b"%d" % number) for number in range(100)]
    odd = [
        Outgoing(topic, b"7", None),
        Outgoing(topic, b"7", b""),
        Outgoing(topic, b"", b"empty key"),
        Outgoing(topic, b"7", b"x" * 600_000),
        Outgoing(topic, b"7", b"with headers", [("name", b"value")]),
        Outgoing(topic, b"7", b"last of its key"),
    ]

    transactor.commit([*plain, *odd, Outgoing(topic, None, b"no key")])
    await_readable(kafka_settings, name)

    found = read(kafka_settings, topic)
    cluster = SimpleNamespace(
        topics=lambda: {topic},
        partitions_for_topic=lambda _: {0, 1, 2, 3},
        available_partitions_for_topic=lambda _: {0},
    )
    for record in found:
        if record.key is not None:
            assert record.partition == DefaultPartitioner().partition(topic, None, record.key, None, None, cluster)
    assert len(found) == len(plain) + len(odd) + 1
    of_seven = [(record.value, list(record.headers)) for record in found if record.key == b"7"]
    assert of_seven == [(to.value, list(to.headers)) for to in [*plain, *odd] if to.key == b"7"]


def test_a_topic_that_is_not_there_fails(kafka_settings, name):
    settings = kafka_settings.model_copy(update={"client": {"max_block_ms": 1_000}})
    transactor = Transactor(settings, name)

    with pytest.raises(TransactionFailed):
        transactor.commit([Outgoing("test.absent", b"7", b"0")])
    transactor.discard()


def test_one_transaction_reaches_several_topics(transactor, kafka_settings, name):
    topics = kafka_settings.topics

    transactor.commit([*letters(topics.global1, 3), *letters(topics.global2, 2)])
    await_readable(kafka_settings, name)

    assert [len(read(kafka_settings, topic)) for topic in (topics.global1, topics.global2)] == [3, 2]


def test_offsets_and_their_metadata_are_committed_with_the_records(transactor, kafka_settings):
    topic = kafka_settings.topics.global1
    group = f"test-{uuid.uuid4()}"

    transactor.commit(letters(topic, 3), offsets={(topic, 0): 17, (topic, 2): 5}, group=group, metadata='{"at": 3}')

    assert committed(kafka_settings, group, topic) == {0: (17, '{"at": 3}'), 2: (5, '{"at": 3}')}


def test_a_group_that_never_committed_has_no_offsets(kafka_settings):
    assert committed(kafka_settings, f"test-{uuid.uuid4()}", kafka_settings.topics.global1) == {}


def test_a_failed_record_is_never_committed_nor_are_the_offsets_beside_it(kafka_settings, name, monkeypatch):
    topic, group = kafka_settings.topics.alert, f"test-{uuid.uuid4()}"
    transactor = Transactor(kafka_settings, name)
    send_all = seam.send_all
    monkeypatch.setattr(
        seam,
        "send_all",
        lambda *given: [future if n != 1 else failed(topic) for n, future in enumerate(send_all(*given))],
    )

    with pytest.raises(TransactionFailed, match="Expiring"):
        transactor.commit(letters(topic, 3), offsets={(topic, 0): 3}, group=group)
    transactor.discard()
    Transactor(kafka_settings, name).close()

    assert read(kafka_settings, topic) == []
    assert committed(kafka_settings, group, topic) == {}


def test_what_a_discarded_transactor_left_open_is_never_seen(kafka_settings, name):
    topic = kafka_settings.topics.alert
    first = Transactor(kafka_settings, name)
    first._producer.begin_transaction()
    first._producer.send(topic, b"half", b"7")
    first._producer.flush(timeout=30)
    first.discard()

    with_same_name = Transactor(kafka_settings, name)
    with_same_name.commit([Outgoing(topic, b"7", b"whole")])
    with_same_name.close()
    await_readable(kafka_settings, name)

    assert [record.value for record in read(kafka_settings, topic)] == [b"whole"]


def test_the_one_that_opened_first_is_fenced(transactor, kafka_settings, name):
    topic = kafka_settings.topics.alert
    second = Transactor(kafka_settings, name)

    with pytest.raises(Fenced):
        transactor.commit(letters(topic, 1))
    second.commit(letters(topic, 2))
    second.close()
    await_readable(kafka_settings, name)

    assert len(read(kafka_settings, topic)) == 2


@pytest.mark.parametrize(("silent_s", "kind"), [(3.9, Fenced), (4.1, TransactionFailed)])
def test_one_whose_group_may_have_thrown_it_out_meanwhile_is_not_taken_for_one_with_a_namesake(
    silent_s, kind, kafka_settings, name, monkeypatch
):
    session = {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 2_000}
    settings = kafka_settings.model_copy(update={"client": {**kafka_settings.client, **session}})
    frozen, other = (Transactor(settings, name) for _ in range(2))
    moments = iter([0.0, silent_s])
    monkeypatch.setattr(transaction, "time", SimpleNamespace(monotonic=lambda: next(moments)))

    with pytest.raises(TransactionFailed) as fault:
        frozen.commit(letters(settings.topics.alert, 1))
    frozen.discard()
    other.close()

    assert type(fault.value) is kind


def test_an_epoch_that_changes_inside_a_transaction_is_no_success(transactor, kafka_settings, monkeypatch):
    epochs = iter([(1, 0), (1, 1)])
    monkeypatch.setattr(seam, "epoch_of", lambda _: next(epochs))

    with pytest.raises(Fenced, match="aborted"):
        transactor.commit(letters(kafka_settings.topics.alert, 1))


def test_a_record_too_large_for_its_topic_is_a_matter_of_the_config(transactor, kafka_settings):
    with pytest.raises(Misconfigured, match=r"max\.message\.bytes.*harmony setup"):
        transactor.commit([Outgoing(kafka_settings.topics.alert, b"7", b"x" * 9 * 1024 * 1024)])


def test_a_dead_letter_of_a_mebibyte_and_its_headers_fits(transactor, kafka_settings, name):
    topic = kafka_settings.topics.dead_letter

    transactor.commit([Outgoing(topic, b"7", b"x" * 1024 * 1024, [("harmony.stage", b"y" * 1000)])])
    await_readable(kafka_settings, name)

    assert [len(record.value) for record in read(kafka_settings, topic)] == [1024 * 1024]


def test_an_empty_transaction_is_none(transactor, kafka_settings):
    transactor.commit([])

    assert set(end_offsets(kafka_settings, kafka_settings.topics.alert).values()) == {0}


def test_a_bug_in_what_is_to_be_written_is_no_failure_of_kafka(transactor, kafka_settings):
    def outgoings():
        yield Outgoing(kafka_settings.topics.alert, b"7", b"0")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transactor.commit(outgoings())


def test_no_thread_is_left_behind(kafka_settings, name):
    first = Transactor(kafka_settings, name)
    sender = first._producer._sender
    first._producer.begin_transaction()
    first._producer.send(kafka_settings.topics.alert, b"half", b"7")

    first.discard()

    assert not sender.is_alive()


def test_lag_is_what_the_group_has_not_read(transactor, kafka_settings):
    topic, group = kafka_settings.topics.global1, f"test-{uuid.uuid4()}"
    write(kafka_settings, letters(topic, 10))
    ends = end_offsets(kafka_settings, topic)

    assert lag(kafka_settings, group, topic) == sum(ends.values())
    transactor.commit([], offsets={(topic, partition): end for partition, end in ends.items()}, group=group)
    assert lag(kafka_settings, group, topic) == 0


@pytest.mark.parametrize(
    "fault",
    [
        kafka.errors.ProducerFencedError(),
        kafka.errors.InvalidProducerEpochError(),
        kafka.errors.FencedInstanceIdError(),
        kafka.errors.KafkaError("previous request failed", kafka.errors.ProducerFencedError()),
    ],
)
def test_every_form_of_being_fenced_is_fenced(fault):
    with pytest.raises(Fenced), translated():
        raise fault


@pytest.mark.parametrize(
    "kind", [kafka.errors.TopicAuthorizationFailedError, kafka.errors.GroupAuthorizationFailedError]
)
def test_a_missing_right_is_a_matter_of_the_config(kind):
    with pytest.raises(Misconfigured, match="no right"), translated():
        raise kind("x")


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        (kafka.errors.InvalidSessionTimeoutError(), "set kafka.client.session_timeout_ms"),
        (kafka.errors.GroupMaxSizeReachedError(), "group.max.size"),
        (kafka.errors.InconsistentGroupProtocolError(), "stop it"),
        (kafka.errors.UnsupportedCodecError("Libraries for snappy compression codec not found"), "python-snappy"),
    ],
)
def test_what_no_other_try_can_mend_ends_the_command_with_what_can(fault, remedy):
    with pytest.raises(Misconfigured, match=remedy), translated():
        raise fault
