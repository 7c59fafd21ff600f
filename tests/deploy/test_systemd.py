"""The units: systemd finds nothing wrong with them, and they agree with what the commands do."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harmonystate import errors
from tests.deploy.conftest import ROOT
from tests.support.command_lines import in_shell, parse

UNITS = ROOT / "deploy/systemd"
COMMON = UNITS / "harmony-.service.d/10-common.conf"
SERVICES = sorted(UNITS.glob("*.service"))
HARMONY = Path(sys.executable).parent / "harmony"


def values(path, key):
    return [line.partition("=")[2] for line in path.read_text().splitlines() if line.partition("=")[0] == key]


@pytest.fixture
def installed(tmp_path):
    """The units as they are installed, but that harmony is where it is on this machine."""
    if not shutil.which("systemd-analyze"):
        missing = "systemd-analyze is missing: apt-get install systemd"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    folder = tmp_path / "system"
    shutil.copytree(UNITS, folder)
    shutil.copy(UNITS / "secured.conf", folder / "harmony-.service.d/20-secured.conf")
    for unit in folder.glob("*.service"):
        unit.write_text(unit.read_text().replace("/opt/harmony/bin/harmony", str(HARMONY)))
    return folder


def analyze(folder, *arguments):
    units = sorted(str(path) for pattern in ("*.service", "*.timer") for path in folder.glob(pattern))
    return subprocess.run(
        ["systemd-analyze", *arguments, *units],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


def test_systemd_has_nothing_to_say_about_the_units(installed):
    said = analyze(installed, "verify")

    assert (said.stdout, said.stderr, said.returncode) == ("", "", 0)


def test_systemd_would_say_so_if_there_were_something(installed):
    broken = installed / "harmony-ingest.service"
    broken.write_text(broken.read_text().replace("[Service]", "[Service]\nRestartSek=5"))

    assert "RestartSek" in analyze(installed, "verify").stderr


def test_a_service_that_is_broken_into_can_do_little(installed):
    (installed / "harmony-analyze.timer").unlink()

    said = analyze(installed, "security", "--offline=true", "--threshold=20")

    assert said.returncode == 0, said.stdout[-500:]  # 20 = 2.0 of 10


def test_there_are_four_services_and_an_analysis_by_timer():
    assert {path.stem for path in SERVICES} == {
        f"harmony-{name}" for name in ("produce", "stream-alerts", "alert-bot", "ingest", "analyze")
    }
    assert (UNITS / "harmony-analyze.timer").exists()
    assert not values(UNITS / "harmony-analyze.service", "WantedBy")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_what_a_service_starts_is_a_command_of_ours(unit):
    (line,) = values(unit, "ExecStart")

    (arguments,) = in_shell(line)
    parse(arguments)
    assert f"harmony-{arguments[0]}" == unit.stem


@pytest.mark.parametrize("unit", [COMMON, UNITS / "secured.conf", *SERVICES], ids=lambda unit: unit.stem)
def test_every_setting_in_a_unit_is_one_that_we_know(unit, load_with, tmp_path):
    for name in ("discord-token", "kafka-password", "cassandra-password"):
        (tmp_path / name).write_text("secret")
        (tmp_path / name).chmod(0o400)
    settings = dict(line.split("=", 1) for line in values(unit, "Environment"))

    load_with({name: value.replace("%d", str(tmp_path)) for name, value in settings.items()})


@pytest.mark.parametrize("unit", [UNITS / "secured.conf", UNITS / "harmony-alert-bot.service"], ids=lambda u: u.stem)
def test_each_credential_is_handed_over_and_used(unit):
    loaded = {line.split(":")[0] for line in values(unit, "LoadCredential")}
    used = {line.rpartition("%d/")[2] for line in values(unit, "Environment") if "%d/" in line}

    assert loaded == used != set()


def test_only_what_a_person_must_mend_is_not_tried_again():
    (kept,) = values(COMMON, "RestartPreventExitStatus")

    needs_a_person = {kind.exit_code for kind in (errors.BadUsage, errors.BadInput, errors.Misconfigured)}
    assert {int(code) for code in kept.split()} == needs_a_person
    assert not needs_a_person & {errors.Unavailable.exit_code, errors.Busy.exit_code}
    assert values(COMMON, "StartLimitIntervalSec") == ["0"]


def test_a_second_analysis_is_no_failure():
    assert values(UNITS / "harmony-analyze.service", "SuccessExitStatus") == [str(errors.Busy.exit_code)]


def test_a_service_has_longer_to_stop_than_it_may_take():
    (seconds,) = values(COMMON, "TimeoutStopSec")

    assert int(seconds) > 25  # the contract's
    assert values(COMMON, "KillMode") == ["mixed"]


def test_the_folders_are_those_of_the_user_that_the_services_run_as():
    (user,) = values(COMMON, "User")
    kind, name, _, *_, home = re.findall(r'"[^"]*"|\S+', (UNITS / "sysusers.conf").read_text())

    assert (kind, name, home) == ("u", user, f"/var/lib/{values(COMMON, 'StateDirectory')[0]}")
