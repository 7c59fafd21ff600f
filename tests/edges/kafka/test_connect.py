import logging
import socket
import threading
from contextlib import contextmanager

import kafka.errors
import pytest

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka import connect
from harmonystate.edges.kafka.causes import Causes, listening
from harmonystate.edges.kafka.connect import cluster_id, open_consumer, open_producer, require
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.errors import Misconfigured, Unavailable

SASL = kafka.errors.SaslAuthenticationFailedError("nope")
CERTIFICATE = kafka.errors.KafkaConnectionError("Handshake failed: CERTIFICATE_VERIFY_FAILED: self-signed certificate")
HOST = kafka.errors.KafkaConnectionError("CERTIFICATE_VERIFY_FAILED: IP address mismatch, certificate is not valid")
HUNG_UP = kafka.errors.KafkaConnectionError("socket disconnected")
REFUSED = kafka.errors.KafkaConnectionError("[Errno 111] ECONNREFUSED")


def explained(*heard):
    causes = Causes()
    causes.heard = list(heard)
    return causes.explain("kafka:9093", "; start it with `harmony up`")


@pytest.mark.parametrize(
    ("heard", "kind", "said"),
    [
        ([], Unavailable, "Kafka at kafka:9093 does not answer; start it with `harmony up`"),
        ([REFUSED], Unavailable, "no Kafka at kafka:9093: connection refused; start it with `harmony up`"),
        ([REFUSED, HUNG_UP], Unavailable, "Kafka at kafka:9093 hangs up"),
        ([HUNG_UP, SASL, HUNG_UP], Misconfigured, "Kafka at kafka:9093 refuses the login"),
        ([CERTIFICATE, HUNG_UP], Misconfigured, "Kafka at kafka:9093 has a certificate that we do not trust"),
        ([HOST], Misconfigured, "Kafka at kafka:9093 has a certificate for another host"),
    ],
)
def test_the_gravest_cause_is_the_one_that_is_said(heard, kind, said):
    fault = explained(*heard)

    assert type(fault) is kind
    assert str(fault).startswith(said)


@pytest.mark.parametrize(
    ("cause", "half_told"),
    [
        (HUNG_UP, True),
        (kafka.errors.UnsupportedSaslMechanismError(), True),
        (kafka.errors.IllegalSaslStateError(), True),
        (SASL, False),
        (REFUSED, False),
    ],
)
def test_a_broker_that_would_say_more_is_told_from_one_that_has_said_all(cause, half_told):
    with listening() as causes:
        logging.getLogger("kafka.net.manager").warning("Bootstrap connection to %s failed: %s", "bootstrap-0", cause)

    assert causes.half_told is half_told


@pytest.fixture
def impatient(monkeypatch):
    """Give up after a moment; that a command does within 15 s is a matter of two constants."""
    monkeypatch.setattr(connect, "REQUIRE_BOOTSTRAP_MS", 500)
    monkeypatch.setattr(connect, "REQUIRE_ANSWER_MS", 500)


def test_a_command_gives_up_within_15_s():
    # An attempt that begins just before the end still waits for its answer, twice: versions, then metadata.
    assert connect.REQUIRE_BOOTSTRAP_MS + 2 * connect.REQUIRE_ANSWER_MS <= 15_000


def test_nobody_there_is_said_with_host_and_port(offline_config, impatient):
    with pytest.raises(Unavailable) as away:
        require(offline_config.kafka, ["global1"])

    address = offline_config.kafka.bootstrap_servers
    assert str(away.value) == f"no Kafka at {address}: connection refused; start it with `harmony up`"


def test_the_local_server_is_not_offered_for_a_host_elsewhere(impatient):
    with pytest.raises(Unavailable) as away:
        require(KafkaSettings(bootstrap_servers="kafka.invalid:9092"), [])

    assert "harmony up" not in str(away.value)


@contextmanager
def silent_server():
    """Listen, accept, and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []
        threading.Thread(target=lambda: kept.append(server.accept()), daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_somebody_who_never_answers_is_given_up(impatient):
    with silent_server() as address, pytest.raises(Unavailable) as away:
        require(KafkaSettings(bootstrap_servers=address), [])

    assert str(away.value).startswith(f"Kafka at {address} does not answer")


@pytest.mark.parametrize("opener", [open_consumer, open_producer])
def test_a_client_that_nobody_answers_leaves_no_thread_behind(offline_config, opener):
    settings = offline_config.kafka.model_copy(update={"client": {"bootstrap_timeout_ms": 100}})
    before = threading.active_count()

    with pytest.raises(kafka.errors.KafkaTimeoutError):
        opener(settings)

    assert threading.active_count() == before


@pytest.fixture
def unopened(monkeypatch):
    """Have clients not opened, but their options returned."""
    monkeypatch.setattr(connect, "_open", lambda _client, *_topics, **options: options)


@pytest.mark.parametrize("opener", [open_consumer, open_producer])
def test_the_name_that_the_config_gives_us_is_that_of_every_client(opener, unopened):
    options = opener(KafkaSettings(client={"client_id": "mine"}))

    assert options["client_id"] == "mine"


def test_a_writer_goes_by_its_transactional_id_where_the_config_gives_no_name(unopened):
    assert open_producer(KafkaSettings(), transactional_id="harmony-x")["client_id"] == "harmony-x"


def test_a_writer_goes_by_the_name_that_the_config_gives(unopened):
    settings = KafkaSettings(client={"client_id": "mine"})

    options = open_producer(settings, transactional_id="harmony-x", transaction_timeout_ms=1)

    assert (options["transactional_id"], options["client_id"]) == ("harmony-x", "mine")


@pytest.mark.parametrize("opener", [open_consumer, open_producer])
def test_what_a_caller_asks_for_holds_whatever_the_config_says(opener, unopened):
    settings = KafkaSettings(client={"client_id": "mine", "request_timeout_ms": 1})

    options = opener(settings, client_id="ours", request_timeout_ms=2)

    assert (options["client_id"], options["request_timeout_ms"]) == ("ours", 2)


@pytest.mark.services
def test_missing_topics_are_named_with_the_command_that_makes_them(config):
    with pytest.raises(Misconfigured) as missing:
        require(config.kafka, [config.kafka.topics.alert, config.kafka.topics.global1])

    named = f"{config.kafka.topics.alert}, {config.kafka.topics.global1}"
    assert str(missing.value) == f"Kafka at {config.kafka.bootstrap_servers} has no topic {named}: run `harmony setup`"


@pytest.mark.services
def test_once_everything_is_there_nothing_is_said(config):
    create_topics(config.kafka)

    require(config.kafka, config.kafka.topics.model_dump().values())


@pytest.mark.services
def test_a_cluster_has_an_id_of_its_own(config):
    assert cluster_id(config.kafka) == cluster_id(config.kafka) != ""
