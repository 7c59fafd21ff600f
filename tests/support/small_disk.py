"""A disk of a few megabytes, in memory, that a test may fill; to mount one needs root."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MB = 1024 * 1024
_ROUGH = MB // 4


class SmallDisk:
    """What is mounted at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, leave: int = 0) -> None:
        """Take all room, but for some bytes."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (_ROUGH, 4096, 1):
                while self._take(file.fileno(), size):
                    pass
            file.truncate(max(0, file.tell() - leave))

    def free(self) -> None:
        """Give it back."""
        self._filler.unlink()

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"

    @staticmethod
    def _take(descriptor: int, size: int) -> bool:
        try:
            return os.write(descriptor, bytes(size)) == size
        except OSError as fault:
            if fault.errno != errno.ENOSPC:
                raise
            return False


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[SmallDisk]:
    """Lend a disk of `size` bytes; a test that may not mount one is skipped."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a disk of its own needs root: {done.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
