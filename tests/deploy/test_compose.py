"""The containers: parsed and held against the code, for no engine is here to run them."""

import ast
import json
import re
import subprocess

import pytest
import yaml

from harmonystate.edges.local.jar_lock import read_lock
from tests.deploy.conftest import ROOT
from tests.support.command_lines import in_shell, parse

COMPOSE = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("harmonystate:")}
CONTAINERFILE = (ROOT / "deploy/Containerfile").read_text().replace("\\\n", " ")


def pinned(artifact):
    (version,) = {jar.version for jar in read_lock() if jar.name == artifact}
    return version


def kafka_name(key):
    return "KAFKA_" + key.upper().replace(".", "_")


def test_every_image_is_pinned_to_a_whole_version():
    images = [service["image"] for service in SERVICES.values()] + re.findall(
        r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE
    )

    assert [image for image in images if not re.search(r":\d+\.\d+\.\d+(?:-[a-z-]+)?$", image)] == []


def test_the_servers_are_of_the_versions_that_the_tests_run():
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{pinned('kafka_2.13')}"
    assert SERVICES["cassandra"]["image"] == f"cassandra:{pinned('cassandra-all')}"


def test_every_port_is_on_the_loopback_interface():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert sorted(ports) == [f"127.0.0.1:{port}:{port}" for port in (3000, 8050, 9042, 9092)]


def test_whatever_others_wait_for_says_when_it_is_there():
    awaited = [
        (name, wait["condition"])
        for service in SERVICES.values()
        for name, wait in service.get("depends_on", {}).items()
    ]

    assert {name for name, condition in awaited if condition == "service_healthy"} == {"kafka", "cassandra"}
    assert {name for name, condition in awaited if condition == "service_completed_successfully"} == {"setup"}
    assert all("healthcheck" in SERVICES[name] for name in ("kafka", "cassandra", "grafana"))


def test_all_commands_run_after_the_setup():
    assert set(OURS) == {"setup", "produce", "stream-alerts", "alert-bot", "ingest", "analyze", "dashboard"}
    assert all("setup" in service["depends_on"] for name, service in OURS.items() if name != "setup")
    assert SERVICES["setup"]["command"] == ["setup"]


@pytest.mark.parametrize("name", OURS)
def test_what_a_container_runs_is_a_command_of_ours(name):
    entry, command = OURS[name].get("entrypoint", ["harmony"]), OURS[name]["command"]
    lines = [command] if entry == ["harmony"] else list(in_shell(" ".join(command)))

    assert [arguments[0] for arguments in lines] == [name]
    for arguments in lines:
        parse(arguments)


def test_the_container_of_analyze_goes_on_when_another_runs_and_fails_when_something_is_wrong(tmp_path):
    codes = tmp_path / "codes"
    codes.write_text("0\n75\n0\n69\n0\n")
    for name, script in (
        ("harmony", f'code=$(head -1 {codes}); sed -i 1d {codes}; exit "$code"'),
        ("sleep", f"echo slept $1 >> {tmp_path}/slept"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    (script,) = OURS["analyze"]["command"]
    done = subprocess.run(
        ["sh", "-c", script.replace("$$", "$")], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False, timeout=30
    )

    assert done.returncode != 0  # so that it is started again
    assert (tmp_path / "slept").read_text().splitlines() == ["slept 600"] * 3


@pytest.mark.parametrize("name", OURS)
def test_every_setting_of_a_container_is_one_that_we_know(name, load_with):
    config = load_with({key: re.sub(r"\$\{\w+:-\}", "", value) for key, value in OURS[name]["environment"].items()})

    assert config.kafka.bootstrap_servers == "kafka:19092"
    assert config.cassandra.contact_points == ("cassandra",)


def test_the_broker_is_set_up_as_the_local_one_is():
    template = (ROOT / "src/harmonystate/data/kafka.properties").read_text()
    local = dict(line.split("=", 1) for line in template.splitlines() if line and not line.startswith("#"))
    # Where it listens, and how it finds its controller, is another matter in a container.
    elsewhere = {"listeners", "advertised.listeners", "listener.security.protocol.map", "inter.broker.listener.name"}
    elsewhere |= {"controller.quorum.bootstrap.servers", "log.dirs"}

    wanted = {kafka_name(key): value for key, value in local.items() if key not in elsewhere}

    there = SERVICES["kafka"]["environment"]
    assert {name: str(there.get(name)) for name in wanted} == wanted


def test_the_cassandra_acknowledges_what_is_on_the_disk_as_the_local_one_does():
    options = SERVICES["cassandra"]["environment"]["JVM_EXTRA_OPTS"].split()
    properties = dict(option.removeprefix("-D").split("=") for option in options)
    local = yaml.safe_load((ROOT / "src/harmonystate/data/cassandra.yaml").read_text())

    # It does not start with `batch` beside the period of its own file.
    assert properties == {
        "cassandra.config.allow_system_properties": "true",
        "cassandra.settings.commitlog_sync": local["commitlog_sync"],
        "cassandra.settings.commitlog_sync_period": "0ms",
    }


def test_a_container_has_longer_to_stop_than_a_command_may_take():
    assert {service["stop_grace_period"] for service in OURS.values()} == {"30s"}


def test_what_grafana_is_given_is_there_and_lies_where_it_looks():
    grafana = SERVICES["grafana"]
    mounts = dict(volume.split(":")[:2] for volume in grafana["volumes"])
    (provider,) = yaml.safe_load((ROOT / "grafana/provisioning/dashboards/harmony.yaml").read_text())["providers"]
    filled = set(re.findall(r"\$(\w+)", (ROOT / "grafana/provisioning/datasources/cassandra.yaml").read_text()))

    assert all((ROOT / "deploy" / source).is_dir() for source in mounts if source.startswith("."))
    assert mounts["../grafana/dashboards"] == provider["options"]["path"]
    # Without a login the others are empty.
    assert filled - set(grafana["environment"]) == {"CASSANDRA_USER", "CASSANDRA_PASSWORD"}
    home = json.loads((ROOT / "grafana/dashboards/harmony.json").read_text())
    assert home["panels"][0]["datasource"]["type"] in grafana["environment"]["GF_PLUGINS_PREINSTALL_SYNC"]
    assert grafana["environment"]["GF_PLUGINS_PREINSTALL_SYNC"].endswith("@3.3.0")


def test_volumes_that_are_used_are_those_that_are_made():
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}

    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])


def test_the_image_is_built_of_what_is_there_and_with_hashes_only():
    sources = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    installs = re.findall(r"pip install (.*)", CONTAINERFILE)

    assert all((ROOT / source).exists() for source in sources)
    assert all("--require-hashes" in install or "--no-deps --no-build-isolation" in install for install in installs)
    assert re.search(r"^USER harmony$", CONTAINERFILE, re.MULTILINE)


def test_the_image_fetches_the_jars_by_code_that_is_there():
    (code,) = re.findall(r'python -c "([^"]+)"', CONTAINERFILE)
    (imported, call) = ast.parse(code).body

    module = __import__(imported.module, fromlist=["jars"])
    assert callable(getattr(module.jars, call.value.func.attr))
