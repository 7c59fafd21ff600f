"""`harmony` called in this process, and stand-ins for its commands."""

import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import structlog

import harmonystate.commands
from harmonystate.cli import main


class Outcome(NamedTuple):
    code: object
    out: str
    err: str


Harmony = Callable[..., Outcome]
StandIn = Callable[..., None]


@pytest.fixture
def harmony(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, _process_as_it_was: None
) -> Harmony:
    """Call main() with these arguments, in an empty folder; a bug comes out as its own exception."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config-home"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr("sys.argv", ["harmony", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        return Outcome(left.value.code, *capsys.readouterr())

    return call


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Put functions in the place of a command's module, which is not imported."""

    def replace(command: str, **functions: Any) -> None:
        monkeypatch.setattr(harmonystate.commands, command, SimpleNamespace(**functions), raising=False)

    return replace


@pytest.fixture
def _process_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("harmony")
    on_signal = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    levels, handlers, config = (root.level, ours.level), root.handlers[:], structlog.get_config()
    yield
    for number, handler in on_signal.items():
        signal.signal(number, handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    root.handlers[:] = handlers
    structlog.configure(**config)
