"""Disks of this host: is there room, and may we write."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from harmonystate.commands.doctor.examining import Category, Look
from harmonystate.config import Config
from harmonystate.core.checkup import Finding, fail, ok, warn

GIB = 1024**3
# A full disk cuts checkpoints, and stops the local Kafka and Cassandra.
FEW_BYTES, NO_BYTES = 5 * GIB, 1 * GIB


def room(config: Config) -> Iterator[Finding]:
    """Look at the folders that we write to."""
    folders = {"home": config.local.home, "cache of jars": platformdirs.user_cache_path("harmony")}
    for name, folder in folders.items():
        there = nearest(folder)
        if not os.access(there, os.W_OK | os.X_OK):
            yield fail(f"{name} {folder}: we may not write there", "let its owner be who runs harmony")
            continue
        yield judge(f"{name} {folder}", shutil.disk_usage(there).free)


def nearest(folder: Path) -> Path:
    """Return the folder, or the first one above it that exists: it is made when it is needed."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def judge(what: str, free: int) -> Finding:
    """Say whether so many free bytes are enough."""
    says = f"{what}: {free / GIB:.1f} GiB free"
    if free < NO_BYTES:
        return fail(says)
    return warn(says) if free < FEW_BYTES else ok(says)


DISK = Category("disk", (Look("disk-room", "make room, or set local.home to a larger disk", room),))
