"""Servers that let nobody in without TLS, a login and a right, and what the real commands do there.

The topics are made by a user who has the rights of setup's row in docs/security.md, and no other.
"""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from kafka.admin import ACLOperation, ResourceType

from harmonystate.config import Config, LocalSettings
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.local.ports import LOOPBACK
from tests.support.acl_table import rights_by_command, user_of
from tests.support.canaries import watching_command_lines
from tests.support.fake_discord import TOKEN, FakeDiscord, Json
from tests.support.harmony import run_harmony
from tests.support.secured_cassandra import SecuredCassandra
from tests.support.secured_kafka import SecuredKafka
from tests.support.services import SHORT_LIVED_SPARK, write_config
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
# Who may do what the page says that a command needs, and, for setup, all but one thing of that.
BY_COMMAND = rights_by_command()
RIGHTS |= {user_of(command): rights for command, rights in BY_COMMAND.items()}
_SETUP_PARTS = {(operation, kind) for operation, kind, _ in BY_COMMAND["setup"]}
SETUP_WITHOUT = {f"setup-without-{operation.name}-{kind.name}": (operation, kind) for operation, kind in _SETUP_PARTS}
RIGHTS |= {user: {right for right in BY_COMMAND["setup"] if right[:2] != part} for user, part in SETUP_WITHOUT.items()}


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
            kafka=self.kafka.settings(user),
            cassandra=self.cassandra.settings(),
            spark=SHORT_LIVED_SPARK,
            local=LocalSettings(home=home),
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
        create_topics(kafka.settings("setup"))
        yield Secured(kafka, cassandra, elsewhere.ca)
    finally:
        kafka.stop()
        cassandra.stop()


@dataclass(frozen=True)
class Run:
    """What became of a chain of real commands.

    Attributes:
        ended: by command.
        told: the messages that Discord has got.
        seen: command lines, of any process of this host, that held a secret meanwhile.
        secrets: what may be found nowhere.
    """

    config: Config
    ended: dict[str, CompletedProcess[str]]
    told: list[Json]
    seen: set[str]
    secrets: list[str]


COMMANDS = (
    ("produce", "--backfill", "1h", "--duration", "1h", "--drones", "5", "--seed", "1"),
    ("stream-alerts", "--once", "-v"),
    ("alert-bot", "--once", "-v"),
    ("ingest", "--once", "-v"),
    ("analyze", "-v"),
    ("verify", "-v"),
)


@pytest.fixture(scope="session")
def run(secured, tmp_path_factory):
    """The chain from produce to verify: Kafka's password in a file, Cassandra's and Discord's in the environment."""
    folder = tmp_path_factory.mktemp("run")
    password_file = folder / "kafka-password"
    password_file.touch(mode=0o600)
    password_file.write_text(secured.kafka.passwords["app"] + "\n")
    config = secured.config(folder / "home")
    events = {"spark.eventLog.enabled": True, "spark.eventLog.dir": (folder / "home/logs").as_uri()}
    (folder / "home/logs").mkdir(parents=True)
    written = config.model_copy(
        update={
            "kafka": config.kafka.model_copy(update={"password_file": password_file}),
            "spark": config.spark.model_copy(update={"conf": events}),
        }
    )
    path = write_config(written, folder / "harmony.yaml")
    secrets = [secured.kafka.passwords["app"], secured.cassandra.passwords["app"], TOKEN]
    ended = {}
    with FakeDiscord() as discord, watching_command_lines(secrets) as seen:
        variables = {f"HARMONY_DISCORD__{name}".upper(): str(value) for name, value in discord.settings.items()}
        variables["HARMONY_CASSANDRA__PASSWORD"] = secrets[1]
        for command in COMMANDS:
            ended[command[0]] = run_harmony(path, *command, **variables)
    return Run(config, ended, discord.messages, seen, secrets)
