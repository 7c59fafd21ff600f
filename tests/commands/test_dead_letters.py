import json
from collections import Counter
from typing import Any, NoReturn

import pytest

from harmonystate.commands import dead_letters, stream_alerts
from harmonystate.commands.dead_letters import replaying
from harmonystate.config import Config
from harmonystate.core.replay import GROUP
from harmonystate.core.wire import NotAReport, encode_report
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.errors import BadInput, BadUsage, CheckFailed, Unavailable
from tests.support import chain
from tests.support.kafka import read

pytestmark = pytest.mark.services

REPORT = chain.some_reports(1)[0]
NO_REPORT = b"\xff\x1b[31m"


@pytest.fixture
def filled(config: Config) -> Config:
    """Two malformed records in both topics, buried by both stages."""
    create_topics(config.kafka)
    chain.produce(config, [REPORT], b"{", NO_REPORT)
    chain.ingest(config, rows=False)
    assert stream_alerts.run(config, once=True, instance="a") == 0
    return config


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(capsys.readouterr().out)


def replayed(config: Config, capsys: pytest.CaptureFixture[str], *places: str, **wish: Any) -> dict[str, int]:
    capsys.readouterr()
    asked = {"stage": None, "since": None, "execute": True, "again": False, "output": "json"}
    assert dead_letters.replay(config, places, **(asked | wish)) == 0
    return told(capsys)["fates"]


def values(config: Config, topic: str) -> Counter[bytes]:
    return Counter(record.value for record in read(config.kafka, topic))


def test_list_counts_by_stage_and_fault_and_names_the_newest(filled, capsys):
    assert dead_letters.show_list(filled, stage=None, since="1h", limit=2, output="json") == 0
    found = told(capsys)

    assert (found["letters"], len(found["newest"])) == (4, 2)
    groups = Counter((group["stage"], group["fault"]) for group in found["groups"] for _ in range(group["count"]))
    assert Counter(stage for stage, _ in groups) == {"stream-alerts": 2, "ingest": 2}
    assert ("ingest", "not UTF-8 at byte N") in groups

    dead_letters.show_list(filled, stage="ingest", since=None, limit=20, output="table")
    out = capsys.readouterr().out
    assert "2 dead letters" in out
    assert "\x1b" not in out


def test_show_prints_headers_and_bytes_but_steers_no_terminal(filled, capsys):
    record = next(one for one in read(filled.kafka, filled.kafka.topics.dead_letter) if one.value == NO_REPORT)
    at = f"{record.partition}:{record.offset}"

    assert dead_letters.show_one(filled, at, output="table") == 0
    out = capsys.readouterr().out
    assert all(text in out for text in ("__streams.errors.offset", "harmony.stage", "not UTF-8 at byte 0"))
    assert out.splitlines()[-1] == "\\xff\\x1b[31m"

    assert dead_letters.show_one(filled, at, output="json") == 0
    found = told(capsys)
    assert (found["value_base64"], found["key"], found["at"]) == ("/xtbMzFt", "7", at)


def test_where_there_is_no_letter_show_says_so(filled):
    with pytest.raises(CheckFailed, match="no dead letter at 3:99999"):
        dead_letters.show_one(filled, "3:99999", output="table")


def test_a_dry_run_sends_nothing_and_says_what_would_go(filled, capsys):
    before = values(filled, filled.kafka.topics.global1)

    assert replayed(filled, capsys, execute=False) == {"replay": 4}
    assert values(filled, filled.kafka.topics.global1) == before
    assert committed(filled.kafka, GROUP, filled.kafka.topics.dead_letter) == {}


def test_each_record_goes_back_once_to_where_it_came_from_and_says_from_where(filled, capsys):
    topics = filled.kafka.topics

    assert replayed(filled, capsys, stage="ingest") == {"replay": 2}
    assert replayed(filled, capsys) == {"replayed": 2, "replay": 2}
    assert replayed(filled, capsys) == {"replayed": 4}

    for topic in (topics.global1, topics.global2):
        assert values(filled, topic) == {b"{": 2, NO_REPORT: 2, encode_report(REPORT): 1}
        back = [record for record in read(filled.kafka, topic) if record.headers]
        assert [name for record in back for name, _ in record.headers] == ["harmony.replayed-from"] * 2
        assert all(record.headers[0][1].startswith(topics.dead_letter.encode()) for record in back)
        assert {record.key for record in back} == {b"7"}


def test_what_fails_again_is_buried_again_and_does_not_go_round_in_circles(filled, capsys):
    replayed(filled, capsys)
    stream_alerts.run(filled, once=True, instance="a")
    chain.ingest(filled, rows=False)

    assert replayed(filled, capsys) == {"replayed": 4, "again": 4}
    assert replayed(filled, capsys, again=True) == {"replayed": 4, "replay": 4}
    assert replayed(filled, capsys, again=True) == {"replayed": 8}


def test_a_report_that_a_faulty_reader_buried_goes_through_once_the_reader_is_mended(config, capsys, monkeypatch):
    def faulty(value: bytes | None) -> NoReturn:
        raise NotAReport("the reader is faulty")

    topics = config.kafka.topics
    create_topics(config.kafka)
    chain.produce(config, [REPORT])
    with monkeypatch.context() as patch:
        patch.setattr(stream_alerts, "decode_report", faulty)
        stream_alerts.run(config, once=True, instance="a")
    (letter,) = read(config.kafka, topics.dead_letter)

    assert replayed(config, capsys, f"{letter.partition}:{letter.offset}") == {"replay": 1}
    stream_alerts.run(config, once=True, instance="a")

    (alert,) = read(config.kafka, topics.alert)
    assert json.loads(alert.value)["reportId"] == REPORT.report_id


def test_when_there_is_no_room_to_note_what_went_nothing_goes(filled, capsys, monkeypatch):
    monkeypatch.setattr(replaying, "MOST_METADATA", 2)
    before = values(filled, filled.kafka.topics.global1)

    with pytest.raises(BadInput, match="too many gaps"):
        dead_letters.replay(filled, [], stage=None, since=None, execute=True, again=False, output="json")
    assert values(filled, filled.kafka.topics.global1) == before


def test_what_is_no_place_or_no_moment_is_a_usage_error(config):
    with pytest.raises(BadUsage, match="PARTITION:OFFSET"):
        dead_letters.show_one(config, "7", output="table")
    with pytest.raises(BadUsage, match="--since soon"):
        dead_letters.show_list(config, stage=None, since="soon", limit=1, output="table")


def test_without_kafka_it_says_so(offline_config):
    with pytest.raises(Unavailable, match=offline_config.kafka.bootstrap_servers):
        dead_letters.show_list(offline_config, stage=None, since=None, limit=1, output="table")
