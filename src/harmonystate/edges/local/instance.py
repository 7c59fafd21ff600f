"""One process per instance name on this host: the name stands in transactional ids and static members."""

import itertools
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from harmonystate.edges.local.home import Home
from harmonystate.errors import BadUsage, Busy

_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]")
# A Kafka group instance id is at most 249 characters, and the stage's name stands before ours.
_MAX_LENGTH = 200


@contextmanager
def claim(home: Path, stage: str, name: str | None) -> Iterator[str]:
    """Hold an instance name of `stage` while the body runs; the system lets go of it when the process dies.

    Args:
        home: `local.home`.
        stage: the command's name.
        name: None takes the first free of `<host>-0`, `<host>-1`, ….

    Yields:
        the name.

    Raises:
        Busy: when `name` is taken on this host.
        BadUsage: when `name` holds anything but ASCII letters, digits, dot, underscore and dash.
    """
    folder = Home(home).locks / stage
    folder.mkdir(parents=True, exist_ok=True)
    claimed, lock = _first_free(folder, stage) if name is None else _named(folder, stage, name)
    try:
        yield claimed
    finally:
        lock.release()


def holder_of(home: Path) -> str:
    """Return what is the same for all who claim their names in this home, of whom one at a time bears a name."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{socket.gethostname()}{home.resolve()}").hex


def _named(folder: Path, stage: str, name: str) -> tuple[str, FileLock]:
    if not name or len(name) > _MAX_LENGTH or name.startswith(".") or _FORBIDDEN.search(name):
        raise BadUsage(f"--instance {name!r}: only letters, digits, . _ and - (at most {_MAX_LENGTH})")
    lock = _try(folder, name)
    if lock is None:
        raise Busy(f"{stage}: instance {name} runs on this host already: stop it, or give another --instance")
    return name, lock


def _first_free(folder: Path, stage: str) -> tuple[str, FileLock]:
    host = _FORBIDDEN.sub("-", socket.gethostname())[:_MAX_LENGTH].lstrip(".") or "host"
    for slot in itertools.count():
        name = f"{host}-{slot}"
        if lock := _try(folder, name):
            return name, lock
    raise AssertionError(stage)


def _try(folder: Path, name: str) -> FileLock | None:
    lock = FileLock(folder / f"{name}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock
