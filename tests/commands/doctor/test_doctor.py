"""The doctor before real services, healthy and broken in ways of its own. Nothing here changes the services, but for
what it advises for the life of a table, which is done and undone."""

import json
from pathlib import Path

import pytest

from harmonystate.commands import doctor
from harmonystate.commands.doctor.cassandra import CASSANDRA
from harmonystate.commands.doctor.discord import DISCORD
from harmonystate.commands.doctor.examining import Category, examine
from harmonystate.commands.doctor.kafka import KAFKA
from harmonystate.config import Config, DiscordSettings
from harmonystate.core.checkup import PAGE, Check, Level
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import connected
from harmonystate.edges.kafka.topics import create_topics
from tests.support.fake_discord import CHANNEL_ID, FakeDiscord
from tests.support.fake_discord.answers import GUILD_ID
from tests.support.services import local_config, write_config

pytestmark = pytest.mark.services
HEADINGS = (Path(__file__).parents[3] / PAGE).read_text().splitlines()


@pytest.fixture(scope="module")
def sound(stack, tmp_path_factory) -> Config:
    config = local_config(stack, tmp_path_factory.mktemp("doctor"))
    create_topics(config.kafka)
    schema.apply(config.cassandra)
    return config


def but(config: Config, section: str, **changes: object) -> Config:
    return config.model_copy(update={section: getattr(config, section).model_copy(update=changes)})


def failures(category: Category, config: Config) -> list[Check]:
    """Return what fails, once it is sure that each says what to do and has a heading on the page."""
    return [check for check in not_ok(category, config) if check.level is Level.FAIL]


def not_ok(category: Category, config: Config) -> list[Check]:
    """Return warnings too."""
    found = [check for check in examine(category, config).checks if check.level is not Level.OK]
    assert all(check.hint and f"## {check.id}" in HEADINGS for check in found)
    return found


def told(config: Config, capsys, tmp_path: Path) -> tuple[int, dict]:
    path = write_config(config, tmp_path / "harmony.yaml")
    capsys.readouterr()
    code = doctor.run(path, wait=None, start_spark=False, output="json")
    return code, json.loads(capsys.readouterr().out)


def test_where_all_is_well_nothing_fails_and_the_exit_code_is_0(sound, capsys, tmp_path):
    code, found = told(sound, capsys, tmp_path)

    wrong = [check for category in found["categories"] for check in category["checks"] if check["level"] == "fail"]
    names = ["python", "config", "java", "kafka", "cassandra", "spark", "discord", "grafana", "clock", "disk"]
    assert wrong == []
    assert (code, found["healthy"]) == (0, True)
    assert [category["name"] for category in found["categories"]] == names


def test_five_faults_at_once_are_five_failures_each_with_a_hint_and_a_page(sound, offline_config, capsys, tmp_path):
    topics = sound.kafka.topics.model_copy(update={"alert": "not-there"})
    broken = but(sound, "kafka", topics=topics, partitions=8)
    broken = but(broken, "cassandra", port=offline_config.cassandra.port)
    broken = but(broken, "spark", conf={"driver.memory": "1g"}, checkpoint=str(tmp_path))
    (tmp_path / "offsets").mkdir()
    (tmp_path / "offsets" / "0").write_text("v1\n")

    code, found = told(broken, capsys, tmp_path)

    wrong = [check for category in found["categories"] for check in category["checks"] if check["level"] == "fail"]
    assert code == 1
    assert [check["id"] for check in wrong] == [
        "kafka-topics",
        "kafka-topics",
        "cassandra-answers",
        "spark-settings",
        "spark-checkpoint",
    ]
    assert all(check["hint"] and check["page"] == f"{PAGE}#{check['id']}" for check in wrong)


def test_topics_with_other_partitions_than_configured_fail_in_one_line_that_says_which_key_to_set(sound):
    (found,) = failures(KAFKA, but(sound, "kafka", partitions=8))

    topics = sound.kafka.topics
    streams = [topics.global1, topics.global2, topics.alert, topics.dead_letter, topics.delivery]
    assert found.says == f"topics {', '.join(streams)}: partitions 4, not 8"
    assert found.hint.startswith("set kafka.partitions to 4, ")


def test_a_missing_topic_fails_and_names_setup(sound):
    topics = sound.kafka.topics.model_copy(update={"alert": "not-there"})

    (found,) = failures(KAFKA, but(sound, "kafka", topics=topics))

    assert (found.says, found.hint) == ("topic not-there is not there", "run `harmony setup`")


def test_a_kafka_that_is_away_is_one_failure(sound, offline_config):
    (found,) = failures(KAFKA, offline_config)

    assert offline_config.kafka.bootstrap_servers in found.says


def test_a_cassandra_that_is_away_is_one_failure(offline_config):
    (found,) = failures(CASSANDRA, offline_config)

    assert f":{offline_config.cassandra.port}" in found.says


def test_other_shards_than_those_of_the_stored_reports_fail(sound):
    (found,) = failures(CASSANDRA, but(sound, "cassandra", shards=7))

    assert "was set up with 4" in found.says


def test_a_table_for_another_life_of_reports_is_a_warning_with_the_statement_that_mends_it(sound):
    doubled = but(sound, "cassandra", report_ttl=2 * sound.cassandra.report_ttl)
    with connected(sound.cassandra) as session:
        for config, life in (doubled, "2592000 s, not 5184000 s"), (sound, "5184000 s, not 2592000 s"):
            (found,) = not_ok(CASSANDRA, config)
            session.execute(found.hint)

            assert (found.id, found.level) == ("cassandra-schema", Level.WARN)
            assert f"report_ttl of {life}" in found.says
            assert not_ok(CASSANDRA, config) == []


def test_a_token_that_discord_refuses_fails():
    with FakeDiscord() as fake:
        wrong = fake.settings | {"token": "bm8gbnVtYmVy.no.token"}
        (found,) = failures(DISCORD, Config(discord=DiscordSettings(**wrong)))

    assert "refuses the token (401)" in found.says
    assert fake.tries == []


def test_a_bot_that_may_do_all_in_its_channel_is_well_and_nothing_was_posted():
    with FakeDiscord() as fake:
        checks = examine(DISCORD, Config(discord=DiscordSettings(**fake.settings))).checks

    assert [check.level for check in checks] == [Level.OK, Level.OK]
    assert (fake.tries, fake.edits) == ([], [])


def test_a_right_that_the_channel_denies_is_named():
    embed_links = 1 << 14
    with FakeDiscord() as fake:
        fake.overwrites.append({"id": str(GUILD_ID), "type": 0, "allow": "0", "deny": str(embed_links)})
        (found,) = failures(DISCORD, Config(discord=DiscordSettings(**fake.settings)))

    assert found.says == f"channel {CHANNEL_ID}: the bot lacks Embed Links"


def test_a_channel_that_the_bot_does_not_see_fails():
    with FakeDiscord() as fake:
        (found,) = failures(DISCORD, Config(discord=DiscordSettings(**fake.settings | {"channel_id": 42})))

    assert "404" in found.says


def test_a_discord_that_is_away_fails(offline_config):
    with FakeDiscord() as fake:
        settings = fake.settings
    (found,) = failures(DISCORD, Config(discord=DiscordSettings(**settings)))

    assert "no Discord at 127.0.0.1" in found.says
