"""The demo as a stranger runs it, in a home of its own: it checks itself, and nothing of it is left running.

Those that need not come to the answers are left, or broken, as early as they show what they are to show.
"""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import yaml

from harmonystate.config import Config, LocalSettings, ProduceSettings, dump
from tests.support.harmony import HARMONY, alive_with, all_with
from tests.support.kafka import wait_until
from tests.support.services import child_environment

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

pytestmark = [pytest.mark.services, pytest.mark.timeout(1200)]

# A fifth of the fleet goes the same way; six hours of it, each drone once a minute, are there before the live reports.
DRONES = 20
BACKFILL = 6 * 60 * DRONES
CASSANDRA = "org.apache.cassandra.service.CassandraDaemon"


def small_demo(folder) -> Path:
    config = Config(produce=ProduceSettings(drones=DRONES), local=LocalSettings(home=folder / "home"))
    return dump.write(config, folder / "harmony.yaml")


class Terminal:
    """A demo on a terminal of its own, 112 x 40."""

    def __init__(self, path: Path, *options: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 112, 0, 0))
        self.process = subprocess.Popen(
            [HARMONY, "demo", *options, "--config", path],
            cwd=path.parent,
            env=child_environment(TERM="xterm-256color"),
            preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 - a system call: what ^C reaches is its terminal
        )
        os.close(theirs)
        self.shown = ""
        self._closed = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        # A terminal that nobody holds any more is an error, on Linux.
        with suppress(OSError):
            while not self._closed.is_set():
                if select.select([self._ours], [], [], 0.05)[0]:
                    self.shown += _ESCAPES.sub("", os.read(self._ours, 65_536).decode(errors="replace"))
        os.close(self._ours)

    def shows(self, text: str) -> None:
        """Wait until it has shown this."""
        wait_until(lambda: text in self.shown or self.is_over(), within_s=300, what=f"{text!r} on the screen")
        assert text in self.shown, self.shown[-2_000:]

    def ctrl_c(self) -> None:
        os.write(self._ours, b"\x03")

    def close(self) -> None:
        self._closed.set()

    def is_over(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> int:
        """Wait for its end, and return its exit code."""
        code = self.process.wait(300)
        self._reader.join()
        return code


def is_listened_to(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_agrees_with_itself_and_leaves_nothing_running(tmp_path):
    path = small_demo(tmp_path)

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
    assert alive_with(tmp_path) == []
    assert [port for port in ports if is_listened_to(port)] == []


@pytest.fixture
def open_demo(tmp_path):
    """Start demos; whatever a test comes to, none is left."""
    opened = []

    def start(*options: str) -> Terminal:
        opened.append(Terminal(small_demo(tmp_path), *options))
        return opened[-1]

    yield start
    for demo in opened:
        if not demo.is_over():
            demo.process.terminate()
            demo.end()


def pid_of(folder, command: str) -> int | None:
    """Return the pid of a command of the demo in this folder, once it runs."""
    named = [one for one in all_with(folder) if command in one.command]
    # The eldest: whatever it is about to start bears its command line for a moment.
    eldest = min(named, key=lambda one: one.started_at, default=None)
    return eldest and eldest.pid


def said_by(command: str, folder) -> str:
    return "".join(path.read_text() for path in folder.glob(f"home/demo/*/logs/{command}.log"))


def is_asked_to_leave(pid: int) -> bool:
    """Say whether SIGTERM waits for a process that is stopped."""
    (pending,) = re.findall(r"^ShdPnd:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(pending, 16) >> signal.SIGTERM - 1 & 1)


def test_ctrl_c_on_the_live_screen_ends_it_with_0_and_leaves_nothing_running(open_demo, tmp_path):
    demo = open_demo()
    demo.shows("backfill of 6h")
    # Of an alert that somebody was told.
    wait_until(lambda: re.search(r"drone \d+ .* \(\d\)", demo.shown), what="an alert on the screen")
    assert re.search(r"http://127\.0\.0\.1:\d+/   Kafka 127\.0\.0\.1:\d+", demo.shown)
    assert "^C stops everything" in demo.shown

    demo.ctrl_c()

    assert demo.end() == 0
    assert alive_with(tmp_path) == []
    assert "Traceback" not in demo.shown


def test_ctrl_c_while_the_servers_start_goes_no_further_and_leaves_nothing_running(open_demo, tmp_path):
    demo = open_demo()
    wait_until(lambda: pid_of(tmp_path, CASSANDRA) or demo.is_over(), what="a Cassandra that starts")

    demo.ctrl_c()

    assert demo.end() == 0
    assert alive_with(tmp_path) == []
    (logs,) = tmp_path.glob("home/demo/*/logs")
    assert {log.stem for log in logs.glob("*.log")} == {"up", "down"}


def test_a_terminal_that_is_closed_ends_it_and_leaves_nothing_running(open_demo, tmp_path):
    """It ended the demo alone: servers and stages went on for ever, and nobody saw them."""
    demo = open_demo()
    wait_until(lambda: pid_of(tmp_path, CASSANDRA) or demo.is_over(), what="a Cassandra that starts")

    demo.close()

    assert demo.end() == 0
    assert alive_with(tmp_path) == []


def test_a_second_ctrl_c_kills_everybody_at_once(open_demo, tmp_path):
    demo = open_demo()
    wait_until(lambda: pid_of(tmp_path, CASSANDRA) or demo.is_over(), what="a Cassandra that starts")
    # So that it waits for it.
    up = pid_of(tmp_path, "up")
    os.kill(up, signal.SIGSTOP)
    # A signal that comes before it has stopped is not kept until it goes on: its handler has begun.
    wait_until(lambda: psutil.Process(up).status() == psutil.STATUS_STOPPED, what="a stopped up")
    demo.ctrl_c()
    wait_until(lambda: is_asked_to_leave(up), what="the first ^C")

    demo.ctrl_c()

    assert demo.end() == 130
    wait_until(lambda: alive_with(tmp_path) == [], what="the end of all")


def test_a_stage_that_somebody_ends_is_named_with_its_last_lines(open_demo, tmp_path):
    demo = open_demo("--exit")
    wait_until(lambda: said_by("stream-alerts", tmp_path) or demo.is_over(), within_s=300, what="a line of its log")

    os.kill(pid_of(tmp_path, "stream-alerts"), signal.SIGTERM)

    assert demo.end() == 1
    assert re.search(r"stream-alerts died with exit code 0 \(see \S+stream-alerts\.log\): \S+", demo.shown)
    assert alive_with(tmp_path) == []
    assert "Traceback" not in demo.shown
