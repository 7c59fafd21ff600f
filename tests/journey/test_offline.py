"""What a person meets who starts a command too early: one line that says what to do, and an exit code for scripts.

The bound of 15 s is not asserted here: side by side on a busy machine, seven Pythons take long to start. The waits that
it is made of are, as constants: in test_connect of edges/kafka and of edges/cassandra, and in edges/discord/test_sink.
"""

import pytest

from tests.support.harmony import run_all
from tests.support.services import Services, local_config, write_config

pytestmark = pytest.mark.services

FIVE = ("produce", "stream-alerts", "alert-bot", "ingest", "analyze")


@pytest.fixture(scope="module")
def nowhere():
    """Addresses at which nobody listens."""
    from harmonystate.edges.local.ports import free_ports

    kafka_port, cassandra_port = free_ports(2)
    return Services(f"127.0.0.1:{kafka_port}", "127.0.0.1", cassandra_port)


@pytest.fixture(scope="module")
def offline(nowhere, tmp_path_factory):
    return outcomes(nowhere, tmp_path_factory.mktemp("offline"), (*FIVE, "setup", "status"))


@pytest.fixture(scope="module")
def bare(stack, tmp_path_factory):
    return outcomes(stack, tmp_path_factory.mktemp("bare"), (*FIVE, "status"))


def outcomes(services, folder, commands):
    path = write_config(local_config(services, folder / "home"), folder / "harmony.yaml")
    return run_all({name: (path, (name,)) for name in commands})


def one_line(said):
    (line,) = said.splitlines()
    assert line.startswith("harmony: ")
    return line


@pytest.mark.parametrize("command", [*FIVE, "setup", "status"])
def test_with_no_service_up_the_address_and_harmony_up_are_named(command, nowhere, offline):
    address = f"127.0.0.1:{nowhere.cassandra_port}" if command == "analyze" else nowhere.kafka

    assert offline[command].returncode == 69
    said = one_line(offline[command].stderr)
    assert address in said
    assert "`harmony up`" in said


@pytest.mark.parametrize("command", [*FIVE, "status"])
def test_with_services_up_and_nothing_set_up_setup_is_named(command, bare):
    assert bare[command].returncode == 78
    assert "`harmony setup`" in one_line(bare[command].stderr)
