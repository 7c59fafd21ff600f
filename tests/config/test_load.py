"""Where the config comes from, what wins, and what is said when it is wrong."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import platformdirs
import pytest
import yaml

from harmonystate.config import find, load
from harmonystate.errors import BadUsage, HarmonyError, Misconfigured

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in an empty folder, as a user who has no config."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(**sections: Any) -> Path:
        path = tmp_path / "harmony.yaml"
        path.write_text(yaml.safe_dump(sections))
        return path

    return write


def fault_of(path: Path | None, kind: type[HarmonyError] = Misconfigured, **flags: Any) -> str:
    with pytest.raises(kind) as caught:
        load(path, **flags)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_first_file_that_exists_is_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    in_system = Path("/etc/harmony/harmony.yaml")
    found = [find(None)]
    user = platformdirs.user_config_path("harmony") / "harmony.yaml"
    for path in (user, Path("config/harmony.yaml")):
        path.parent.mkdir(parents=True)
        path.touch()
        found.append(find(None))
    monkeypatch.setenv("HARMONY_CONFIG", "named.yaml")
    found += [find(None), find(Path("flag.yaml"))]

    assert user.is_relative_to(tmp_path)
    assert found == [
        in_system if in_system.exists() else None,
        user,
        Path("config/harmony.yaml"),
        Path("named.yaml"),
        Path("flag.yaml"),
    ]


def test_a_file_that_was_named_must_be_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HARMONY_CONFIG", "missing.yaml")

    assert "cannot read missing.yaml: No such file" in fault_of(find(None))


def test_a_flag_wins_over_the_environment_over_yaml_over_the_default(write: Write, monkeypatch: pytest.MonkeyPatch):
    seen = [load(None).alerts.threshold]
    path = write(alerts={"threshold": 3})
    seen.append(load(path).alerts.threshold)
    monkeypatch.setenv("HARMONY_ALERTS__THRESHOLD", "4")
    seen.append(load(path).alerts.threshold)
    seen.append(load(path, alerts={"threshold": 5}).alerts.threshold)
    seen.append(load(path, alerts={"threshold": None}).alerts.threshold)

    assert seen == [2, 3, 4, 5, 4]


def test_a_flag_of_zero_is_a_flag(write: Write):
    assert load(write(alerts={"threshold": 3}), alerts={"threshold": 0}).alerts.threshold == 0


SECRETS = [("discord", "token"), ("cassandra", "password"), ("kafka", "password"), ("grafana", "token")]


@pytest.mark.parametrize(("section", "key"), SECRETS)
def test_a_secret_in_the_environment_wins_over_its_file(
    section: str, key: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_text("from the file\n")
    path = write(**{section: {f"{key}_file": str(file)}})

    def secret(path: Path | None) -> str | None:
        value = getattr(getattr(load(path), section), key)
        return value.get_secret_value() if value else None

    assert secret(None) is None
    assert secret(path) == "from the file"
    monkeypatch.setenv(f"HARMONY_{section}__{key}".upper(), "from the environment")
    assert secret(path) == "from the environment"
    monkeypatch.setenv(f"HARMONY_{section}__{key}".upper(), "")
    assert secret(path) == "from the file"


def test_a_secret_file_may_be_named_by_the_environment_and_in_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "token").touch(mode=0o600)
    (tmp_path / "home" / "token").write_text("canary")
    monkeypatch.setenv("HARMONY_DISCORD__TOKEN_FILE", "~/token")

    token = load(None).discord.token

    assert token is not None
    assert token.get_secret_value() == "canary"


def test_a_secret_file_of_nobody_is_named(write: Write):
    fault = fault_of(write(discord={"token_file": "~nobody-at-all/token"}))

    assert fault.endswith("discord.token_file: nobody here has the home ~nobody-at-all")


@pytest.mark.parametrize(("section", "key"), SECRETS)
def test_a_secret_in_the_yaml_is_refused_and_not_repeated(section: str, key: str, write: Write):
    fault = fault_of(write(**{section: {key: "canary"}}))

    assert f"{section}.{key}: a secret does not belong here" in fault
    assert f"HARMONY_{section.upper()}__{key.upper()}" in fault
    assert "canary" not in fault


@pytest.mark.parametrize(
    ("section", "free", "option", "instead"),
    [
        ("kafka", "client", "sasl_plain_password", "HARMONY_KAFKA__PASSWORD"),
        ("kafka", "client", "ssl_password", "HARMONY_KAFKA__CLIENT__SSL_PASSWORD"),
        ("cassandra", "client", "api_token", "HARMONY_CASSANDRA__CLIENT__API_TOKEN"),
        ("spark", "conf", "spark.authenticate.secret", "HARMONY_SPARK__CONF"),
        ("spark", "conf", "spark.hadoop.fs.s3a.secret.key", "HARMONY_SPARK__CONF"),
        ("spark", "conf", "spark.ssl.keyStorePassword", "HARMONY_SPARK__CONF"),
        ("spark", "conf", "spark.cassandra.auth.password", "HARMONY_CASSANDRA__PASSWORD"),
    ],
)
def test_a_secret_among_the_free_options_is_refused_too(
    section: str, free: str, option: str, instead: str, write: Write
):
    fault = fault_of(write(**{section: {free: {option: "canary"}}}))

    assert f"{section}.{free}.{option}: a secret does not belong here: use {instead}" in fault
    assert "canary" not in fault


def test_free_options_come_from_yaml_and_environment_together(write: Write, monkeypatch: pytest.MonkeyPatch):
    path = write(kafka={"client": {"ssl_cafile": "ca.pem"}}, spark={"conf": {"spark.ui.enabled": True}})
    monkeypatch.setenv("HARMONY_KAFKA__CLIENT__SSL_PASSWORD", "canary")
    monkeypatch.setenv("HARMONY_SPARK__CONF", json.dumps({"spark.ssl.keyStorePassword": "canary"}))
    config = load(path)

    assert config.kafka.client == {"ssl_cafile": "ca.pem", "ssl_password": "canary"}
    assert config.spark.conf == {"spark.ui.enabled": True, "spark.ssl.keyStorePassword": "canary"}


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"kafak": {}}, "kafak: unknown key; did you mean kafka?"),
        ({"kafka": {"partitons": 4}}, "kafka.partitons: unknown key; did you mean kafka.partitions?"),
        ({"kafka": {"topics": {"alerts": "a"}}}, "kafka.topics.alerts: unknown key; did you mean kafka.topics.alert?"),
        (
            {"produce": {"city": {"radius": 3}}},
            "produce.city.radius: unknown key; did you mean produce.city.radius_km?",
        ),
        ({"bootstrap_servers": "a:1"}, "bootstrap_servers: unknown key; did you mean kafka.bootstrap_servers?"),
        ({"Alerts": {}}, "Alerts: unknown key; did you mean alerts?"),
        ({"zzz": {}}, "zzz: unknown key"),
        ({"alerts": {"threshold": "low"}}, "alerts.threshold: "),
        ({"kafka": ["a"]}, "kafka: expected keys of its own"),
        ({"cassandra": {"contact_points": ["a", "b c"]}}, "cassandra.contact_points.1: "),
        ({"spark": {"conf": {"spark.x": []}}}, "spark.conf.spark.x: expected a text, a number, true or false"),
    ],
)
def test_what_is_wrong_in_the_yaml_is_named_by_file_and_path(sections: dict[str, Any], said: str, write: Write):
    path = write(**sections)

    assert fault_of(path).startswith(f"{path}: {said}")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("HARMONY_KAFAK", "{}", "HARMONY_KAFAK: unknown key; did you mean HARMONY_KAFKA?"),
        (
            "HARMONY_KAFKA_PARTITIONS",
            "4",
            "HARMONY_KAFKA_PARTITIONS: unknown key; did you mean HARMONY_KAFKA__PARTITIONS?",
        ),
        (
            "harmony_kafak__partitions",
            "4",
            "harmony_kafak__partitions: unknown key; did you mean HARMONY_KAFKA__PARTITIONS?",
        ),
        ("HARMONY_TOKEN", "canary", "HARMONY_TOKEN: unknown key"),
        ("HARMONY_KAFKA__PARTITONS", "4", "kafka.partitons: unknown key; did you mean kafka.partitions?"),
        ("HARMONY_KAFKA__TOPICS__ALERTS", "a", "kafka.topics.alerts: unknown key; did you mean kafka.topics.alert?"),
        ("HARMONY_ALERTS__THRESHOLD", "canary", "alerts.threshold: "),
        ("HARMONY_CASSANDRA__CONTACT_POINTS", "a b", "cassandra.contact_points.0: "),
        ("HARMONY_DISCORD", '{"token": "canary"', 'error parsing value for field "discord"'),
        ("HARMONY_KAFKA", '["canary"]', "kafka: expected keys of its own"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, write: Write
):
    monkeypatch.setenv(variable, value)
    fault = fault_of(write(kafka={"partitions": 3}))

    assert fault.startswith(f"environment: {said}")
    assert "canary" not in fault


@pytest.mark.parametrize("variable", ["HARMONY_CONFIG", "HARMONY_CRASH_AT"])
def test_two_variables_are_no_keys(variable: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(variable, "produce.commit:3")

    assert load(None) == load(None)


def test_a_variable_may_hold_a_value_a_list_or_a_whole_section(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HARMONY_KAFKA__BOOTSTRAP_SERVERS", "a:1,b:2")
    monkeypatch.setenv("HARMONY_KAFKA__TOPICS__DEAD_LETTER", "graves")
    monkeypatch.setenv("HARMONY_CASSANDRA__CONTACT_POINTS", "10.0.0.1, 10.0.0.2")
    monkeypatch.setenv("HARMONY_CASSANDRA__REPORT_TTL", "7d")
    monkeypatch.setenv("HARMONY_PRODUCE", '{"rate": "2/s", "alert_ratio": 0.1}')
    config = load(None)

    assert config.kafka.bootstrap_servers == "a:1,b:2"
    assert (config.kafka.topics.dead_letter, config.kafka.topics.alert) == ("graves", "alert")
    assert config.cassandra.contact_points == ("10.0.0.1", "10.0.0.2")
    assert config.cassandra.report_ttl.days == 7
    assert (config.produce.rate, config.produce.alert_ratio) == (Fraction(120), Decimal("0.1"))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"produce": {"rate": "1/fortnight"}}, "--rate: expected a rate above zero"),
        ({"produce": {"alert_ratio": float("nan")}}, "--alert-ratio: "),
        ({"analysis": {"since": "yesterday"}}, "--since: expected a duration such as 24h"),
        ({"alerts": {"threshold": 12}}, "--threshold: "),
    ],
)
def test_a_wrong_flag_is_a_matter_of_usage(flags: dict[str, Any], said: str, write: Write):
    assert fault_of(write(alerts={"threshold": 3}), BadUsage, **flags).startswith(said)


def test_a_date_in_the_yaml_is_a_moment(tmp_path: Path):
    path = tmp_path / "harmony.yaml"
    path.write_text("analysis: {since: 2026-11-24}")

    assert load(path).analysis.since == "2026-11-24"
