import json
from pathlib import Path

import pytest
import yaml

from harmonystate.commands import configuring
from harmonystate.config import load


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "kafka: {partitions: 8}\nspark: {conf: {spark.executor.memory: 4g}}\n"
        "discord: {routes: [{channel_id: 7, max_score: 0}, {channel_id: 8}]}\n"
    )
    return path


def test_the_yaml_that_is_shown_is_a_config_that_comes_to_the_same(path, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HARMONY_DISCORD__TOKEN", "canary")

    assert configuring.show_all(path, output="yaml") == 0

    out = capsys.readouterr().out
    again = tmp_path / "again.yaml"
    again.write_text(out)
    assert load(again) == load(path)
    assert configuring.check(again) == 0
    assert f"  partitions: 8  # {path}\n" in out
    assert "  alert_ratio: 0.05  # default\n" in out
    assert "  report_ttl: 30d  # default\n" in out
    assert "  # token: '********'  # environment, HARMONY_DISCORD__TOKEN\n" in out
    assert yaml.safe_load(out)["spark"]["conf"] == {"spark.executor.memory": "4g"}


def test_json_is_a_list_of_keys_with_value_and_origin(path, capsys):
    assert configuring.show_all(path, output="json") == 0

    assert {"key": "kafka.partitions", "value": 8, "origin": str(path)} in json.loads(capsys.readouterr().out)


def test_the_table_has_a_line_for_each_key(path, capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)

    assert configuring.show_all(path, output="table") == 0

    (line,) = [line for line in capsys.readouterr().out.splitlines() if " kafka.partitions " in line]
    assert " 8 " in line
    assert str(path) in line


def test_a_file_without_faults_is_0(path, capsys):
    assert (configuring.check(path), capsys.readouterr().out) == (0, f"{path}: no faults\n")


def test_every_fault_is_a_line_and_the_exit_code_78(path, capsys):
    path.write_text("alerts: {treshold: 3}\nkafka: {partitions: 0}\n")

    assert configuring.check(path) == 78
    assert [line.split(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "kafka.partitions",
        "alerts.treshold",
    ]


def test_what_only_a_client_would_refuse_is_a_fault_too(path, capsys):
    path.write_text(
        "kafka: {bootstrap_servers: here, client: {acks: 0}}\n"
        "cassandra: {client: {execution_profiles: {}}}\nspark: {conf: {driver.memory: 1g}}\n"
    )

    assert configuring.check(path) == 78
    err = capsys.readouterr().err
    assert all(
        key in err
        for key in ("kafka.bootstrap_servers", "kafka.client.acks", "cassandra.client.execution_profiles", "spark.conf")
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HARMONY_KAFKA__USERNAME", "me"),
        ("HARMONY_KAFKA__PARTITIONS", "x"),
        ("HARMONY_KAFKA__CLIENT", "{"),
        ("HARMONY_FOO", "x"),
    ],
)
def test_what_the_environment_says_is_no_fault_of_a_file(path, capsys, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)

    assert (configuring.check(path), capsys.readouterr().err) == (0, "")


def test_a_password_that_is_left_to_the_environment_is_no_fault_of_a_file(path, capsys):
    path.write_text("kafka: {username: me}\ncassandra: {username: me}\n")

    assert (configuring.check(path), capsys.readouterr().err) == (0, "")


def test_what_a_client_would_refuse_is_named_beside_other_faults_each_once(path, capsys):
    path.write_text(
        "alrts: {threshold: 3}\nanalysis: none\n"
        "kafka: {partitions: 0, username: me, password_file: /nowhere, client: {sasl_plain_password: x}}\n"
        "cassandra: {username: me, client: {port: 1}}\nspark: {stall_after: 0, conf: {driver.memory: 1g}}\n"
    )

    assert configuring.check(path) == 78
    assert [line.split(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
        "kafka.client.sasl_plain_password",
        "kafka.password_file",
        "kafka.partitions",
        "spark.stall_after",
        "analysis",
        "alrts",
        "cassandra.client.port",
        "spark.conf.driver.memory",
    ]
