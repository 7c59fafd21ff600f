"""The pinned jars: fetched once into the user's cache folder, each checked against the lock before its first use."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

import platformdirs
from filelock import Timeout

from harmonystate.edges.local.jar_lock import Jar, read_lock
from harmonystate.edges.local.jar_progress import fetching
from harmonystate.edges.local.stop import Stop, Stopped
from harmonystate.edges.local.turn import take_turn
from harmonystate.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from jgo.maven import MavenContext

THREADS = 16
TRIES = 3
TIMEOUT_S = 30


class Stamp(NamedTuple):
    """What a jar looked like when its content was last checked: while it looks the same, it is not read again."""

    sha256: str
    size: int
    mtime_ns: int


def fetch(
    sets: Sequence[str], *, cache: Path | None = None, lock: Sequence[Jar] | None = None, stop: Stop | None = None
) -> dict[str, tuple[Path, ...]]:
    """Return the jars of each set, fetching what is missing; when nothing is, this takes no time and no network.

    Args:
        sets: of "kafka", "cassandra", "spark".
        cache: where jars are kept; None = the user's cache folder.
        lock: what to fetch; None = data/jars.lock.
        stop: ends it within a moment; what has come whole is kept.

    Raises:
        Unavailable: naming the first jar that cannot be fetched.
        BadInput: naming a jar, new or kept, whose content is not the pinned one.
        Stopped: once `stop` is set.
    """
    stop = stop or Stop()
    stop.raise_if_set()
    folder = cache or platformdirs.user_cache_path("harmony") / "jars"
    wanted = [jar for jar in lock or read_lock() if jar.sets & set(sets)]
    if _unchecked(folder, wanted):
        folder.mkdir(parents=True, exist_ok=True)
        with _our_turn(folder, stop):
            _complete(folder, _unchecked(folder, wanted), stop)
    return {name: tuple(folder / jar.path for jar in wanted if name in jar.sets) for name in sets}


@contextmanager
def _our_turn(folder: Path, stop: Stop) -> Iterator[None]:
    try:
        turn = take_turn(folder / ".lock", f"fetches jars into {folder}", given_up=stop.is_set)
    except Timeout:
        raise Stopped from None
    with turn:
        yield


def _complete(folder: Path, jars: Sequence[Jar], stop: Stop) -> None:
    """Check what is there and fetch the rest, several at a time."""
    here = [jar for jar in jars if (folder / jar.path).exists()]
    missing = [jar for jar in jars if jar not in here]
    _each(here, lambda jar: _check(jar, folder / jar.path))
    if missing:
        _fetch_all(folder, missing, stop)
    _remember(folder, jars)


def _fetch_all(folder: Path, jars: Sequence[Jar], stop: Stop) -> None:
    from jgo.maven import MavenContext, PythonResolver

    # A jar that is half written, or not yet checked, never lies where a complete one would.
    arriving = folder / ".arriving"
    shutil.rmtree(arriving, ignore_errors=True)
    given_up = Event()

    def go_on() -> None:
        stop.raise_if_set()
        if given_up.is_set():
            raise Stopped

    with fetching(jars, go_on) as progress:
        context = MavenContext(PythonResolver(progress_callback=progress), repo_cache=arriving, timeout=TIMEOUT_S)
        _each(jars, lambda jar: _fetch(jar, context, folder, go_on), at_fault=given_up.set)
    shutil.rmtree(arriving, ignore_errors=True)


def _fetch(jar: Jar, context: "MavenContext", folder: Path, go_on: Callable[[], object]) -> None:
    arrived = _download(jar, context, go_on)
    _check(jar, arrived)
    (folder / jar.path).parent.mkdir(parents=True, exist_ok=True)
    arrived.replace(folder / jar.path)


def _download(jar: Jar, context: "MavenContext", go_on: Callable[[], object]) -> Path:
    artifact = context.project(jar.group, jar.name).at_version(jar.version).artifact(jar.classifier, "jar")
    # What requests raises is an OSError without an errno; a full disk has one.
    why: str | None = None
    for _ in range(TRIES):
        go_on()
        try:
            return Path(artifact.resolve())
        except RuntimeError:
            raise Unavailable(f"{jar.coordinates}: the Maven repository does not have it") from None
        except OSError as fault:
            why = fault.strerror
            (context.repo_cache / jar.path).unlink(missing_ok=True)
    reason = why or "the Maven repository cannot be reached"
    raise Unavailable(f"cannot fetch {jar.coordinates}: {reason}; run it again, what has come is kept")


def _check(jar: Jar, path: Path) -> None:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 != jar.sha256:
        raise BadInput(
            f"{jar.coordinates}: its content is not the pinned one (sha256 {sha256[:12]}…, not {jar.sha256[:12]}…): "
            f"delete {path} and run it again"
        )


def _each(jars: Iterable[Jar], do: Callable[[Jar], None], *, at_fault: Callable[[], object] = lambda: None) -> None:
    """Do it for all, several at a time; the first failure, or ^C, ends it once `at_fault` has been called."""
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="jars")
    try:
        for _ in pool.map(do, jars):
            pass
    except BaseException:
        at_fault()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _unchecked(folder: Path, jars: Iterable[Jar]) -> list[Jar]:
    known = _stamps(folder)
    return [jar for jar in jars if known.get(str(jar.path)) != _look(folder / jar.path, jar.sha256)]


def _look(path: Path, sha256: str) -> Stamp | None:
    try:
        seen = path.stat()
    except FileNotFoundError:
        # Never equal to what is remembered, nor to nothing remembered.
        return Stamp(sha256, -1, -1)
    return Stamp(sha256, seen.st_size, seen.st_mtime_ns)


def _stamps(folder: Path) -> dict[str, Stamp]:
    try:
        return {path: Stamp(*stamp) for path, stamp in json.loads((folder / "checked.json").read_bytes()).items()}
    except (FileNotFoundError, ValueError, TypeError):
        return {}


def _remember(folder: Path, jars: Iterable[Jar]) -> None:
    known = _stamps(folder) | {str(jar.path): _look(folder / jar.path, jar.sha256) for jar in jars}
    new = folder / ".checked.json"
    new.write_text(json.dumps(known))
    new.replace(folder / "checked.json")
