"""Many dead letters at a glance: how many of each fault, since when, until when."""

import re
from collections.abc import Set
from datetime import datetime

from msgspec import Struct

from harmonystate.core.dead_letter import Burial
from harmonystate.core.record import Place

_NUMBER = re.compile(r"\b(byte|line|column) \d+")


class Letter(Struct, frozen=True):
    """A dead letter without what it keeps.

    Attributes:
        place: where it stands; written: when it was.
        burial: what it says of its record; None = nothing that we can read.
        returned: its record had been sent back before it was buried.
        size: bytes that it keeps.
    """

    place: Place
    written: datetime
    burial: Burial | None
    returned: bool
    size: int


class Choice(Struct, frozen=True):
    """Which dead letters are meant.

    Attributes:
        stage: who buried them; None = anyone. since: when at the earliest; None = ever.
        at: their (partition, offset); empty = all.
    """

    stage: str | None = None
    since: datetime | None = None
    at: Set[tuple[int, int]] = frozenset()

    def takes(self, letter: Letter) -> bool:
        """Say whether a letter is meant."""
        return (
            (self.stage is None or (letter.burial is not None and letter.burial.stage == self.stage))
            and (self.since is None or letter.written >= self.since)
            and (not self.at or (letter.place.partition, letter.place.offset) in self.at)
        )


class Group(Struct):
    """Letters of one stage with one fault; where a fault counts bytes, "byte N" is one."""

    stage: str
    fault: str
    count: int
    first: datetime
    last: datetime


def group(letters: "list[Letter]") -> list[Group]:
    """Return the groups, the largest first."""
    groups: dict[tuple[str, str], Group] = {}
    for letter in letters:
        stage, fault = (letter.burial.stage, letter.burial.fault) if letter.burial else ("", "it does not say")
        fault = _NUMBER.sub(r"\1 N", fault)
        known = groups.setdefault((stage, fault), Group(stage, fault, 0, letter.written, letter.written))
        known.count += 1
        known.first, known.last = min(known.first, letter.written), max(known.last, letter.written)
    return sorted(groups.values(), key=lambda group: (-group.count, group.stage, group.fault))


def parse_at(text: str) -> tuple[int, int]:
    """Read PARTITION:OFFSET.

    Raises:
        ValueError: when it is not that.
    """
    match = re.fullmatch(r"(\d{1,9}):(\d{1,18})", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text}: expected PARTITION:OFFSET, such as 3:4711")
    return int(match[1]), int(match[2])


def spell_bytes(value: bytes) -> str:
    """Write bytes so that no terminal is steered by them and nothing is lost.

    What is not printable, and the backslash, is escaped byte by byte, as Python does.
    """
    text = value.decode("utf-8", "surrogateescape")
    return "".join(c if c.isprintable() and c != "\\" else _escape(c) for c in text)


def _escape(character: str) -> str:
    return repr(character.encode("utf-8", "surrogateescape"))[2:-1]
