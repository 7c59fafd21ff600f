"""Exit codes are an interface: scripts and units act on them. One line says why, and only a bug has a traceback."""

import errno
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import typer

from harmonystate import errors
from tests.cli.conftest import Harmony, StandIn

HARMONY = f"{sys.executable} -m harmonystate"


def bare(home: Path) -> dict[str, str]:
    """Return an environment that changes nothing: PYTHONUNBUFFERED would hide what is not flushed."""
    return {"PATH": os.environ["PATH"], "HOME": str(home)}


def shell(script: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script as cron would: bash, hardly any environment, nothing on stdin."""
    env = bare(home) | variables
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=env, cwd=home,
    )  # fmt: skip


def raising(fault: BaseException) -> Any:
    def run(*_: object, **__: object) -> NoReturn:
        raise fault

    return run


@pytest.mark.parametrize("code", [0, 1, 65, 69, 75, 78, 130])
def test_what_a_command_returns_is_the_exit_code(code: int, harmony: Harmony, stand_in: StandIn):
    stand_in("setup", run=lambda _: code)

    assert harmony("setup") == (code, "", "")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.CheckFailed, 1),
        (errors.BadUsage, 2),
        (errors.BadInput, 65),
        (errors.Unavailable, 69),
        (errors.Busy, 75),
        (errors.Misconfigured, 78),
    ],
)
def test_a_failure_that_a_user_can_mend_is_one_line(
    kind: type[errors.HarmonyError], code: int, harmony: Harmony, stand_in: StandIn
):
    stand_in("setup", run=raising(kind("127.0.0.1:9092: nobody answers: run `harmony up`")))

    assert harmony("setup") == (code, "", "harmony: 127.0.0.1:9092: nobody answers: run `harmony up`\n")


def test_every_kind_of_failure_has_a_code_of_the_contract():
    kinds = {kind.__name__: kind.exit_code for kind in errors.HarmonyError.__subclasses__()}

    assert set(kinds.values()) <= {1, 2, 65, 69, 75, 78}


@pytest.mark.parametrize(
    "arguments",
    [
        "bogus",
        "--bogus",
        "produce --bogus",
        "produce extra",
        "produce --count",
        "produce --count x",
        "produce --count -1",
        "produce --drones 0",
        "produce --rate 1/fortnight",
        "produce --alert-ratio 1.5",
        "produce --alert-ratio nan",
        "produce --alert-ratio inf",
        "produce --speed 0",
        "produce --speed nan",
        "produce --speed inf --count 1 --output -",
        "produce --output file.jsonl",
        "produce --start 24h --backfill 24h",
        "produce --count 1 --duration 10m",
        "produce --start yesterday --output -",
        "produce --duration soon --output -",
        "produce --output - --run a",
        "produce --output - --instance a",
        "produce --output - --metrics-port 0",
        "stream-alerts --input - --output - --instance a",
        "stream-alerts --input - --output - --metrics-port 0",
        "alert-bot --test --instance a",
        "alert-bot --test --metrics-port 0",
        "stream-alerts --input -",
        "stream-alerts --output -",
        "stream-alerts --input file --output -",
        "stream-alerts --threshold 12",
        "alert-bot --sink smtp",
        "analyze -o xml",
        "analyze --top 0",
        "analyze --since yesterday",
        "status -o csv",
        "setup --log-format xml",
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(arguments: str, harmony: Harmony):
    code, out, err = harmony(*arguments.split())

    assert (code, out) == (2, "")
    assert "Error: " in err or err.startswith("harmony: --")
    assert "Traceback" not in err


def test_the_option_that_was_given_is_the_one_that_is_named(harmony: Harmony):
    assert harmony("produce", "--backfill", "soon", "--output", "-").err.startswith("harmony: --backfill soon: ")
    assert harmony("produce", "--start", "soon", "--output", "-").err.startswith("harmony: --start soon: ")


def test_a_typo_in_the_config_is_78_with_the_path_of_the_key(tmp_path: Path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "harmony.yaml").write_text("alerts: {treshold: 3}\n")

    done = shell(f"{HARMONY} stream-alerts --once", tmp_path)

    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == "harmony: config/harmony.yaml: alerts.treshold: unknown key; did you mean alerts.threshold?\n"


def test_an_unknown_variable_is_78_with_its_name(tmp_path: Path):
    done = shell(f"{HARMONY} setup", tmp_path, HARMONY_KAFKA_PARTITIONS="4")

    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("harmony: environment: HARMONY_KAFKA_PARTITIONS: unknown key; did you mean")
    assert done.stderr.count("\n") == 1


def test_a_config_file_that_is_not_there_is_78(harmony: Harmony):
    assert harmony("setup", "--config", "missing.yaml") == (
        78,
        "",
        "harmony: config file: cannot read missing.yaml: No such file or directory\n",
    )


def test_a_bug_keeps_its_own_exception(harmony: Harmony, stand_in: StandIn):
    stand_in("setup", run=raising(ZeroDivisionError("a bug")))

    with pytest.raises(ZeroDivisionError, match="a bug"):
        harmony("setup")


@pytest.mark.parametrize(
    ("number", "code", "line"),
    [
        (errno.EACCES, 78, "cannot use /srv/x (Permission denied): let harmony use it, or name another place"),
        (errno.EROFS, 78, "cannot use /srv/x (Read-only file system): let harmony use it, or name another place"),
        (errno.ENOSPC, 75, "cannot write /srv/x (No space left on device): make room, and try again"),
    ],
)
def test_a_place_that_the_system_refuses_is_one_line(
    number: int, code: int, line: str, harmony: Harmony, stand_in: StandIn
):
    stand_in("setup", run=raising(OSError(number, os.strerror(number), "/srv/x")))

    left = harmony("setup")

    assert (left.code, left.err.count("\n")) == (code, 1)
    assert left.err.startswith(f"harmony: {line}")


@pytest.mark.parametrize(
    "fault",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/srv/x"),
        PermissionError(errno.EACCES, "Permission denied"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
    ],
)
def test_what_names_no_place_or_no_refusal_is_a_bug(fault: OSError, harmony: Harmony, stand_in: StandIn):
    stand_in("setup", run=raising(fault))

    with pytest.raises(type(fault)):
        harmony("setup")


@pytest.mark.parametrize("command", ["up", "down", "demo --exit", "produce --count 1"])
def test_a_home_below_a_file_is_78_and_named(command: str, tmp_path: Path):
    (tmp_path / "file").touch()

    done = shell(f"{HARMONY} {command}", tmp_path, HARMONY_LOCAL__HOME=f"{tmp_path}/file/home")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1)
    assert done.stderr.startswith(f"harmony: cannot use {tmp_path}/file/home")


def test_a_reason_that_finds_no_room_keeps_its_exit_code(tmp_path: Path):
    assert shell(f"{HARMONY} setup 2> /dev/full", tmp_path, HARMONY_X="1").returncode == 78


def test_output_that_finds_no_room_is_75(tmp_path: Path):
    done = shell(f"{HARMONY} produce --count 3 --output - > /dev/full", tmp_path)

    assert (done.returncode, done.stderr) == (
        75,
        "harmony: cannot write (No space left on device): make room, and try again\n",
    )


@pytest.mark.parametrize("closed", [">&-", "<&-", ">&- <&-"])
def test_a_closed_stream_takes_nothing_from_the_reason(closed: str, tmp_path: Path):
    done = shell(f"{HARMONY} setup {closed}", tmp_path, HARMONY_X="1")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1)
    assert done.stderr.startswith("harmony: environment: HARMONY_X: unknown key")


@pytest.mark.parametrize("closed", ["2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_a_reason_whose_stream_is_closed_goes_nowhere_else(closed: str, tmp_path: Path):
    done = shell(f"{HARMONY} setup {closed}", tmp_path, HARMONY_X="1")

    assert (done.returncode, done.stdout, done.stderr) == (78, "", "")


@pytest.mark.parametrize(
    "typed",
    [
        "produce --count 3 --output - >&-",
        "stream-alerts --input - --output - <&-",
        "stream-alerts --input - --output - <&- >&- 2>&-",
        "--help >&-",
        "--version >&- 2>&-",
    ],
)
def test_a_closed_stream_is_as_good_as_dev_null(typed: str, tmp_path: Path):
    done = shell(f"{HARMONY} {typed}", tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_file_takes_the_place_of_a_closed_stream_and_a_child_finds_it_open(tmp_path: Path):
    script = """
import os, subprocess, sys
from harmonystate.cli.streams import open_what_is_closed
open_what_is_closed()
print("ours")
log = open("log", "w")
child = subprocess.run([sys.executable, "-c", "import sys; print(sys.stdin.read(), end=str()); sys.exit(7)"])
os._exit(child.returncode if log.fileno() > 2 else 1)
"""
    done = shell(f"{sys.executable} -c '{script}' <&- >&-", tmp_path)

    assert (done.returncode, done.stderr) == (7, "")
    assert (tmp_path / "log").read_text() == ""


def test_a_bug_is_1_with_a_traceback(tmp_path: Path):
    script = """
import sys, types, harmonystate.commands as commands
commands.setup = types.SimpleNamespace(run=lambda config: 1 // 0)
sys.argv = ["harmony", "setup"]
from harmonystate.cli import main
main()
"""
    done = shell(f"{sys.executable} -c '{script}'", tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert done.stderr.endswith("ZeroDivisionError: integer division or modulo by zero\n")


def test_control_c_before_a_command_runs_is_130_without_a_traceback(harmony: Harmony, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("harmonystate.config.load", raising(KeyboardInterrupt()))
    code, out, err = harmony("setup")

    assert (code, out) == (130, "")
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) <= 1


def test_control_c_at_a_prompt_is_130(harmony: Harmony, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(readline=raising(KeyboardInterrupt())))
    stand_in("stack", down=lambda *_, **__: int(typer.confirm("Remove all data?")))

    assert harmony("down", "--wipe").code == 130


@pytest.mark.parametrize("command", ["setup", "produce"])
def test_sigterm_is_0_also_before_there_is_anything_to_finish(command: str, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        child = subprocess.Popen(
            [*HARMONY.split(), command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
            env=bare(tmp_path) | {"HARMONY_KAFKA__BOOTSTRAP_SERVERS": address},
        )  # fmt: skip
        connection, _ = silent.accept()
        child.send_signal(signal.SIGTERM)

        assert child.communicate(timeout=180) == (b"", b"")
        connection.close()
    assert child.returncode == 0


@pytest.mark.parametrize("code", [0, 1])
def test_a_command_that_takes_control_c_says_itself_how_it_ended(code: int, harmony: Harmony, stand_in: StandIn):
    def run(*_: object, **__: object) -> int:
        with suppress(KeyboardInterrupt):
            raise KeyboardInterrupt
        return code

    stand_in("demo", run=run)

    assert harmony("demo").code == code


def test_a_command_that_leaves_while_it_takes_control_c_says_so_too(harmony: Harmony, stand_in: StandIn):
    def run(*_: object, **__: object) -> int:
        try:
            return raising(KeyboardInterrupt())()  # type: ignore[no-any-return]
        except KeyboardInterrupt:
            raise typer.Exit(0) from None

    stand_in("demo", run=run)

    assert harmony("demo").code == 0


# What a command prints and does not flush, Python would flush at its very end, and say so on stderr.
PRINTING = """
import sys, types, harmonystate.commands as commands
commands.setup = types.SimpleNamespace(run=lambda config: print("done") or 0)
sys.argv = ["harmony", "setup"]
from harmonystate.cli import main
main()
"""


@pytest.mark.parametrize(
    "arguments",
    [
        *(["-m", "harmonystate", *typed.split()] for typed in ("produce --count 3 --output -", "--help", "--version")),
        ["-c", PRINTING],
    ],
)
def test_a_reader_that_goes_away_is_141_and_nothing_is_said(arguments: list[str], tmp_path: Path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, *arguments],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        cwd=tmp_path,
        env=bare(tmp_path),
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (141, b"")


def test_head_takes_its_line_and_the_rest_is_141(tmp_path: Path):
    done = shell(f"{HARMONY} produce --count 100000 --seed 1 --output - | head -1", tmp_path)

    assert (done.returncode, done.stderr) == (141, "")
    assert done.stdout.startswith('{"reportId":"')
    assert done.stdout.count("\n") == 1
