"""`harmony` as a person or a script starts it: a child process with a config file."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from harmonystate.config import Config
from tests.support.services import Services, child_environment, local_config, write_config

HARMONY = Path(sys.executable).with_name("harmony")


class Seen(NamedTuple):
    """A process as it was when it was looked at: it may be gone by now."""

    pid: int
    command: list[str]
    started_at: float


def start_harmony(config_file: Path, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """Start it; its output is kept for `communicate`."""
    return subprocess.Popen(
        [HARMONY, *arguments, "--config", config_file],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment(**variables),
    )


def run_harmony(
    config_file: Path, *arguments: str, within_s: float = 300, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end, whatever its exit code."""
    with start_harmony(config_file, *arguments, **variables) as child:
        try:
            out, err = child.communicate(timeout=within_s)
        except BaseException:
            child.kill()
            raise
    return subprocess.CompletedProcess(child.args, child.returncode, out, err)


def set_up(services: Services, home: Path) -> tuple[Config, Path]:
    """Run `harmony setup` for these services; return the config, with its own home, and the file that names it."""
    config = local_config(services, home)
    path = write_config(config, home.with_suffix(".yaml"))
    assert run_harmony(path, "setup").returncode == 0
    return config, path


def run_all(commands: Mapping[str, tuple[Path, tuple[str, ...]]]) -> "dict[str, subprocess.CompletedProcess[str]]":
    """Run several side by side, each with its config file and arguments; return how each ended."""
    started = {name: start_harmony(path, *arguments) for name, (path, arguments) in commands.items()}
    ended = {}
    for name, child in started.items():
        out, err = child.communicate(timeout=300)
        ended[name] = subprocess.CompletedProcess(child.args, child.returncode, out, err)
    return ended


def alive(process: psutil.Process) -> bool:
    """Say whether a process still does anything; where nobody reaps orphans, a dead one stays as a zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def all_with(path: Path) -> list[Seen]:
    """Return the processes that name this path, or one below it, on their command line."""
    looked_at = psutil.process_iter(["pid", "cmdline", "create_time"])
    everyone = (Seen(one.info["pid"], one.info["cmdline"] or [], one.info["create_time"]) for one in looked_at)
    return [one for one in everyone if any(str(path) in word for word in one.command)]


def alive_with(path: Path) -> list[int]:
    """Return the pids of the processes that `all_with` does."""
    return [one.pid for one in all_with(path)]
