"""The demo's processes, where no server runs: real children that end in one way or the other."""

import pytest

from harmonystate.commands.demo import place
from harmonystate.commands.demo.cast import Cast
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.edges.local.stop import Stop, Stopped
from harmonystate.errors import CheckFailed, Unavailable
from tests.support.harmony import alive_with
from tests.support.services import write_config

# It ends with 0, as a stage does that SIGTERM reaches from outside.
ENDS_WELL = ("produce", "--count", "1", "--output", "-")


@pytest.fixture
def stop():
    return Stop()


@pytest.fixture
def cast(offline_config, stop):
    offline_config.local.home.mkdir()
    write_config(offline_config, place.config_file(offline_config.local.home))
    with Cast(offline_config, stop) as cast:
        yield cast


def test_whoever_dies_is_named_with_its_exit_code_its_log_and_its_last_lines(cast, offline_config):
    cast.start("analyze").process.wait(180)

    with pytest.raises(CheckFailed) as failed:
        cast.require_alive()

    log = offline_config.local.home / "logs" / "analyze.log"
    assert str(failed.value).startswith(f"analyze died with exit code 69 (see {log}): ")
    assert f"127.0.0.1:{offline_config.cassandra.port}" in str(failed.value)
    assert failed.value.exit_code == 1


def test_a_daemon_that_ends_well_has_died_and_a_task_has_not(cast):
    task = cast.begin(*ENDS_WELL, role="task")
    task.process.wait(180)
    assert cast.has_ended(task)
    cast.require_alive()

    cast.start(*ENDS_WELL, role="daemon").process.wait(180)
    with pytest.raises(CheckFailed, match=r"^daemon died with exit code 0 "):
        cast.has_ended(task)


def test_a_server_that_does_not_answer_is_told_unless_somebody_has_died(cast, offline_config):
    with pytest.raises(Unavailable) as away, cast.asking():
        raise TransactionFailed("no broker")

    assert str(away.value) == f"Kafka at {offline_config.kafka.bootstrap_servers} does not answer: no broker"
    cast.start(*ENDS_WELL, role="daemon").process.wait(180)
    with pytest.raises(CheckFailed, match=r"^daemon died "), cast.asking():
        raise TransactionFailed("no broker")


def test_after_ctrl_c_nobody_waits_and_nothing_is_started(cast, stop, offline_config):
    stop.set()

    for start in (cast.start, cast.begin, cast.run):
        with pytest.raises(Stopped):
            start("setup")
    assert not (offline_config.local.home / "logs").exists()


def test_leaving_stops_all(offline_config, stop):
    offline_config.local.home.mkdir()
    path = write_config(offline_config, place.config_file(offline_config.local.home))
    with Cast(offline_config, stop) as cast:
        endless = cast.start("produce", "--output", "-")
        assert alive_with(path) == [endless.process.pid]

    assert alive_with(path) == []
