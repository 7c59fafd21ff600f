"""What the fault tests share: a broker that may be killed, stages as processes, one table of results at the end.

FAULTS_SEED=N repeats what a run with that seed did (make test-faults SEED=N ONLY=R3).
"""

import logging
import os
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from hypothesis import is_hypothesis_test

from harmonystate.config import Config
from harmonystate.edges.kafka.membership import leave
from harmonystate.edges.kafka.topics import create_topics
from tests.support.account import Verdict
from tests.support.broker import Broker
from tests.support.crew import Crew
from tests.support.fake_discord import CHANNEL_ID, TOKEN, FakeDiscord
from tests.support.fault_table import PROPERTY, row_of
from tests.support.harmony import set_up
from tests.support.history import History
from tests.support.node import CassandraNode
from tests.support.proxy import Proxy
from tests.support.services import Services, local_config, write_config

SEED = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(10**6))
INSTANCES = ("a", "b", "c")
# What is done at full size takes minutes, on a busy machine many more; without an end it must not be.
FULL_SIZE_WITHIN_S = 7_200


def pytest_configure() -> None:
    # Our own readers meet the faults too, and the client says so by the thousand.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("faults") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(FULL_SIZE_WITHIN_S))
        if isinstance(item, pytest.Function) and item.get_closest_marker("faults") and is_hypothesis_test(item.obj):
            hypothesis.seed(SEED)(item.obj)


@pytest.fixture(autouse=True)
def seed() -> None:
    """Print it: pytest shows it where a test fails, however early."""
    print(f"seed {SEED}")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Add a row to the table, and fail where a verdict does not hold."""

    def add(test: str, what: str, *verdicts: Verdict, recovery_s: float | None = None) -> None:
        row = row_of(test, f"{what} (seed {SEED})", verdicts, recovery_s)
        request.node.user_properties.append((PROPERTY, tuple(row)))
        assert [verdict for verdict in verdicts if not verdict.holds] == []

    return add


@pytest.fixture
def chance() -> random.Random:
    """What decides when what happens."""
    return random.Random(SEED)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """The story of this test; pytest shows where it is when the test fails."""
    folder = tmp_path / "history"
    folder.mkdir()
    print(f"history and logs: {folder}")
    return History(folder, SEED)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that every test here may kill, and has to leave running."""
    broker = Broker(tmp_path_factory.mktemp("broker") / "kafka")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def cassandra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CassandraNode]:
    """A Cassandra that every test here may kill, and has to leave running."""
    node = CassandraNode(tmp_path_factory.mktemp("cassandra") / "node")
    node.start()
    yield node
    node.stop()


@pytest.fixture
def config(broker: Broker, tmp_path: Path) -> Iterator[Config]:
    """A config for that broker, with topics of this test alone, already made."""
    config = local_config(Services(broker.address, "127.0.0.1", 9), tmp_path / "home")
    create_topics(config.kafka)
    yield config
    for group in ("stream-alerts", "alert-bot"):
        for instance in INSTANCES:
            # One that was killed would leave in the middle of another test.
            leave(config.kafka, group=group, instance=instance)


@pytest.fixture
def whole(broker: Broker, cassandra: CassandraNode, tmp_path: Path) -> Config:
    """A config for that broker and that Cassandra, set up."""
    return set_up(Services(broker.address, "127.0.0.1", cassandra.port), tmp_path / "home")[0]


@pytest.fixture
def hire(history: History, discord: FakeDiscord, tmp_path: Path) -> Iterator[Callable[[Config], Crew]]:
    """Stages as processes with a config of their own, that lead to `discord`; whatever runs at the end is killed."""
    secrets = {"TOKEN": TOKEN, "CHANNEL_ID": str(CHANNEL_ID), "REST_URL": discord.url}
    variables = {f"HARMONY_DISCORD__{name}": value for name, value in secrets.items()}
    crews: list[Crew] = []

    def hire_crew(config: Config) -> Crew:
        path = write_config(config, tmp_path / f"harmony-{len(crews)}.yaml")
        crews.append(Crew(path, history, variables))
        return crews[-1]

    yield hire_crew
    for crew in crews:
        crew.abandon()


@pytest.fixture
def crew(hire: Callable[[Config], Crew], config: Config) -> Crew:
    """Stages that meet the broker directly."""
    return hire(config)


@pytest.fixture
def proxy(broker: Broker) -> Iterator[Proxy]:
    with Proxy(broker.advertised_port, broker.proxied_port) as proxy:
        yield proxy


@pytest.fixture
def proxied(config: Config, broker: Broker) -> Config:
    """The same config, but every connection to Kafka goes through the proxy."""
    kafka = config.kafka.model_copy(update={"bootstrap_servers": f"127.0.0.1:{broker.advertised_port}"})
    return config.model_copy(update={"kafka": kafka})


@pytest.fixture
def everything(stack: Services, tmp_path: Path) -> tuple[Config, Path]:
    """A config for services with a Cassandra that nobody kills, set up, and the file that names it."""
    return set_up(stack, tmp_path / "everything")


@pytest.fixture
def begins() -> str:
    """When the event time of a run begins: now, so that it is paced."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
