"""Who is a command of ours, and who only has our config open."""

import subprocess
import sys

import pytest

from harmonystate.edges.local.children import stop_leftovers

SIMPLE = "print('here', flush=True)\ninput()\n"
# Starts another of itself; both end what a run has left behind.
CLEARS = """
import subprocess, sys
from pathlib import Path
from harmonystate.edges.local.children import stop_leftovers

if "another" not in sys.argv:
    subprocess.run([sys.executable, __file__, "another", sys.argv[-1]], check=True)
stop_leftovers(Path(sys.argv[-1]))
print("here")
"""


@pytest.fixture
def config(tmp_path):
    return tmp_path / "harmony.yaml"


@pytest.fixture
def start(tmp_path, config):
    """Start Python with these arguments and the config's path, in a folder that has a `harmonystate` of its own."""
    (tmp_path / "harmonystate.py").write_text(SIMPLE)
    (tmp_path / "harmony").write_text(SIMPLE)
    started = []

    def start(*arguments):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        started.append(subprocess.Popen([sys.executable, *arguments, str(config)], cwd=tmp_path, **pipes))
        assert started[-1].stdout.readline() == b"here\n"
        return started[-1]

    yield start
    for process in started:
        process.communicate(b"\n")


@pytest.mark.parametrize(
    "arguments", [("-m", "harmonystate", "ingest", "--config"), ("-B", "-m", "harmonystate"), ("harmony", "ingest")]
)
def test_a_command_that_a_killed_run_has_left_is_ended(arguments, start, config):
    left = start(*arguments)

    stop_leftovers(config, patience_s=10)

    assert left.wait(10) is not None


@pytest.mark.parametrize(
    "arguments", [("-c", SIMPLE, "--config"), ("-c", SIMPLE, "harmony"), ("-c", SIMPLE, "-m", "x")]
)
def test_who_only_looks_at_its_config_is_let_be(arguments, start, config):
    editor = start(*arguments)

    stop_leftovers(config, patience_s=10)

    assert editor.poll() is None


def test_neither_we_nor_who_has_started_us_is_ended(tmp_path, config):
    script = tmp_path / "harmony"
    script.write_text(CLEARS)

    ended = subprocess.run([sys.executable, script, config], check=False, capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stdout) == (0, "here\nhere\n")
