"""Clients with our defaults, and `require`: is everything there that a command needs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import kafka.errors as kafka_errors
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.net.compat import KafkaNetClient

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.causes import listening
from harmonystate.edges.kafka.hangup import why_it_hangs_up
from harmonystate.edges.kafka.options import all_loopback, client_options, servers
from harmonystate.edges.kafka.rights import refuse_hidden, refused
from harmonystate.errors import Misconfigured

# Together below the 15 s within which a command says that a service is away.
REQUIRE_BOOTSTRAP_MS = 5_000
REQUIRE_ANSWER_MS = 5_000
# Short, so that whoever waits for a broker looks up often enough to see that they are to stop.
BOOTSTRAP_MS = 5_000

CONSUMER_DEFAULTS = {
    "bootstrap_timeout_ms": BOOTSTRAP_MS,
    "session_timeout_ms": 10_000,
    "heartbeat_interval_ms": 3_000,
    "max_poll_records": 10_000,
    "metrics_enabled": False,
}
PRODUCER_DEFAULTS = {
    "bootstrap_timeout_ms": BOOTSTRAP_MS,
    "compression_type": "lz4",
    "batch_size": 256 * 1024,
    # Records wait for their batch to fill or for the flush that ends every transaction, not for the clock.
    "linger_ms": 20,
    "request_timeout_ms": 30_000,
    "delivery_timeout_ms": 35_000,
    # With the default, 100, one transaction in ten takes as long: the broker is still ending the one before.
    "retry_backoff_ms": 5,
    # Short, because whoever fails here builds a new producer: its next chance comes sooner.
    "max_block_ms": 15_000,
    # A dead letter carries up to 1 MiB and its headers.
    "max_request_size": 8 * 1024 * 1024,
    "metrics_enabled": False,
}


def open_consumer(settings: KafkaSettings, *topics: str, **ours: Any) -> KafkaConsumer:
    """Open a consumer that sees committed records only and commits nothing by itself.

    Args:
        settings: where Kafka is; `kafka.client` overrides CONSUMER_DEFAULTS.
        topics: what to subscribe to.
        ours: options that the config cannot override.

    Raises:
        Misconfigured: when the client refuses an option.
        kafka.errors.KafkaError: when nobody answers.
    """
    promised = {
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "allow_auto_create_topics": False,
    }
    return _open(KafkaConsumer, *topics, **(_known(KafkaConsumer, settings, CONSUMER_DEFAULTS) | promised | ours))


def open_producer(settings: KafkaSettings, **ours: Any) -> KafkaProducer:
    """Open a producer; the rest as for `open_consumer`. Use `transaction.Transactor` instead where you can.

    A broker's log knows it by its transactional id, unless the config says `client_id`: then its quotas shall hold.
    """
    options = _known(KafkaProducer, settings, PRODUCER_DEFAULTS | {"client_id": ours.get("transactional_id")})
    return _open(KafkaProducer, **(options | {"allow_auto_create_topics": False} | ours))


@contextmanager
def open_admin(settings: KafkaSettings, **ours: Any) -> Iterator[KafkaAdminClient]:
    """Open a client for the cluster's own affairs; the rest as for `open_consumer`."""
    options = _known(KafkaAdminClient, settings, {"bootstrap_timeout_ms": BOOTSTRAP_MS})
    admin = _open(KafkaAdminClient, **(options | ours))
    try:
        yield admin
    finally:
        admin.close()


@contextmanager
def open_admin_or_explain(settings: KafkaSettings, **ours: Any) -> Iterator[KafkaAdminClient]:
    """Open an admin client at the start of a command, within 15 s; the rest as for `open_consumer`.

    Raises:
        Unavailable: nobody answers; the message names host and port.
        Misconfigured: they answer, but not to us (password, certificate, protocol, rights).
    """
    where = ", ".join(servers(settings))
    hint = "; start it with `harmony up`" if all_loopback(servers(settings)) else ""
    patience = {"bootstrap_timeout_ms": REQUIRE_BOOTSTRAP_MS, "request_timeout_ms": REQUIRE_ANSWER_MS}
    with listening() as causes:
        try:
            with open_admin(settings, **(patience | ours)) as admin:
                yield admin
        except kafka_errors.AuthorizationError as fault:
            raise refused(fault) from fault
        except kafka_errors.RetriableError as fault:
            explained = causes.explain(where, hint)
            asked = why_it_hangs_up(client_options(settings)) if causes.half_told else None
            raise asked or explained from fault


def require(settings: KafkaSettings, topics: Iterable[str]) -> None:
    """Check at the start that Kafka answers and that these topics are there.

    Raises:
        Unavailable: within 15 s, naming host and port, when nobody answers.
        Misconfigured: when a topic is missing, naming `harmony setup`; or when Kafka refuses us.
    """
    wanted = sorted(set(topics))
    with open_admin_or_explain(settings) as admin:
        described = admin.describe_topics(wanted) if wanted else []
    refuse_hidden(described, to="READ or WRITE")
    codes = {topic["name"]: topic["error_code"] for topic in described}
    if missing := [topic for topic in wanted if codes.get(topic) != 0]:
        raise Misconfigured(
            f"Kafka at {', '.join(servers(settings))} has no topic {', '.join(missing)}: run `harmony setup`"
        )


def session_s(settings: KafkaSettings) -> float:
    """Return after how long a silence a group throws a member out, from its last heartbeat on."""
    return _consumer_s(settings, "session_timeout_ms")


def thrown_out_after_s(settings: KafkaSettings) -> float:
    """Return after how long a silence a group may have thrown a member out, whose last heartbeat was earlier still."""
    return session_s(settings) - _consumer_s(settings, "heartbeat_interval_ms")


def _consumer_s(settings: KafkaSettings, name: str) -> float:
    return float((CONSUMER_DEFAULTS | client_options(settings))[name]) / 1000


def cluster_id(settings: KafkaSettings) -> str:
    """Return the id that the cluster was formatted with; no two clusters share one."""
    with open_admin_or_explain(settings) as admin:
        return str(admin.describe_cluster()["cluster_id"])


def _known(client: Any, settings: KafkaSettings, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the options that this kind of client has; `kafka.client` speaks to all kinds at once."""
    options = defaults | client_options(settings)
    return {name: value for name, value in options.items() if name in client.DEFAULT_CONFIG}


def _open(client: Callable[..., Any], *topics: str, **options: Any) -> Any:
    """Open a client; of one that nobody answered, close the connections: its own constructor leaves a thread behind."""
    opened: list[KafkaNetClient] = []

    def connections(**configs: Any) -> KafkaNetClient:
        opened.append(KafkaNetClient(**configs))
        return opened[-1]

    try:
        return client(*topics, kafka_client=connections, **options)
    except BaseException as fault:
        for left_behind in opened:
            left_behind.close()
        if isinstance(fault, kafka_errors.KafkaConfigurationError | ValueError | TypeError):
            raise Misconfigured(f"kafka.client: {fault}") from fault
        raise
