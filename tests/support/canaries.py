"""Looks for secrets and names where none may be: in command lines while the body runs, and in files afterwards."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from harmonystate.edges.local.data import read_people

EVERY_S = 0.05
BEGINNING = 4


@contextmanager
def watching_command_lines(secrets: Iterable[str]) -> Iterator[set[str]]:
    """Look at the command lines of all processes, again and again; yields those that hold a secret."""
    wanted, found, done = list(secrets), set[str](), threading.Event()

    def watch() -> None:
        while not done.wait(EVERY_S):
            found.update(line for line in _command_lines() if any(secret in line for secret in wanted))

    watcher = threading.Thread(target=watch, name="canaries")
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


def files_with(secrets: Iterable[str], folder: Path) -> list[Path]:
    """Return the files below `folder` that hold a secret."""
    wanted = [secret.encode() for secret in secrets]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(secret in path.read_bytes() for secret in wanted)]


def names_in(text: str) -> list[str]:
    """Return whom of the city's people a text names, in full, in either order."""
    people = read_people()
    # Most names are in no log, as their first letters show: to look for each of the pairs would take a minute.
    beginnings = {text[place : place + size] for size in range(1, BEGINNING + 1) for place in range(len(text))}
    names = {name for person in people for name in person}
    there = {name for name in names if name[:BEGINNING] in beginnings and name in text}
    spelt = {
        name
        for first, last in people
        if first in there and last in there
        for name in (f"{first} {last}", f"{last} {first}", f"{last}, {first}")
    }
    return sorted(name for name in spelt if name in text)


def _command_lines() -> Iterator[str]:
    for process in psutil.process_iter():
        try:
            yield " ".join(process.cmdline())
        except psutil.Error:
            continue
