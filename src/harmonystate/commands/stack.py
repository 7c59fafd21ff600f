"""`harmony up` and `harmony down`: a local Kafka and Cassandra in the background."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import typer

from harmonystate.config import Config
from harmonystate.edges.local import servers
from harmonystate.edges.local.home import Home
from harmonystate.edges.local.server import Server, await_answer

Tell = Callable[..., object]


def up(config: Config) -> int:
    """Start what does not run yet, and wait until it answers."""
    home = Home(config.local.home)
    with servers.one_at_a_time(home):
        wanted = servers.local_servers(config)
        missing = servers.absent(wanted)
        supplies = servers.supplies_for(missing) if missing else None
        with _telling("starting") as tell:
            for server in wanted:
                if server not in missing:
                    # It may have been started a moment ago, by an `up` that was killed.
                    await_answer(server, threading.Event())
                    tell("runs already", server=server.name, at=server.address)
            if supplies:
                servers.start_all(missing, supplies, _timed(tell))
            tell("to stop them: harmony down", home=str(home.root))
    return 0


def down(config: Config, *, wipe: bool, yes: bool) -> int:
    """Stop both; with `wipe`, remove their data and the checkpoints too, after asking unless `yes`."""
    home = Home(config.local.home)
    if wipe and not yes and not _agreed(home):
        return 0
    with servers.one_at_a_time(home), _telling("stopping") as tell:
        for name, went in servers.stop_all(home).items():
            tell(_parting(went), server=name)
        for folder in servers.wipe(home) if wipe else ():
            tell("removed", folder=str(folder))
    return 0


def _timed(tell: Tell) -> Callable[[Server], None]:
    began = time.monotonic()

    def on_start(server: Server) -> None:
        tell("started", server=server.name, at=server.address, seconds=round(time.monotonic() - began, 1))

    return on_start


def _parting(went: bool | None) -> str:
    if went is None:
        return "did not run"
    return "stopped" if went else "killed: it did not stop within 30 s"


def _agreed(home: Home) -> bool:
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is here to ask: add --yes", param_hint="--wipe")
    question = f"Remove all data of Kafka and Cassandra, and all checkpoints, in {home.root}?"
    return typer.confirm(question, err=True)


@contextmanager
def _telling(doing: str) -> Iterator[Tell]:
    """Yield what tells of an event and its circumstances: in words under a spinner on a terminal, else to the log."""
    if not (sys.stderr.isatty() and logging.getLogger("harmony").isEnabledFor(logging.INFO)):
        yield structlog.get_logger("harmony.stack").info
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with console.status(f"{doing} Kafka and Cassandra"):
        yield lambda event, **circumstances: console.print(_line(event, circumstances), soft_wrap=True)


def _line(event: str, circumstances: dict[str, object]) -> str:
    """Put in one line what the log has in fields: `Kafka      127.0.0.1:9092   started in 2.3 s`."""
    server, at, seconds = (circumstances.pop(name, None) for name in ("server", "at", "seconds"))
    columns = (f"{server:<10} " if server else "") + (f"{at:<16} " if at else "")
    others = "".join(f"{name} {value}, " for name, value in circumstances.items())
    return f"{columns}{others}{event}" + (f" in {seconds} s" if seconds else "")
