"""A demo uses none of the configured addresses, and tells Discord only when asked to."""

import os

import pytest
import yaml

from harmonystate import config as configs
from harmonystate.commands.demo import place

ELSEWHERE = """
kafka: {bootstrap_servers: "kafka.example:9092", username: somebody}
cassandra: {contact_points: [cassandra.example], keyspace: theirs, username: somebody}
discord: {channel_id: 42, repeat_interval: 10m}
spark: {master: "spark://spark.example:7077", checkpoint: "hdfs://hdfs.example/checkpoint"}
dashboard: {host: 0.0.0.0, port: 80}
alerts: {threshold: 4}
produce: {drones: 7}
"""
TOKEN = "the-token"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The config of somebody whose servers are elsewhere, and whose Discord is real."""
    path = tmp_path / "harmony.yaml"
    path.write_text(ELSEWHERE)
    monkeypatch.setenv(place.TOKEN, TOKEN)
    monkeypatch.setenv("HARMONY_KAFKA__PASSWORD", "theirs")
    monkeypatch.setenv("HARMONY_CASSANDRA__PASSWORD", "theirs")
    return configs.load(path)


def written(home):
    return yaml.safe_load(place.config_file(home).read_text())


def test_no_address_no_name_and_no_secret_of_the_configured_servers_is_in_it(elsewhere, tmp_path):
    ours = place.make(elsewhere, tmp_path / "demo", discord=False)

    text = place.config_file(tmp_path / "demo").read_text()
    assert [word for word in ("example", "somebody", "theirs", TOKEN, "0.0.0.0") if word in text] == []
    assert ours.kafka.bootstrap_servers.startswith("127.0.0.1:")
    assert ours.cassandra.contact_points == ("127.0.0.1",)
    assert ours.dashboard.host == "127.0.0.1"
    assert ours.local.home == tmp_path / "demo"


def test_the_fleet_and_the_rules_are_the_configured_ones(elsewhere, tmp_path):
    place.make(elsewhere, tmp_path / "demo", discord=False)

    content = written(tmp_path / "demo")
    assert (content["alerts"]["threshold"], content["produce"]["drones"]) == (4, 7)


@pytest.mark.parametrize("asked", [False, True])
def test_its_processes_have_the_token_and_the_channel_only_where_discord_was_asked_for(asked, elsewhere, tmp_path):
    ours = place.make(elsewhere, tmp_path / "demo", discord=asked)

    environment = place.environment(ours)
    assert environment.get(place.TOKEN) == (TOKEN if asked else None)
    assert written(tmp_path / "demo").get("discord", {}).get("channel_id") == (42 if asked else None)
    # Any other setting of ours would win over the demo's config.
    assert [name for name in environment if name.startswith("HARMONY_") and name != place.TOKEN] == []
    assert environment["PATH"] == os.environ["PATH"]
