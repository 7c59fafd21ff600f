"""Whether the pinned jars are here and whole: read anew, whatever is remembered of them. Fetches nothing."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import platformdirs

from harmonystate.edges.local.jar_lock import Jar, read_lock


class Condition(NamedTuple):
    """How it stands with a set of jars in its folder."""

    folder: Path
    total: int
    missing: Sequence[Jar]
    damaged: Sequence[Jar]

    def path_of(self, jar: Jar) -> Path:
        """Return where a jar lies."""
        return self.folder / jar.path


def inspect(name: str, *, cache: Path | None = None, lock: Sequence[Jar] | None = None) -> Condition:
    """Read every jar of the set `name` (kafka, cassandra or spark); see `jars.fetch` for the rest."""
    folder = cache or platformdirs.user_cache_path("harmony") / "jars"
    wanted = [jar for jar in lock or read_lock() if name in jar.sets]
    missing = [jar for jar in wanted if not (folder / jar.path).is_file()]
    here = [jar for jar in wanted if jar not in missing]
    with ThreadPoolExecutor() as pool:
        sums = pool.map(lambda jar: _sha256(folder / jar.path), here)
        damaged = [jar for jar, found in zip(here, sums, strict=True) if found != jar.sha256]
    return Condition(folder, len(wanted), missing, damaged)


def _sha256(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
