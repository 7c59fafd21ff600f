"""S1: the rights that docs/security.md names for a command are enough for it; which of setup's is missing is named."""

import uuid
from datetime import UTC, datetime

import pytest

from harmonystate.commands import stream_alerts
from harmonystate.commands.alert_bot.desk import Desk
from harmonystate.commands.alert_bot.silences import Silences
from harmonystate.commands.dashboard.topics import Memory, TopicWatch
from harmonystate.edges.kafka.freshness import newest_records
from harmonystate.edges.kafka.retention import kept_for
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.errors import Misconfigured
from tests.security.conftest import BY_COMMAND, SETUP_WITHOUT
from tests.support.acl_table import user_of
from tests.support.chain import produce, some_reports
from tests.support.harmony import run_harmony
from tests.support.services import write_config

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]

NO_RIGHT = "Kafka gives us no right"
CALLS = {
    "produce": ("produce", "--backfill", "1h", "--duration", "1h", "--drones", "5"),
    "stream-alerts": ("stream-alerts", "--once"),
    "alert-bot": ("alert-bot", "--once"),
    "ingest": ("ingest", "--once"),
    "silence": ("silence", "add", "drone=7", "--for", "1s"),
    "status": ("status",),
    "status --max-age": ("status", "--max-age", "365d"),
    "trace": ("trace", str(uuid.uuid4())),
    "verify": ("verify",),
    "verify --repair": ("verify", "--repair"),
    "dead-letters list, show": ("dead-letters", "list"),
    "dead-letters replay": ("dead-letters", "replay"),
    "dead-letters replay --execute": ("dead-letters", "replay", "--execute"),
    "forget": ("forget", "Nobody Whosoever", "--yes"),
    "doctor": ("doctor", "-o", "json"),
}
# These are asked without a process of their own, in a test each.
ASKED = {"setup", "dashboard", "alert-bot with discord.heartbeat_after", "alert-bot for /harmony status"}


@pytest.fixture(scope="module", autouse=True)
def heard(secured, tmp_path_factory):
    """Reports, an alert, and a dead letter that can go back."""
    config = secured.config(tmp_path_factory.mktemp("heard"))
    produce(config, some_reports(1), f"no report {uuid.uuid4()}".encode())
    stream_alerts.run(config, once=True, instance="a")


def test_every_command_of_the_page_is_tried():
    assert set(BY_COMMAND) == set(CALLS) | ASKED


@pytest.mark.parametrize("command", CALLS)
def test_the_rights_of_its_row_are_enough_for_a_command(secured, tmp_path, command):
    config = secured.config(tmp_path / "home", user_of(command))
    passwords = {
        f"HARMONY_{name}__PASSWORD": settings.password.get_secret_value()
        for name, settings in (("KAFKA", config.kafka), ("CASSANDRA", config.cassandra))
    }

    ended = run_harmony(write_config(config, tmp_path / "harmony.yaml"), *CALLS[command], **passwords)

    said = ended.stdout + ended.stderr
    assert NO_RIGHT not in said
    # 1: what was looked for, or looked at, is not well, such as nobody of that name.
    assert ended.returncode in (0, 1), said
    assert "Traceback" not in said


def test_they_are_enough_for_the_dashboard(secured, tmp_path):
    config = secured.config(tmp_path, "dashboard")

    with TopicWatch(config, Memory(config.kafka.topics), now=lambda: datetime.now(UTC)) as watch:
        assert watch.look().arrows


def test_they_are_enough_for_the_heartbeat(secured):
    assert newest_records(secured.kafka.settings(user_of("alert-bot with discord.heartbeat_after")), ["global1"])


def test_they_are_enough_for_whoever_asks_the_bot_how_the_pipeline_is(secured, tmp_path):
    config = secured.config(tmp_path, user_of("alert-bot for /harmony status"))

    condition = Desk(config, Silences(config.kafka), lambda: datetime.now(UTC)).condition()

    assert set(condition.waiting) == {"stream-alerts", "alert-bot", "ingest"}
    assert condition.last_report is not None


def refusal_of_setup(secured, user: str) -> str:
    with pytest.raises(Misconfigured) as refused:
        create_topics(secured.kafka.settings(user))
    return str(refused.value)


SETUP_LACKS = {
    "setup-without-CREATE-CLUSTER": "CREATE on topic global1",
    "setup-without-DESCRIBE-TOPIC": "DESCRIBE on topic alert, dead-letter, delivery, global1, global2, silence",
    "setup-without-DESCRIBE_CONFIGS-TOPIC": "DESCRIBE_CONFIGS on topic global1",
}


@pytest.mark.parametrize("user", SETUP_LACKS)
def test_a_right_that_setup_lacks_is_named(secured, user):
    assert refusal_of_setup(secured, user) == f"{NO_RIGHT}: grant kafka.username {SETUP_LACKS[user]}"


def test_setup_that_may_not_see_the_cluster_s_config_says_what_it_cannot_warn_of(secured):
    (user,) = SETUP_WITHOUT.keys() - SETUP_LACKS.keys()

    *topics, warning = create_topics(secured.kafka.settings(user))

    assert all(line.endswith(": there") for line in topics)
    assert warning == (
        "warning: offsets.retention.minutes of the cluster is not known: "
        "grant kafka.username DESCRIBE_CONFIGS on the cluster"
    )


def test_forget_that_may_not_see_how_long_topics_are_kept_names_the_right(secured):
    with pytest.raises(Misconfigured, match=r"grant kafka\.username DESCRIBE_CONFIGS on topic alert"):
        kept_for(secured.kafka.settings("app"), ["alert"])
