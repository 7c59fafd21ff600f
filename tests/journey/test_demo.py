"""The demo as a stranger runs it, in a home of its own: it checks itself, and nothing of it is left running."""

import re
import socket
import subprocess

import psutil
import pytest
import yaml

from harmonystate.config import Config, LocalSettings, ProduceSettings, dump
from tests.support.harmony import HARMONY
from tests.support.services import child_environment

pytestmark = [pytest.mark.services, pytest.mark.timeout(1200)]

# A fifth of the fleet goes the same way; six hours of it, each drone once a minute, are there before the live reports.
DRONES = 20
BACKFILL = 6 * 60 * DRONES


def left_of(folder) -> list[list[str]]:
    """Return the command lines of the processes that name this folder."""
    everyone = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return [line for line in everyone if any(str(folder) in word for word in line)]


def is_listened_to(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_agrees_with_itself_and_leaves_nothing_running(tmp_path):
    config = Config(produce=ProduceSettings(drones=DRONES), local=LocalSettings(home=tmp_path / "home"))
    path = dump.write(config, tmp_path / "harmony.yaml")

    done = subprocess.run(
        [HARMONY, "demo", "--exit", "--config", path],
        check=False, capture_output=True, text=True, cwd=tmp_path, env=child_environment(), timeout=1100,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    (agreed,) = [line for line in done.stdout.splitlines() if line.startswith("all agree: ")]
    numbers = [int(number.replace(",", "")) for number in re.findall(r"(?<= )[\d,]*\d(?= )", agreed)]
    global1, global2, rows, alerts, sad, deliveries, dead_letters = numbers
    assert global1 == global2 == rows >= BACKFILL
    assert alerts == sad == deliveries >= BACKFILL // 20
    assert dead_letters == 0
    assert "Traceback" not in done.stderr

    (written,) = (tmp_path / "home/demo").rglob("harmony.yaml")
    theirs = yaml.safe_load(written.read_text())
    ports = [int(theirs["kafka"]["bootstrap_servers"].rsplit(":", 1)[1]), theirs["cassandra"]["port"]]
    assert left_of(tmp_path) == []
    assert [port for port in ports if is_listened_to(port)] == []
