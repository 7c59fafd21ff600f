"""Looks for secrets and names where none may be: in command lines while the body runs, and in files afterwards."""

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from harmonystate.edges.local.data import read_people

EVERY_S = 0.05
BEGINNING = 4

_LETTER = r"[^\W\d_]"
# Between first and last name: what is no word, but for the key of the second. Where that stands, even a new line.
_BETWEEN = r"(?:(?:[^\w\n]|_)+|[\W_]+(?i:first|last)_?(?i:name)[\W_]+)"
# As JSON and repr write a character, however often that was written anew.
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|[nrt])")


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
    """Return whom of the city's people a text names in full: as people write it, as records, rows and objects do."""
    people, text = read_people(), _ESCAPE.sub(_unescaped, text)
    # Most names are in no log, as their first letters show: to look for each of the pairs would take a minute.
    beginnings = {text[place : place + size] for size in range(1, BEGINNING + 1) for place in range(len(text))}
    names = {name for person in people for name in person}
    there = {name for name in names if name[:BEGINNING] in beginnings and name in text}
    return sorted(
        f"{first} {last}"
        for first, last in people
        if first in there and last in there and (_in_a_row(first, last, text) or _in_a_row(last, first, text))
    )


def _in_a_row(one: str, other: str, text: str) -> bool:
    # What is asked of the letter before stands behind the name: a pattern that begins with its text is looked for fast.
    name = re.escape(one)
    return re.search(rf"{name}(?<!{_LETTER}{name}){_BETWEEN}{re.escape(other)}(?!{_LETTER})", text) is not None


def _unescaped(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else " "


def _command_lines() -> Iterator[str]:
    for process in psutil.process_iter():
        try:
            yield " ".join(process.cmdline())
        except psutil.Error:
            continue
