import os
import signal
import socket
import subprocess
import sys

import pytest

from harmonystate.edges.local.instance import claim
from harmonystate.errors import BadUsage, Busy

HOLD = """
import sys
from pathlib import Path
from harmonystate.edges.local.instance import claim

with claim(Path(sys.argv[1]), "produce", sys.argv[2] or None) as name:
    print(name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hold(tmp_path):
    """Start another process that holds a name; returns it and the name it got."""
    holders = []

    def start(name: str = "") -> tuple[subprocess.Popen, str]:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, tmp_path, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        holders.append(holder)
        return holder, holder.stdout.readline().strip()

    yield start
    for holder in holders:
        holder.kill()
        holder.communicate()


def test_each_process_gets_the_first_free_slot_of_this_host(tmp_path, hold):
    _, first = hold()
    second_holder, second = hold()

    with claim(tmp_path, "produce", None) as third:
        slots = [name.rsplit("-", 1) for name in (first, second, third)]

    assert [number for _, number in slots] == ["0", "1", "2"]
    assert len({host for host, _ in slots}) == 1

    second_holder.communicate("")
    with claim(tmp_path, "produce", None) as again:
        assert again == second


def test_a_name_that_another_process_holds_is_busy(tmp_path, hold):
    hold("night-shift")

    with (
        pytest.raises(Busy, match="instance night-shift runs on this host already"),
        claim(tmp_path, "produce", "night-shift"),
    ):
        pytest.fail("claimed twice")


def test_a_name_is_free_again_once_its_holder_was_killed(tmp_path, hold):
    holder, name = hold("night-shift")

    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()

    with claim(tmp_path, "produce", name) as claimed:
        assert claimed == "night-shift"


def test_stages_do_not_stand_in_each_others_way(tmp_path):
    with claim(tmp_path, "produce", "a"), claim(tmp_path, "alert-bot", "a") as name:
        assert name == "a"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "../a", ".a", "ä", "a" * 201, "a\n"])
def test_a_name_that_kafka_or_the_file_system_would_not_take_is_refused(tmp_path, name):
    with pytest.raises(BadUsage, match="--instance"), claim(tmp_path, "produce", name):
        pytest.fail("claimed")


def test_a_host_name_of_other_letters_becomes_a_name_that_kafka_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "München's Mac")

    with claim(tmp_path, "produce", None) as name:
        assert name == "M-nchen-s-Mac-0"
