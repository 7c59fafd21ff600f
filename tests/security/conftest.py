"""Servers that let nobody in without TLS, a login and a right; one of each for all tests of a file."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from kafka.admin import ACLOperation, ResourceType

from harmonystate.config import Config, LocalSettings
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.local.ports import LOOPBACK
from tests.support.secured_cassandra import SecuredCassandra
from tests.support.secured_kafka import SecuredKafka
from tests.support.tls import make_identities

READ, WRITE = ACLOperation.READ, ACLOperation.WRITE
TOPICS, GROUPS, TRANSACTIONS = ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID
_ALL = {(READ, TOPICS, "*"), (WRITE, TOPICS, "*"), (READ, GROUPS, "*"), (WRITE, TRANSACTIONS, "*")}
# Who may do everything that a stage does, or all but one thing. It may write alerts, but no dead letters: "letterless".
RIGHTS = {
    "app": _ALL,
    "mute": _ALL - {(WRITE, TOPICS, "*")},
    "blind": _ALL - {(READ, TOPICS, "*")},
    "alone": _ALL - {(READ, GROUPS, "*")},
    "unsure": _ALL - {(WRITE, TRANSACTIONS, "*")},
    "letterless": _ALL - {(WRITE, TOPICS, "*")} | {(WRITE, TOPICS, "alert")},
    "nobody": set(),
}


@dataclass(frozen=True)
class Secured:
    """Both servers, and a certificate authority that neither is known to.

    Attributes:
        stranger: PEM of the authority of `kafka.elsewhere`; of nothing else.
    """

    kafka: SecuredKafka
    cassandra: SecuredCassandra
    stranger: Path

    def config(self, home: Path, user: str = "app") -> Config:
        """Return a config that is right in all."""
        return Config(
            kafka=self.kafka.settings(user), cassandra=self.cassandra.settings(), local=LocalSettings(home=home)
        )


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    # Java's driver looks an address up, and checks the name that it finds.
    hosts = f"ip:{LOOPBACK},dns:{socket.gethostbyaddr(LOOPBACK)[0]}"
    here, elsewhere = make_identities(folder / "tls", [("here", hosts), ("elsewhere", "dns:kafka.example")])
    kafka = SecuredKafka(folder / "kafka", list(RIGHTS), here, elsewhere)
    cassandra = SecuredCassandra(folder / "cassandra", here)
    try:
        with ThreadPoolExecutor(2) as pool:
            for started in [pool.submit(kafka.start), pool.submit(cassandra.start)]:
                started.result()
        kafka.allow({user: sorted(rights) for user, rights in RIGHTS.items()})
        create_topics(kafka.settings())
        yield Secured(kafka, cassandra, elsewhere.ca)
    finally:
        kafka.stop()
        cassandra.stop()
