"""Processes of our own making: in sessions of their own, so that ^C in the terminal does not reach them."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil

# In the middle of its start, a process has no command line for a moment, and a JVM starts itself twice.
_NAMELESS_S = 1.0
# What was killed is gone as soon as the system has taken its memory back.
_KILLED_S = 30.0
_MOMENT_S = 0.05


def spawn(
    argv: Sequence[str | Path], *, output: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Start a process that outlives us, its output in the file `output` (written anew), and return its pid."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("wb") as log:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # It is not ours to wait for at exit; whether it lives is asked of the system.
    process.returncode = 0
    return process.pid


def command_of(pid: int) -> list[str]:
    """Return the command line of a living process; empty when there is none, or only a zombie."""
    give_up = time.monotonic() + _NAMELESS_S
    try:
        process = psutil.Process(pid)
        while not (command := process.cmdline()) and time.monotonic() < give_up:
            time.sleep(0.01)
    except psutil.Error:
        return []
    return command


def terminate(pid: int, *, patience_s: float) -> bool:
    """Send SIGTERM and wait until it is gone; say whether it went by itself, rather than by SIGKILL in the end."""
    try:
        process = psutil.Process(pid)
        process.terminate()
        if not (went := _gone(process, within_s=patience_s)):
            process.kill()
            _gone(process, within_s=_KILLED_S)
    except psutil.NoSuchProcess:  # it may also go between a look and a signal
        return True
    return went


def _gone(process: psutil.Process, *, within_s: float) -> bool:
    give_up = time.monotonic() + within_s
    while not _has_ended(process):
        if time.monotonic() > give_up:
            return False
    return True


def _has_ended(process: psutil.Process) -> bool:
    """Wait a moment for it; where its parent reaps nobody, a container's `sleep` say, it stays a zombie for ever."""
    try:
        process.wait(_MOMENT_S)
    except psutil.TimeoutExpired:
        with suppress(psutil.NoSuchProcess):
            return process.status() == psutil.STATUS_ZOMBIE
    return True


def terminate_all(is_meant: Callable[[Sequence[str]], bool], *, patience_s: float) -> None:
    """Terminate, side by side, every process whose command line is meant; neither us nor who has started us."""
    us = psutil.Process()
    spared = {us.pid, *(one.pid for one in us.parents())}
    everybody = (one for one in psutil.process_iter(["cmdline"]) if one.pid not in spared)
    found = [one.pid for one in everybody if is_meant(one.info["cmdline"] or [])]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pid: terminate(pid, patience_s=patience_s), found))


def without_our_settings() -> dict[str, str]:
    """Return our environment less everything of ours: a server needs no Discord token."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HARMONY_")}


def last_lines(path: Path, count: int = 5) -> list[str]:
    """Return the last lines of a log that hold anything; none when there is no such file."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return [line.rstrip()[:300] for line in text.splitlines() if line.strip()][-count:]
