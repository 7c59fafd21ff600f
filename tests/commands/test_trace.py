import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from harmonystate.commands import alert_bot, stream_alerts, trace
from harmonystate.config import Config, DiscordSettings
from harmonystate.core.answers import Minute
from harmonystate.core.ids import alert_id
from harmonystate.edges.cassandra.analysis_writer import RollupWriter
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.errors import BadUsage, CheckFailed
from tests.support import chain
from tests.support.fake_discord import CHANNEL_ID
from tests.support.fake_discord.answers import GUILD_ID
from tests.support.services import local_config

pytestmark = pytest.mark.services

REPORTS = chain.some_reports(10)
SAD, CALM = REPORTS[0], REPORTS[1]
BROKEN = "0190a2f0-0000-5000-8000-00000000000d"


@pytest.fixture(scope="module")
def filled(stack, tmp_path_factory) -> Config:
    """Ten reports (two of them sad), two broken ones, what they lead to, and the statistics of their minute."""
    config = local_config(stack, tmp_path_factory.mktemp("trace"))
    chain.set_up(config)
    chain.produce(config, REPORTS, b"\\", b'{"reportId":"%b"' % BROKEN.encode())
    chain.handle(config)
    with open_session(config.cassandra) as session:
        writer = RollupWriter(session, config.cassandra, now=SAD.time, timestamp=1_000_000)
        minute = Minute(SAD.time.replace(second=0), sightings=12, score_sum=30, persons=3, sad=1)
        writer.replace_series(chain.LAST_HOUR, [minute])
    return config


def traced(config: Config, identity: str, capsys: pytest.CaptureFixture[str], **wish: Any) -> dict[str, Any]:
    capsys.readouterr()
    assert trace.run(config, identity, **({"since": None, "output": "json"} | wish)) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("identity", [SAD.report_id, alert_id(SAD.report_id)], ids=["report", "alert"])
def test_a_sad_report_is_followed_to_its_delivery_by_either_id(filled, capsys, identity):
    found = traced(filled, identity, capsys)

    topics = filled.kafka.topics
    assert (found["reportId"], found["alertId"]) == (SAD.report_id, alert_id(SAD.report_id))
    steps = {step["step"]: step for step in found["steps"]}
    assert list(steps) == [topics.global1, topics.global2, "raised", "alert", "delivered", "delivery", "row", "minute"]
    assert steps[topics.global1]["where"].startswith(f"{topics.global1}/")
    assert (steps["delivered"]["where"], steps["row"]["detail"].split(",")[0]) == ("console", "as in Kafka")
    ages = [steps[name]["age_s"] for name in (topics.global1, "raised", "delivered", "row")]
    assert ages == sorted(ages)
    assert [step["detail"] for step in found["steps"] if step["step"] == "minute"] == ["2.5", "3", "1"]


def test_an_alert_that_was_told_on_discord_has_a_link_to_its_message_where_its_server_can_be_learnt(
    filled, discord, capsys
):
    config = filled.model_copy(update={"discord": DiscordSettings(**discord.settings)})
    (sad,) = chain.some_reports(1)
    chain.produce(config, [sad])
    assert stream_alerts.run(config, once=True, instance="a") == 0
    assert alert_bot.run(config, sink="discord", once=True, instance="a") == 0

    def told(config: Config) -> str:
        return next(
            step["where"] for step in traced(config, sad.report_id, capsys)["steps"] if step["step"] == "delivered"
        )

    (message,) = discord.messages
    assert told(config) == f"https://discord.com/channels/{GUILD_ID}/{CHANNEL_ID}/{message['id']}"
    with capture_logs() as logs:
        assert told(filled) == f"channel {CHANNEL_ID}, message {message['id']}"
    assert [line["event"] for line in logs] == ["messages have no link: no token is configured"]


def test_a_calm_report_has_a_row_and_no_alert_and_nobody_is_named(filled, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    assert trace.run(filled, CALM.report_id, since="1h", output="table") == 0

    out = capsys.readouterr().out
    assert all(text in out for text in (CALM.report_id, f"{filled.kafka.topics.global2}/", "as in Kafka"))
    assert "delivered" not in out
    assert all(name not in out for name in ("Cy", "Wu", "\x1b["))


def test_a_report_that_kafka_has_let_go_is_found_in_the_table(filled, capsys):
    steps = traced(filled, CALM.report_id, capsys, since="2999-01-01")["steps"]

    assert [step["step"] for step in steps][:2] == ["row", "minute"]


def test_a_record_that_is_no_report_is_found_by_the_id_that_it_bears(filled, capsys):
    steps = traced(filled, BROKEN, capsys)["steps"]

    assert [(step["step"], step["detail"].split(":")[0]) for step in steps] == [
        ("dead letter", "by stream-alerts"),
        ("dead letter", "by ingest"),
    ]


def test_what_is_nowhere_is_said_and_what_is_no_id_is_a_usage_error(filled):
    with pytest.raises(CheckFailed, match="0190a2f0-0000-5000-8000-000000000000"):
        trace.run(filled, "0190a2f0-0000-5000-8000-000000000000", since=None, output="table")
    with pytest.raises(BadUsage, match="UUID"):
        trace.run(filled, "7", since=None, output="table")
