"""The two servers together, stand-ins for both: whatever happens while they start, none is left alone."""

from pathlib import Path

import pytest

from harmonystate.edges.local import server, servers
from harmonystate.edges.local.server import Server
from harmonystate.errors import Unavailable

SUPPLIES = servers.Supplies(Path("jdk"), {"kafka": (), "cassandra": ()})


def answering(name: str) -> Server:
    return Server(name, name, Path(name), "127.0.0.1", 1, (), (), lambda *_: None, lambda *_: True)


@pytest.fixture
def killed(monkeypatch) -> list[str]:
    """Those that were killed: ^C is pressed while one is asked to stop, and again while one is killed."""
    names = []

    def stop(_folder: Path) -> None:
        raise KeyboardInterrupt

    def kill(folder: Path) -> None:
        names.append(folder.name)
        if len(names) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(server, "start", lambda *_: None)
    monkeypatch.setattr(server, "stop", stop)
    monkeypatch.setattr(server, "kill", kill)
    return names


def test_a_control_c_while_an_up_is_undone_leaves_no_server_running(monkeypatch, killed):
    """It left the other one running, or both."""

    def dies(*_: object) -> None:
        raise Unavailable("died while starting")

    monkeypatch.setattr(server, "await_answer", dies)

    with pytest.raises(KeyboardInterrupt):
        servers.start_all([answering("kafka"), answering("cassandra")], SUPPLIES, lambda _: None)

    assert sorted(killed) == ["cassandra", "kafka"]


def test_servers_that_have_started_are_left_alone(monkeypatch, killed):
    monkeypatch.setattr(server, "await_answer", lambda *_: None)
    started = []

    servers.start_all([answering("kafka"), answering("cassandra")], SUPPLIES, lambda one: started.append(one.name))

    assert (sorted(started), killed) == (["cassandra", "kafka"], [])
