"""The archive of Spark's loaded classes (Java's AppCDS): with it a local Spark needs 4 CPU-seconds less to start.

It is good for one Java and one class path, which make its name, and takes 150 MB of the user's cache folder. The JVM
looks whether it fits, and does without where it does not. `archive_maker` makes it, in the background, once.
"""

import hashlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import platformdirs

from harmonystate.config import Config
from harmonystate.edges.spark.conf import free_conf, is_local
from harmonystate.edges.spark.java_command import whole_class_path

_UNUSED_FOR_S = 30 * 86_400


def archive_options(archive: Path) -> list[str]:
    """Return the options that let a JVM use an archive; none while there is none."""
    try:
        os.utime(archive)
    except OSError:
        return []
    return [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:disable", "-Xlog:all=error:stderr"]


def archive_path(java_home: Path, class_path: str) -> Path:
    """Return where the archive for this Java and this class path is, or would be."""
    release = java_home / "release"
    java = release.read_bytes() if release.exists() else str(java_home.resolve()).encode()
    name = hashlib.sha256(java + class_path.encode()).hexdigest()[:16]
    return platformdirs.user_cache_path("harmony") / f"spark-{name}.jsa"


def make_in_background(config: Config, *, jars: Sequence[Path], java_home: Path) -> None:
    """Start a process that makes the archive, when it is missing and wanted: for the next run, so nobody waits for it.

    It takes what no other process wants of the cores, and half a minute. Whatever goes wrong with it, nothing is said:
    all works without, and the next run tries again.
    """
    if not (config.spark.make_archive and is_local(config.spark.master)):
        return
    path = archive_path(java_home, whole_class_path(free_conf(config.spark.conf), jars))
    if path.exists():
        return
    with suppress(OSError):
        _start_maker(pickle.dumps((config, tuple(jars), java_home, path)))


def _start_maker(task: bytes) -> None:
    maker = subprocess.Popen(
        [sys.executable, "-m", "harmonystate.edges.spark.archive_maker"],
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # It outlives us: Python shall not complain that we did not wait.
    maker.returncode = 0
    assert maker.stdin is not None  # noqa: S101 - it is a pipe
    with maker.stdin:
        # Through a pipe, for a password may be in it.
        maker.stdin.write(task)


def remove_unused(keep: Path) -> None:
    """Remove archives that no Spark has used for 30 days, such as those of an older Spark."""
    for other in keep.parent.glob("spark-*.jsa"):
        with suppress(OSError):
            if other != keep and time.time() - other.stat().st_mtime > _UNUSED_FOR_S:
                other.unlink()
