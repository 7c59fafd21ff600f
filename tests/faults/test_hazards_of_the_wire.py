"""H1, H4, H5 on the real broker: what the plain client takes for a commit, or waits for without end; what ours does."""

import logging
import threading
from contextlib import contextmanager, suppress

import pytest
from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka import transaction
from harmonystate.edges.kafka.offsets import committed, end_offsets
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed, Transactor
from tests.support.kafka import UNHURRIED, wait_until, write
from tests.support.proxy import Api

pytestmark = pytest.mark.services

GROUP, NAME = "readers", "hazards"
# The client gives a batch up after 3 s.
IMPATIENT = {"request_timeout_ms": 2_000, "delivery_timeout_ms": 3_000}


@pytest.fixture
def topic(config):
    topic = config.kafka.topics.alert
    write(config.kafka, [])  # the first transaction of a new broker takes its time
    return topic


@pytest.fixture
def plain(proxied, proxy, topic):
    """Open the client in the way of its own documentation, with one record written in a transaction."""
    opened = []

    def begin(**options):
        producer = KafkaProducer(
            bootstrap_servers=proxied.kafka.bootstrap_servers, transactional_id=NAME, allow_auto_create_topics=False,
            **options,
        )  # fmt: skip
        opened.append(producer)
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topic, b"one", partition=0).get(30)
        return producer

    yield begin
    for producer in opened:
        producer._sender.force_close()


@pytest.fixture
def ours(proxied, proxy):
    """Open our own, and throw it away."""
    opened = []

    def open_ours(**client):
        settings = proxied.kafka.model_copy(update={"client": client})
        opened.append(Transactor(settings, NAME))
        return opened[-1]

    yield open_ours
    for transactor in opened:
        transactor.discard()


def outgoing(topic, value):
    return Outgoing(topic, b"7", value)


def left(config, topic):
    """Return what is committed, records and offsets, once it is decided."""
    Transactor(config.kafka, NAME).close()
    return [record.value for record in read_all(config.kafka, topic)], committed(config.kafka, GROUP, topic)


@contextmanager
def no_reply_to_produce(proxy):
    proxy.hold(Api.PRODUCE, 60, times=1_000_000)
    yield
    proxy.relent()


def test_h1_the_plain_client_commits_the_offsets_without_the_batch_that_expired(config, plain, proxy, topic):
    producer = plain(**IMPATIENT, max_in_flight_requests_per_connection=1)
    with no_reply_to_produce(proxy):
        sent = producer.send(topic, b"two", partition=0)
        wait_until(lambda: proxy.met[Api.PRODUCE], what="the second record on its way")
        waiting = producer.send(topic, b"three", partition=0)
        wait_until(lambda: sent.is_done and waiting.is_done, what="their end")

    producer.send_offsets_to_transaction({TopicPartition(topic, 0): OffsetAndMetadata(3, "", -1)}, GROUP)
    producer.commit_transaction()

    records, offsets = left(config, topic)
    assert (waiting.failed(), b"three" in records, offsets) == (True, False, {0: (3, "")})


def test_h1_ours_commits_nothing_when_a_batch_expires(config, ours, proxy, topic):
    transactor = ours(**IMPATIENT)

    with no_reply_to_produce(proxy), pytest.raises(TransactionFailed):
        transactor.commit([outgoing(topic, b"one")], offsets={(topic, 0): 3}, group=GROUP)

    transactor.discard()
    assert left(config, topic) == ([], {})


def wait_for_the_broker_to_abort(config, topic):
    """Wait until what stands in the topic is decided on, though nobody has said so."""
    wait_until(lambda: max(end_offsets(config.kafka, topic).values()) > 0, what="the broker's patience to end")


def test_h4_the_plain_client_reports_a_commit_of_what_the_broker_has_aborted(config, plain, topic):
    producer = plain(transaction_timeout_ms=1_000)
    wait_for_the_broker_to_abort(config, topic)

    producer.send(topic, b"two", partition=0)
    producer.commit_transaction()

    assert left(config, topic) == ([], {})


def test_h4_ours_says_that_it_was_given_up(config, ours, topic, monkeypatch):
    monkeypatch.setattr(transaction, "TRANSACTION_TIMEOUT_MS", 1_000)
    transactor = ours(**UNHURRIED)

    def slowly():
        yield outgoing(topic, b"one")
        wait_for_the_broker_to_abort(config, topic)
        yield outgoing(topic, b"two")

    with pytest.raises(Fenced):
        transactor.commit(slowly())

    transactor.discard()
    assert left(config, topic) == ([], {})


def test_h5_a_commit_of_the_plain_client_that_meets_an_outage_does_not_return(plain, proxied, proxy, topic, caplog):
    producer, done = plain(), threading.Event()

    def commit():
        with suppress(KafkaError):
            producer.commit_transaction()
        done.set()

    with proxy.away(), caplog.at_level(logging.WARNING, logger="kafka.producer.sender"):
        threading.Thread(target=commit, daemon=True).start()
        wait_until(lambda: "trying to find a node" in caplog.text, what="its try")
    write(proxied.kafka, [outgoing(topic, b"two")])  # the broker is back

    assert not done.wait(3)


def test_h5_ours_goes_through_when_the_broker_is_back(config, ours, proxy, topic, monkeypatch):
    transactor, back = ours(), []

    def outage(point):
        if point == "before-commit":
            away = proxy.away()
            away.__enter__()
            back.append(threading.Timer(2, away.__exit__, (None, None, None)))
            back[0].start()

    monkeypatch.setattr(transaction.crash, "passing", outage)

    transactor.commit([outgoing(topic, b"one")], offsets={(topic, 0): 3}, group=GROUP)

    back[0].join()
    assert left(config, topic) == ([b"one"], {0: (3, "")})
