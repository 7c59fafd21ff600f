"""A server whose `java` is a script of ours: everything but the JVM is the real thing."""

import os
import socket
import sys
import threading
from pathlib import Path

import psutil
import pytest

from harmonystate.edges.local import process, server
from harmonystate.edges.local.ports import free_ports
from harmonystate.edges.local.server import Server
from harmonystate.errors import Unavailable

LISTENS = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", {port}))
while True:
    listener.accept()
"""
DIES = 'import sys; print("one"); print("two", file=sys.stderr); sys.exit(3)'
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + LISTENS


def connects(host: str, port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex((host, port)) == 0


@pytest.fixture
def make(tmp_path):
    """Make a server and the JAVA_HOME whose java runs `script`; whatever runs is killed at the end."""
    (port,) = free_ports(1)
    folder = tmp_path / "home/kafka"

    def make_one(script: str) -> tuple[Server, Path]:
        java = tmp_path / "jdk/bin/java"
        java.parent.mkdir(parents=True, exist_ok=True)
        java.write_text(f"#!{sys.executable}\n{script.format(port=port)}")
        java.chmod(0o755)

        def prepare(_java_home: Path, _jars: object) -> None:
            (folder / "conf").mkdir(parents=True, exist_ok=True)

        return (
            Server("Kafka", "kafka", folder, "127.0.0.1", port, (), ("kafka.Kafka",), prepare, connects),
            tmp_path / "jdk",
        )

    yield make_one
    server.stop(folder)


def test_a_started_server_is_known_until_it_is_stopped(make):
    one, java_home = make(LISTENS)

    server.start(one, java_home, [])
    server.await_answer(one, threading.Event())

    there = server.running(one.folder)
    assert there is not None
    assert there.address == one.address
    assert os.getsid(there.pid) == there.pid

    assert server.stop(one.folder) is True
    assert server.running(one.folder) is None
    assert not connects(one.host, one.port)
    assert server.stop(one.folder) is None


def test_a_server_that_dies_while_starting_leaves_its_last_words(make):
    one, java_home = make(DIES)

    server.start(one, java_home, [])
    with pytest.raises(Unavailable) as caught:
        server.await_answer(one, threading.Event())

    first, *words = str(caught.value).splitlines()
    assert first == f"Kafka died while starting; see {one.folder / 'log/server.log'}"
    assert sorted(words) == ["  one", "  two"]


def test_a_server_that_never_answers_is_given_up(make):
    one, java_home = make("import time; time.sleep(60)")

    server.start(one, java_home, [])

    with pytest.raises(Unavailable, match=f"Kafka does not answer at {one.address}"):
        server.await_answer(one, threading.Event(), patience_s=0.1)


def test_a_server_that_ignores_sigterm_is_killed_and_that_is_said(make):
    one, java_home = make(IGNORES_SIGTERM)
    server.start(one, java_home, [])
    server.await_answer(one, threading.Event())

    assert server.stop(one.folder, patience_s=0.2) is False
    assert server.running(one.folder) is None


def test_a_server_that_is_looked_for_in_the_middle_of_its_start_is_killed_all_the_same(make, monkeypatch):
    """It was not: where nobody has its name yet, an `up` that was broken off left it running."""
    one, java_home = make(IGNORES_SIGTERM)
    server.start(one, java_home, [])
    server.await_answer(one, threading.Event())
    monkeypatch.setattr(psutil, "process_iter", lambda _attributes: [])

    server.kill(one.folder)

    assert not connects(one.host, one.port)


@pytest.mark.parametrize("content", ["", "4711", "x 127.0.0.1:9092\n", "999999999 127.0.0.1:9092\n"])
def test_a_pid_file_without_its_process_says_nothing(tmp_path, content):
    (tmp_path / "pid").write_text(content)

    assert server.running(tmp_path) is None


def test_a_pid_that_is_another_process_by_now_is_neither_taken_for_the_server_nor_stopped(tmp_path):
    (tmp_path / "pid").write_text(f"{os.getpid()} 127.0.0.1:9092\n")

    assert server.running(tmp_path) is None
    assert server.stop(tmp_path) is None
    assert not (tmp_path / "pid").exists()


def test_a_port_that_somebody_else_holds_is_named_with_its_holder(make):
    one, _ = make(LISTENS)
    with socket.create_server((one.host, one.port)), pytest.raises(Unavailable) as caught:
        server.require_free_ports(one)

    message = str(caught.value)
    assert f"Kafka cannot start: {one.address} is in use by" in message
    assert f"pid {os.getpid()}" in message
    assert "\n" not in message


def test_a_server_is_not_told_our_secrets(make, monkeypatch, tmp_path):
    monkeypatch.setenv("HARMONY_DISCORD__TOKEN", "canary")
    one, java_home = make("import os; print(sorted(os.environ)); print('\\n'.join(os.environ.values()))")

    server.start(one, java_home, [])
    with pytest.raises(Unavailable):
        server.await_answer(one, threading.Event())

    said = (one.folder / "log/console.log").read_text()
    assert "PATH" in said
    assert "HARMONY_DISCORD__TOKEN" not in said
    assert "canary" not in said


def test_last_lines_are_the_last_that_hold_anything(tmp_path):
    (tmp_path / "log").write_text("".join(f"line {number}\n" for number in range(10_000)) + "\n\n")

    assert process.last_lines(tmp_path / "log", 2) == ["line 9998", "line 9999"]
    assert process.last_lines(tmp_path / "none") == []


@pytest.mark.parametrize("end", [server.clear, server.stop])
def test_what_an_up_that_was_killed_left_without_a_pid_file_is_ended_by_up_and_by_down(make, end):
    one, java_home = make(LISTENS)
    server.start(one, java_home, [])
    server.await_answer(one, threading.Event())
    (one.folder / "pid").unlink()

    end(one.folder)

    server.require_free_ports(one)
