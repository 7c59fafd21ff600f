"""data/jars.lock: which jars, by name and by content."""

import importlib.resources
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple


class Jar(NamedTuple):
    """A line of the lock.

    Attributes:
        sets: who needs it: kafka, cassandra, spark.
        classifier: "" without one.
        sha256: of its bytes, in lower-case hex.
        size: in bytes.
    """

    sets: frozenset[str]
    group: str
    name: str
    version: str
    classifier: str
    sha256: str
    size: int

    @property
    def coordinates(self) -> str:
        """Return `group:artifact:version`, with `:classifier` where there is one."""
        return ":".join(filter(None, (self.group, self.name, self.version, self.classifier)))

    @property
    def path(self) -> PurePosixPath:
        """Return where it lies in a folder laid out as a Maven repository."""
        file = "-".join(filter(None, (self.name, self.version, self.classifier)))
        return PurePosixPath(*self.group.split("."), self.name, self.version, f"{file}.jar")


def read_lock() -> tuple[Jar, ...]:
    """Read the lock that we ship."""
    text = (importlib.resources.files("harmonystate") / "data/jars.lock").read_text()
    return tuple(parse_lock(text.splitlines()))


def parse_lock(lines: Iterable[str]) -> Iterator[Jar]:
    """Yield each jar once, in the order of its first line; a jar of several sets has a line for each.

    Raises:
        ValueError: naming the line that is not `set coordinates sha256 size`.
    """
    jars: dict[str, Jar] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            jar = _parse(line)
        except ValueError:
            raise ValueError(f"jars.lock: line {number}: expected `set coordinates sha256 size`") from None
        known = jars.get(jar.coordinates, jar)
        if (known.sha256, known.size) != (jar.sha256, jar.size):
            raise ValueError(f"jars.lock: line {number}: {jar.coordinates} is there already, with other content")
        jars[jar.coordinates] = known._replace(sets=known.sets | jar.sets)
    yield from jars.values()


def _parse(line: str) -> Jar:
    name, coordinates, sha256, size = line.split()
    group, artifact, version, *classifier = coordinates.split(":")
    if len(classifier) > 1 or len(bytes.fromhex(sha256)) != 32:
        raise ValueError
    return Jar(frozenset([name]), group, artifact, version, "".join(classifier), sha256, int(size))
