"""Puts a damaged local checkpoint right by moving files aside, never by deleting or writing any.

Where only the newest batch's note is damaged, it alone goes: Spark does that batch again. Otherwise all of it goes, and
the topic is read from its beginning again. Both are harmless: the same rows are written once more.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from harmonystate.errors import Misconfigured

_CRC_MAGIC = b"crc\0"
# Hadoop takes file:/folder and file:///folder alike, and hdfs:/folder for one of its default file system.
_FILE, _SCHEME = re.compile(r"\Afile:(?://)?(?=/)"), re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class Damage(NamedTuple):
    """What is wrong with a checkpoint.

    Attributes:
        files: that are damaged, relative to the checkpoint.
        newest: whether they are all of the newest batch, and may go alone.
    """

    files: list[Path]
    newest: bool


def is_local(checkpoint: str) -> bool:
    """Say whether a checkpoint is a folder of this host: it has no scheme, or `file:`."""
    return not _SCHEME.match(_bare(checkpoint))


def local_folder(checkpoint: str) -> Path:
    """Return the folder of a checkpoint.

    Raises:
        Misconfigured: when it is not on this host.
    """
    if not is_local(checkpoint):
        raise Misconfigured(
            f"spark.checkpoint: {checkpoint} is not a folder of this host: remove it by its own tools, "
            "and ingest reads the topic from its beginning again, which is harmless"
        )
    return Path(_bare(checkpoint)).absolute()


def find_damage(folder: Path) -> Damage | None:
    """Look for files that Spark would not start with; None = it is sound, or not there."""
    damaged = [
        path.relative_to(folder) for path in _files(folder) if not _is_sound(path, folder) or _is_ahead(path, folder)
    ]
    if not (folder / "metadata").is_file() and any(_files(folder)):
        damaged.append(Path("metadata"))
    if not damaged:
        return None
    newest = {str(_newest(folder / log).relative_to(folder)) for log in ("offsets", "commits") if _newest(folder / log)}
    return Damage(sorted(damaged), {str(file) for file in damaged} <= newest)


def repair(checkpoint: str, *, now: datetime) -> Path | None:
    """Move what is damaged aside, with all else where that is not enough; return where to, None = it was sound.

    Raises:
        Misconfigured: when the checkpoint is not on this host.
    """
    folder = local_folder(checkpoint)
    damage = find_damage(folder)
    if damage is None:
        return None
    if not damage.newest:
        return set_aside(checkpoint, now=now)
    beside = _beside(folder, now)
    # A batch that is to be planned anew must not be said to be done: what says so goes first, for we may be killed.
    done = {Path("commits", file.name) for file in damage.files if file.parts[0] == "offsets"}
    for file in sorted({*damage.files, *done}):
        # A checksum that is left behind alone would keep Spark from writing the file anew.
        for part in (file.with_name(f".{file.name}.crc"), file):
            if (folder / part).exists():
                (beside / part).parent.mkdir(parents=True, exist_ok=True)
                (folder / part).rename(beside / part)
    return beside


def set_aside(checkpoint: str, *, now: datetime) -> Path | None:
    """Move all of a checkpoint aside; return where to, None = there is none.

    Raises:
        Misconfigured: when the checkpoint is not on this host.
    """
    folder = local_folder(checkpoint)
    if not folder.exists():
        return None
    beside = _beside(folder, now)
    beside.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(beside)
    return beside


def _beside(folder: Path, now: datetime) -> Path:
    return folder.with_name(f"{folder.name}.aside") / f"{now:%Y%m%dT%H%M%S.%fZ}"


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files that Spark starts from."""
    for log in ("offsets", "commits", "sources/0"):
        yield from (path for path in (folder / log).glob("*") if path.name.isdecimal())
    if (folder / "metadata").is_file():
        yield folder / "metadata"


def _newest(log: Path) -> Path:
    return max((path for path in log.glob("*") if path.name.isdecimal()), key=lambda path: int(path.name), default=log)


def _is_sound(path: Path, folder: Path) -> bool:
    """Say whether a file reads as Spark writes it: a version and lines of JSON (metadata: one document)."""
    content = path.read_bytes()
    if not _fits_checksums(content, path.with_name(f".{path.name}.crc")):
        return False
    kind = path.relative_to(folder).parts[0]
    try:
        lines = content.removeprefix(b"\0").decode().splitlines()
        if kind != "metadata" and lines.pop(0) != "v1":
            return False
        documents = [json.loads(line) for line in lines]
    except (ValueError, IndexError):
        return False
    # An offset log holds the batch's own metadata, and where our one source ends.
    return len(documents) == (2 if kind == "offsets" else 1) and all(isinstance(one, dict) for one in documents)


def _is_ahead(path: Path, folder: Path) -> bool:
    """Say whether a file says of a batch behind the newest plan that it is done: Spark could not note it once more."""
    plan = _newest(folder / "offsets").name
    return path.parent.name == "commits" and not (plan.isdecimal() and int(path.name) <= int(plan))


def _fits_checksums(content: bytes, sums: Path) -> bool:
    """Check Hadoop's checksums, where there are any: a magic, the bytes that each covers, and a CRC-32 for each."""
    if not sums.exists():
        return True
    known = sums.read_bytes()
    size = int.from_bytes(known[4:8], "big")
    if known[:4] != _CRC_MAGIC or not size:
        return False
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    return known[8:] == b"".join(crc32(part).to_bytes(4, "big") for part in parts)


def next_offsets(checkpoint: str, topic: str) -> dict[int, int]:
    """Return where Spark would go on reading, by partition: behind the last batch that is done.

    Empty when there is no checkpoint, or none that can be read (`repair` first).

    Raises:
        Misconfigured: when the checkpoint is not on this host.
    """
    folder = local_folder(checkpoint)
    done = _newest(folder / "commits")
    start = folder / "offsets" / done.name if done.name.isdecimal() else folder / "sources/0/0"
    try:
        by_topic = json.loads(start.read_text().splitlines()[-1])
        return {int(partition): int(offset) for partition, offset in by_topic.get(topic, {}).items()}
    except (OSError, ValueError, IndexError, AttributeError):
        return {}


def _bare(checkpoint: str) -> str:
    return _FILE.sub("", checkpoint)
