"""Fixtures that every test may ask for; nothing is started before one does."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from harmonystate.config import Config
    from tests.support.services import Services

pytest_plugins = ["tests.support.fault_table"]

# No deadline: a law holds on a busy machine too.
settings.register_profile("harmony", deadline=None, print_blob=True)
settings.load_profile("harmony")

# Each worker takes whole files, in this order: one that takes minutes and begins last would keep the other waiting.
_LONGEST = (
    "test_demo",
    "test_kill",
    "test_chain",
    "test_ingest",
    "test_kill_everything",
    "test_stack",
    "test_secured_services",
)

# Taken out, like every other setting of ours, so that no test, nor any child of one, meets it.
_NAMED_SERVICES = os.environ.pop("HARMONY_TEST_SERVICES", None)
for _name in [name for name in os.environ if name.startswith("HARMONY_")]:
    del os.environ[_name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    items.sort(key=lambda item: _LONGEST.index(item.path.stem) if item.path.stem in _LONGEST else len(_LONGEST))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Services]":
    """A real Kafka and Cassandra, for all that this worker runs: the names of the groups are fixed, so none is shared.

    HARMONY_TEST_SERVICES="kafkahost:port,cassandrahost:port" names servers that run already.
    """
    from tests.support.services import named_services, own_services

    if _NAMED_SERVICES:
        yield named_services(_NAMED_SERVICES)
        return
    with own_services(tmp_path_factory.mktemp("stack")) as services:
        yield services


@pytest.fixture
def config(stack: "Services", tmp_path: Path) -> "Config":
    """A config for the running services: topics and keyspace of this test alone (not yet made), its own home."""
    from tests.support.services import local_config

    return local_config(stack, tmp_path / "home")


@pytest.fixture
def offline_config(tmp_path: Path) -> "Config":
    """A config whose services do not exist: nobody listens on these ports."""
    from harmonystate.edges.local.ports import free_ports
    from tests.support.services import Services, local_config

    kafka_port, cassandra_port = free_ports(2)
    return local_config(Services(f"127.0.0.1:{kafka_port}", "127.0.0.1", cassandra_port), tmp_path / "home")


@pytest.fixture
def config_file(config: "Config", tmp_path: Path) -> Path:
    """`config` as a YAML file, for child processes."""
    from tests.support.services import write_config

    return write_config(config, tmp_path / "harmony.yaml")


@pytest.fixture(scope="session")
def spark(stack: "Services", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SparkSession]":
    """One Spark session for the whole run, with the Kafka source and the connector to the running Cassandra."""
    from harmonystate.edges.local import jars, java
    from harmonystate.edges.spark.session import open_spark
    from tests.support.services import local_config

    config = local_config(stack, tmp_path_factory.mktemp("spark"))
    with open_spark(config, app="tests", jars=jars.fetch(["spark"])["spark"], java_home=java.find_java()) as session:
        yield session
