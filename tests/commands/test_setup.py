import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from harmonystate.commands import setup
from harmonystate.edges.kafka import connect
from harmonystate.errors import Unavailable
from tests.support.services import child_environment

HARMONY = Path(sys.executable).with_name("harmony")


@pytest.mark.services
def test_setup_makes_everything_and_again_finds_it_there(config):
    with capture_logs() as first:
        assert setup.run(config) == 0
    with capture_logs() as second:
        assert setup.run(config) == 0

    for topic in config.kafka.topics.model_dump().values():
        partitions = 1 if topic == config.kafka.topics.silence else 4
        assert f"topic {topic}: made, partitions {partitions}, replication 1" in [line["event"] for line in first]
        assert f"topic {topic}: there" in [line["event"] for line in second]
    connect.require(config.kafka, config.kafka.topics.model_dump().values())


@pytest.mark.services
def test_two_setups_at_once_both_succeed(config_file):
    children = [
        subprocess.Popen([HARMONY, "setup", "--config", config_file], env=child_environment(), stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [child.communicate(timeout=300)[1].decode() for child in children]

    assert [child.returncode for child in children] == [0, 0], said


def test_without_kafka_setup_says_so_in_one_line(offline_config, monkeypatch):
    monkeypatch.setattr(connect, "REQUIRE_BOOTSTRAP_MS", 500)

    with pytest.raises(Unavailable, match="harmony up"):
        setup.run(offline_config)
