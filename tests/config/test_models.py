"""Every key: its default is the contract's, its bounds are kept."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import platformdirs
import pytest
import yaml
from pydantic import BaseModel, SecretStr, ValidationError

from harmonystate.config import Config, load
from harmonystate.config.dump import write

SHIPPED = Path(__file__).parents[2] / "config" / "harmony.yaml"
CONTRACT = """
kafka:     {bootstrap_servers: "127.0.0.1:9092", topics: {global1: global1, global2: global2, alert: alert, dead_letter: dead-letter, delivery: delivery, silence: silence}, partitions: 4, replication: 1, client: {}}
cassandra: {contact_points: [127.0.0.1], port: 9042, keyspace: harmony, datacenter: datacenter1, shards: 4, replication: 1, report_ttl: 30d, series_ttl: 365d, username: null, password_file: null, client: {}}
spark:     {master: "local[*,4]", checkpoint: null, stall_after: 15m, conf: {}}
discord:   {token_file: null, channel_id: null, rest_url: null}
produce:   {drones: 100, rate: 1/min, alert_ratio: 0.05, city: {latitude: 48.8566, longitude: 2.3522, radius_km: 12}}
alerts:    {threshold: 2}
analysis:  {top: 10, since: 24h}
local:     {home: null, heap: 512m}
"""  # noqa: E501 - as the contract has it


def flat(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def refused(**sections: Any) -> str:
    """Return the path of the key that is refused."""
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(sections)
    return ".".join(map(str, caught.value.errors()[0]["loc"]))


def test_the_shipped_file_has_every_key_of_the_contract_at_its_default():
    contract, shipped = dict(flat(yaml.safe_load(CONTRACT))), dict(flat(yaml.safe_load(SHIPPED.read_text())))

    assert contract == {key: shipped.get(key, "missing") for key in contract}


def test_the_shipped_file_the_contract_and_no_file_are_one_config(tmp_path: Path):
    (tmp_path / "contract.yaml").write_text(CONTRACT)

    assert load(SHIPPED) == load(None) == load(tmp_path / "contract.yaml") == Config()


def test_the_shipped_file_has_every_key_there_is_but_the_secrets():
    shipped = {key for key, _ in flat(yaml.safe_load(SHIPPED.read_text()))}

    assert set(keys(Config)) - shipped == {"kafka.password", "cassandra.password", "discord.token", "grafana.token"}
    assert shipped <= set(keys(Config))


def test_values_are_what_they_mean():
    config = load(None)

    assert config.cassandra.contact_points == ("127.0.0.1",)
    assert config.cassandra.report_ttl == timedelta(days=30)
    assert config.cassandra.series_ttl == timedelta(days=365)
    assert config.spark.stall_after == timedelta(minutes=15)
    assert config.produce.rate == Fraction(1)
    assert config.produce.alert_ratio == Decimal("0.05")
    assert config.local.home == platformdirs.user_state_path("harmony")


def test_a_config_does_not_read_the_environment_unasked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HARMONY_ALERTS__THRESHOLD", "5")

    assert Config().alerts.threshold == 2
    assert load(None).alerts.threshold == 5


def test_an_alert_ratio_is_the_decimal_that_was_written_and_not_its_float():
    assert Config.model_validate({"produce": {"alert_ratio": 0.1}}).produce.alert_ratio == Decimal("0.1")


def test_a_home_is_absolute_wherever_we_are_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))

    assert Config.model_validate({"local": {"home": "state"}}).local.home == tmp_path / "state"
    assert Config.model_validate({"local": {"home": "~/state"}}).local.home == tmp_path / "ada/state"


def test_a_home_of_nobody_is_no_home():
    with pytest.raises(ValidationError, match="nobody here has the home ~nobody-at-all"):
        Config.model_validate({"local": {"home": "~nobody-at-all/state"}})


def test_a_home_of_nothing_is_the_default_and_not_the_current_folder():
    assert Config.model_validate({"local": {"home": ""}}).local.home == platformdirs.user_state_path("harmony")


def test_both_global_topics_may_be_one():
    topics = Config.model_validate({"kafka": {"topics": {"global1": "reports", "global2": "reports"}}}).kafka.topics

    assert (topics.global1, topics.global2) == ("reports", "reports")


@pytest.mark.parametrize(
    "topics",
    [{"alert": "global1"}, {"dead_letter": "global2"}, {"delivery": "alert"}, {"dead_letter": "delivery"}],
)
def test_no_stage_may_read_the_topic_it_writes(topics: dict[str, str]):
    assert refused(kafka={"topics": topics}) == "kafka.topics"


BAD_NAMES = [
    "",
    "1alert",
    "Alert",
    "-alert",
    ".alert",
    "_alert",
    "a b",
    "a/b",
    "a;b",
    "a'b",
    "é",
    "a\n",
    "a" * 49,
    "a{}",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_could_be_more_than_a_name_is_refused(name: str):
    assert refused(kafka={"topics": {"alert": name}}) == "kafka.topics.alert"
    assert refused(cassandra={"keyspace": name}) == "cassandra.keyspace"


@pytest.mark.parametrize("name", ["a.b", "a-b"])
def test_a_topic_may_have_points_and_dashes_and_a_keyspace_may_not(name: str):
    assert Config.model_validate({"kafka": {"topics": {"alert": name}}}).kafka.topics.alert == name
    assert refused(cassandra={"keyspace": name}) == "cassandra.keyspace"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kafka.bootstrap_servers", ""),
        ("kafka.partitions", 0),
        ("kafka.partitions", "many"),
        ("kafka.replication", 0),
        ("cassandra.contact_points", []),
        ("cassandra.port", 0),
        ("cassandra.port", 65536),
        ("cassandra.shards", 0),
        ("cassandra.report_ttl", 30),
        ("cassandra.report_ttl", -30),
        ("cassandra.report_ttl", "0d"),
        ("cassandra.report_ttl", "250ms"),
        ("cassandra.report_ttl", "3651d"),
        ("cassandra.series_ttl", None),
        ("spark.stall_after", "soon"),
        ("spark.max_offsets_per_trigger", 0),
        ("discord.channel_id", 0),
        ("discord.channel_id", "general"),
        ("produce.drones", 0),
        ("produce.drones", 2**31),
        ("produce.rate", "0/min"),
        ("produce.rate", "1/fortnight"),
        ("produce.rate", 0),
        ("produce.alert_ratio", 1.01),
        ("produce.alert_ratio", -0.01),
        ("produce.alert_ratio", float("nan")),
        ("produce.city", {"latitude": 91}),
        ("produce.city", {"latitude": float("nan")}),
        ("produce.city", {"longitude": 180.5}),
        ("produce.city", {"radius_km": 0}),
        ("alerts.threshold", -1),
        ("alerts.threshold", 12),
        ("alerts.threshold", 1.5),
        ("analysis.top", 0),
        ("analysis.since", "yesterday"),
        ("local.heap", "0m"),
        ("local.heap", "512"),
        ("local.heap", "\u0665\u0661\u0662m"),
        ("local.heap", "512m -Dx=y"),
    ],
)
def test_a_value_out_of_bounds_is_refused_at_its_path(path: str, value: object):
    section, key = path.split(".")

    assert refused(**{section: {key: value}}).startswith(path)


@pytest.mark.parametrize("host", ["", "a b", "a/b", "http://a", '["a"'])
def test_a_contact_point_is_a_host(host: str):
    assert refused(cassandra={"contact_points": [host]}) == "cassandra.contact_points.0"


def test_a_spark_option_is_one_value():
    assert refused(spark={"conf": {"spark.x": [1]}}) == "spark.conf.spark.x"
    assert refused(spark={"conf": {"spark.x": None}}) == "spark.conf.spark.x"


def test_routes_and_repeats_are_what_they_mean(tmp_path: Path):
    path = tmp_path / "harmony.yaml"
    path.write_text("""
discord:
  routes:
    - {max_score: 0, channel_id: 5, role_id: 6}
    - {area: {south: 48, west: 2, north: 49, east: 3}, channel_id: 7}
  repeat_interval: 10m
""")

    grave, north = load(path).discord.routes

    assert (grave.max_score, grave.area, grave.channel_id, grave.role_id) == (0, None, 5, 6)
    assert north.area is not None
    assert tuple(north.area.model_dump().values()) == (48, 2, 49, 3)
    assert load(path).discord.repeat_interval == timedelta(minutes=10)
    assert load(write(load(path), tmp_path / "again.yaml")).discord == load(path).discord


@pytest.mark.parametrize("off", [None, 0, "0", "0s"])
def test_no_repeat_interval_is_none(off: object):
    assert Config.model_validate({"discord": {"repeat_interval": off}}).discord.repeat_interval is None


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ({}, "routes.0.channel_id"),
        ({"channel_id": 0}, "routes.0.channel_id"),
        ({"channel_id": 1, "max_score": 11}, "routes.0.max_score"),
        ({"channel_id": 1, "role": 2}, "routes.0.role"),
        ({"channel_id": 1, "area": {"south": 2, "west": 0, "north": 1, "east": 1}}, "routes.0.area"),
        ({"channel_id": 1, "area": {"south": 2, "west": 0, "north": 91, "east": 1}}, "routes.0.area.north"),
    ],
)
def test_a_route_that_leads_nowhere_is_refused_at_its_path(route: object, path: str):
    assert refused(discord={"routes": [route]}) == f"discord.{path}"


def test_a_config_cannot_be_changed():
    config = Config()

    with pytest.raises(ValidationError):
        config.alerts.threshold = 3  # type: ignore[misc]
    with pytest.raises(ValidationError):
        config.alerts = config.alerts  # type: ignore[misc]


def test_a_secret_is_in_no_text_of_the_config():
    secrets = {"discord": {"token": "canary"}, "cassandra": {"password": "canary"}, "kafka": {"password": "canary"}}
    config = Config.model_validate(secrets)

    assert "canary" not in f"{config} {config!r} {config.discord} {config.model_dump()} {config.model_dump_json()}"
    assert config.discord.token == SecretStr("canary")
