import json
import signal
from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.commands import status
from harmonystate.config import Config
from harmonystate.core.record import Outgoing
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.errors import CheckFailed, Misconfigured, Unavailable
from tests.support.analysis import some_reports, store_reports
from tests.support.harmony import start_harmony
from tests.support.kafka import write
from tests.support.services import local_config, write_config

pytestmark = pytest.mark.services

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)


@pytest.fixture(scope="module")
def filled(stack, tmp_path_factory) -> Config:
    """Ten records in global1, two hours in the store; nobody changes it."""
    config = local_config(stack, tmp_path_factory.mktemp("status"))
    create_topics(config.kafka)
    schema.apply(config.cassandra)
    write(config.kafka, [Outgoing(config.kafka.topics.global1, b"7", b"{}") for _ in range(10)])
    with open_session(config.cassandra) as session:
        store_reports(session, some_reports(1, start=START, hours=2, each=3), config.cassandra)
    return config


def shown(config: Config, capsys) -> dict:
    capsys.readouterr()
    assert status.run(config, output="json") == 0
    return json.loads(capsys.readouterr().out)


def test_json_tells_what_is_where(filled, capsys):
    found = shown(filled, capsys)

    topics, kafka, cassandra = filled.kafka.topics, found["kafka"], found["cassandra"]
    assert (kafka["state"], kafka["at"]) == ("up", filled.kafka.bootstrap_servers)
    assert set(kafka["topics"]) == set(topics.model_dump().values())
    assert kafka["topics"][topics.global1] == {"partitions": 4, "records": 11}
    assert kafka["topics"][topics.alert] == {"partitions": 4, "records": 0}
    assert {name: group["topic"] for name, group in kafka["groups"].items()} == {
        "stream-alerts": topics.global1,
        "alert-bot": topics.alert,
        "ingest": topics.global2,
    }
    assert {name: group["lag"] for name, group in kafka["groups"].items()} == {
        "stream-alerts": 11,
        "alert-bot": 0,
        "ingest": 0,
    }
    assert cassandra == {
        "state": "up",
        "at": f"127.0.0.1:{filled.cassandra.port}",
        "keyspace": filled.cassandra.keyspace,
        "hours": 2,
        "first_hour": f"{START:%Y-%m-%dT%H:%M:%SZ}",
        "last_hour": f"{START + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "analyzed_hours": 0,
        "last_analysis": None,
    }


def test_the_table_tells_the_same_and_marks_what_is_not_counted(filled, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    assert status.run(filled, output="table") == 0

    out = capsys.readouterr().out
    topic, group = [line for line in out.splitlines() if f" {filled.kafka.topics.global1} " in line]
    assert " 4 " in topic
    assert "stream-alerts" in group
    assert all(" ≈ 11 " in line for line in (topic, group))
    assert f"{START:%Y-%m-%dT%H:%M:%SZ}" in out
    assert "never" in out
    assert "\x1b[" not in out


def test_a_check_for_cron_fails_by_what_waits_too_long_and_tells_each_age(filled, capsys):
    assert status.run(filled, output="json", max_age="1h") == 0
    old = json.loads(capsys.readouterr().out)["ages"]
    with pytest.raises(CheckFailed, match=r"^older than 1ms: no report came for .* waits for stream-alerts for "):
        status.run(filled, output="json", max_age="1ms")

    assert 0 < old["stream-alerts"] <= old["reports"] + 1 < 3600
    assert (old["alert-bot"], old["ingest"]) == (0, 0)
    assert "analyze" not in old


def test_watching_ends_with_0_when_asked_to_and_shows_a_service_that_is_away(offline_config, tmp_path):
    config_file = write_config(offline_config, tmp_path / "harmony.yaml")
    with start_harmony(config_file, "status", "--watch", "-o", "json") as child:
        looks = [json.loads(child.stdout.readline()) for _ in range(2)]
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=30) == 0

    assert all("connection refused" in look["kafka"]["state"] for look in looks)


def test_with_kafka_away_the_rest_is_shown_and_what_is_wrong_is_said(filled, offline_config, capsys):
    half = filled.model_copy(update={"kafka": offline_config.kafka})

    with pytest.raises(Unavailable, match=offline_config.kafka.bootstrap_servers) as fault:
        status.run(half, output="json")

    found = json.loads(capsys.readouterr().out)
    assert found["kafka"] == {"state": str(fault.value)}
    assert (found["cassandra"]["state"], found["cassandra"]["hours"]) == ("up", 2)


def test_with_cassandra_away_the_rest_is_shown_too(filled, offline_config, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    half = filled.model_copy(update={"cassandra": offline_config.cassandra})

    with pytest.raises(Unavailable, match=rf":{offline_config.cassandra.port}\b"):
        status.run(half, output="table")

    out = capsys.readouterr().out
    assert filled.kafka.topics.global1 in out
    assert "not usable: " in out


def test_without_setup_both_parts_say_so(config, capsys):
    with pytest.raises(Misconfigured, match="run `harmony setup`"):
        status.run(config, output="json")

    found = json.loads(capsys.readouterr().out)
    assert all("`harmony setup`" in part["state"] for part in found.values())
