"""Fixtures that every test may ask for; nothing is started before one does."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from xdist import is_xdist_worker
from xdist.scheduler import LoadScopeScheduling

from tests.support.rooms import ByRoom, rank_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from harmonystate.config import Config
    from tests.support.fake_discord import FakeDiscord
    from tests.support.services import Services

pytest_plugins = ["tests.support.fault_table"]

# No deadline: a law holds on a busy machine too.
settings.register_profile("thorough", deadline=None, print_blob=True)
# For between two edits; `make test` is thorough.
settings.register_profile("quick", settings.get_profile("thorough"), max_examples=25)
settings.load_profile("thorough")

# Taken out, like every other setting of ours, so that no test, nor any child of one, meets it.
_NAMED_SERVICES = os.environ.pop("HARMONY_TEST_SERVICES", None)
for _name in [name for name in os.environ if name.startswith("HARMONY_")]:
    del os.environ[_name]
# Hides what users meet who have not set it: lines that wait in a buffer, a print that a signal cuts in two.
os.environ.pop("PYTHONUNBUFFERED", None)
# A shell has what it starts in the background ignore ^C, and children would inherit that; tests send ^C to theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# `nohup` has all ignore SIGHUP. A handler of ours goes on ignoring it here, and children have the default again.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)


def pytest_configure() -> None:
    """Draw ports that no other worker draws: one is free until its server has come to listen."""
    from harmonystate.edges.local import ports

    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        ports._RANGE = ports._RANGE[int(worker.removeprefix("gw")) % workers :: workers]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: rank_of(item.path))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Let a worker take whole files, and those together that share what is dear to start."""
    return ByRoom(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave nothing running, when the last worker has ended."""
    if not is_xdist_worker(session):
        from tests.support.stack import stop_whatever_runs

        stop_whatever_runs(session.config._tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this run: those of the workers lie in it."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if is_xdist_worker(request) else own


@pytest.fixture(scope="session")
def stack(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Services]":
    """A real Kafka of this worker and the Cassandra of this run.

    HARMONY_TEST_SERVICES="kafkahost:port,cassandrahost:port" names servers that run already.
    """
    from tests.support.services import named_services
    from tests.support.stack import own_services

    if _NAMED_SERVICES:
        yield named_services(_NAMED_SERVICES)
        return
    with own_services(tmp_path_factory.mktemp("stack"), run_folder) as services:
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


@pytest.fixture
def discord() -> "Iterator[FakeDiscord]":
    """A Discord of ours, that keeps a log and can be told to refuse."""
    from tests.support.fake_discord import FakeDiscord

    with FakeDiscord() as fake:
        yield fake


@pytest.fixture(scope="session")
def spark(stack: "Services", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SparkSession]":
    """One Spark session for the whole run, with the Kafka source and the connector to the running Cassandra."""
    from harmonystate.edges.local import jars, java
    from harmonystate.edges.spark.session import open_spark
    from tests.support.services import local_config

    config = local_config(stack, tmp_path_factory.mktemp("spark"))
    with open_spark(config, app="tests", jars=jars.fetch(["spark"])["spark"], java_home=java.find_java()) as session:
        yield session
