"""People whom the store is to forget: kept as ids, because a list of their names would remember them."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import msgspec

from harmonystate.core import ids
from harmonystate.core.card import clean
from harmonystate.core.report import Person, Report


class Forgetting(NamedTuple):
    """What is to be forgotten of one person.

    Attributes:
        until: what was heard before this moment.
        ahead: ids of reports that were there by then and are of a later time, for a drone's clock may be wrong.
    """

    until: datetime
    ahead: frozenset[str] = frozenset()


# By id of the person.
Forgotten = Mapping[str, Forgetting]


@lru_cache(maxsize=1 << 16)  # few people are heard often
def as_shown(name: str) -> str:
    """Return a name as a card shows it, with its accents composed: what looks the same is the same."""
    return unicodedata.normalize("NFC", clean(name))


def id_of_name(name: str) -> str:
    """Return what a forgotten person is known by; whoever knows the name can make it, nobody can read it back."""
    return ids.id_of_text(f"forgotten/{as_shown(name)}")


def name_of(person: Person) -> str:
    """Return a person's name as one writes it on a command line, however a producer has spelt it."""
    return f"{as_shown(person.firstname)} {as_shown(person.lastname)}"


def without(report: Report, forgotten: Forgotten) -> Report:
    """Return the report as the store may keep it: without the persons who are forgotten."""
    if not forgotten:
        return report
    persons = tuple(person for person in report.persons if not _is_over(person, report, forgotten))
    return report if len(persons) == len(report.persons) else msgspec.structs.replace(report, persons=persons)


def splits(name: str) -> Iterator[tuple[str, str]]:
    """Yield every first and last name that `name` may be made of: either may hold spaces."""
    for at, character in enumerate(name):
        if character == " " and name[:at] and name[at + 1 :]:
            yield name[:at], name[at + 1 :]


def shard_of(firstname: str, lastname: str, shards: int) -> int:
    """Return the shard of a person's rollups, as `frames.hour_frames` deals them out."""
    return crc32((lastname + firstname).encode()) % shards


def _is_over(person: Person, report: Report, forgotten: Forgotten) -> bool:
    told = forgotten.get(id_of_name(name_of(person)))
    return told is not None and (report.time < told.until or report.report_id in told.ahead)
