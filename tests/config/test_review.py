"""Where each value comes from, and all that is wrong with a file."""

from pathlib import Path

import pytest

from harmonystate.config import load
from harmonystate.config.review import MASK, faults, settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "password").write_text("canary\n")
    (tmp_path / "password").chmod(0o600)
    path = tmp_path / "harmony.yaml"
    path.write_text(
        "kafka: {partitions: 8, client: {security_protocol: SSL}}\n"
        f"cassandra: {{report_ttl: 7d, username: me, password_file: {tmp_path}/password}}\n"
        "spark: {conf: {spark.executor.memory: 4g}}\n"
    )
    return path


def found(path: Path | None) -> dict[str, tuple[object, str]]:
    return {setting.key: (setting.value, setting.origin) for setting in settings(path)}


def test_each_value_has_the_origin_that_won(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HARMONY_KAFKA__PARTITIONS", "16")
    monkeypatch.setenv("HARMONY_CASSANDRA__CLIENT", '{"compression": true}')

    all_of_them = found(path)

    assert all_of_them["kafka.partitions"] == (16, "environment, HARMONY_KAFKA__PARTITIONS")
    assert all_of_them["kafka.client.security_protocol"] == ("SSL", str(path))
    assert all_of_them["spark.conf.spark.executor.memory"] == ("4g", str(path))
    assert all_of_them["cassandra.client.compression"] == (True, "environment, HARMONY_CASSANDRA__CLIENT")
    assert all_of_them["cassandra.report_ttl"] == ("7d", str(path))
    assert (all_of_them["spark.stall_after"], all_of_them["spark.trigger_interval"]) == (
        ("15m", "default"),
        ("500ms", "default"),
    )
    assert all_of_them["produce.alert_ratio"] == (0.05, "default")
    assert all_of_them["produce.rate"] == ("1/min", "default")


def test_secrets_are_masked_wherever_they_come_from(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HARMONY_DISCORD__TOKEN", "canary")
    monkeypatch.setenv("HARMONY_KAFKA__CLIENT__SSL_PASSWORD", "canary")

    all_of_them = found(path)

    assert all_of_them["discord.token"] == (MASK, "environment, HARMONY_DISCORD__TOKEN")
    assert all_of_them["cassandra.password"] == (MASK, str(path.parent / "password"))
    assert all_of_them["kafka.client.ssl_password"] == (MASK, "environment, HARMONY_KAFKA__CLIENT__SSL_PASSWORD")
    assert all_of_them["kafka.password"] == (None, "default")
    assert "canary" not in str(all_of_them)


def test_without_a_file_every_key_is_at_its_default():
    assert {origin for _, origin in found(None).values()} == {"default"}


def test_every_fault_of_a_file_is_named_with_its_key(tmp_path: Path):
    path = tmp_path / "harmony.yaml"
    path.write_text("alerts: {treshold: 3}\nkafka: {partitions: 0, password: x}\ncassandra: {port: many}\n")

    named = faults(path)

    assert [fault.split(":")[0] for fault in named] == [
        "kafka.password",
        "kafka.partitions",
        "cassandra.port",
        "alerts.treshold",
    ]
    assert named[-1] == "alerts.treshold: unknown key; did you mean alerts.threshold?"


def test_a_file_that_is_no_yaml_has_one_fault(tmp_path: Path):
    path = tmp_path / "harmony.yaml"
    path.write_text("kafka: [\n")

    (fault,) = faults(path)

    assert fault.startswith("line ")


def test_the_file_that_we_ship_has_none(monkeypatch: pytest.MonkeyPatch):
    shipped = Path(__file__).parents[2] / "config/harmony.yaml"
    monkeypatch.setenv("HARMONY_KAFKA__PARTITIONS", "not that of the file")

    assert faults(shipped) == []
    monkeypatch.undo()
    assert load(shipped) == load(None)
