"""Silences: alerts that nobody is told of for a while. As with Alertmanager's, what matches is muted, grave or not.

A silence names nobody: of a person it keeps the id, as `core.forgotten` does. Whoever is silenced has a record of kind
silenced in the topic delivery, so that no alert is ever without one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec import Struct

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.delivery import SILENCED, Posted
from harmonystate.core.durations import parse_duration
from harmonystate.core.matchers import Matchers
from harmonystate.core.record import Outgoing
from harmonystate.core.waiting import Waiting
from harmonystate.core.wire import UNREADABLE

# The "channel" of a silenced alert's delivery; its "message" is the silence.
CHANNEL = "silence"
LONGEST = timedelta(days=365)
# One that ended so long ago is taken out of its topic, as in Alertmanager.
KEPT = timedelta(hours=120)


class Silence(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Mutes what its matchers match from the moment it is known until it ends (UTC).

    Attributes:
        author: who made it, as they name themselves.
    """

    id: str
    matchers: Matchers
    made_at: datetime
    ends_at: datetime
    author: str
    comment: str = ""


class Muted(NamedTuple):
    """Alerts that a silence covers."""

    silence: Silence
    alert_ids: frozenset[str]

    def posted(self, at: datetime) -> Posted:
        """Return what takes the place of the message in which they would stand."""
        return Posted(CHANNEL, self.silence.id, at, self.alert_ids, SILENCED)


class Mute:
    """Finds the silenced among those that wait: looks at each once, and again when other silences are active."""

    def __init__(self) -> None:
        self._active: Sequence[Silence] = ()
        self._looked_at: set[str] = set()

    def among(self, waiting: Iterable[Waiting], active: Sequence[Silence]) -> list[Muted]:
        """Return who is silenced; the first silence that matches is the one that counts."""
        if active != self._active:
            self._active, self._looked_at = active, set()
        if not active:
            return []
        found: dict[str, list[str]] = {silence.id: [] for silence in active}
        looked_at = set()
        for item in waiting:
            looked_at.add(item.alert_id)
            if item.alert_id not in self._looked_at and (silence := silence_of(item.raised, active)):
                found[silence.id].append(item.alert_id)
        self._looked_at = looked_at
        return [Muted(silence, frozenset(found[silence.id])) for silence in active if found[silence.id]]


def silence_of(raised: RaisedAlert, active: Iterable[Silence]) -> Silence | None:
    """Return the first silence that covers an alert."""
    return next((silence for silence in active if silence.matchers.match(raised)), None)


def active_at(now: datetime, silences: Iterable[Silence]) -> tuple[Silence, ...]:
    """Return those that have not ended, in the order in which they end."""
    return tuple(sorted((one for one in silences if now < one.ends_at), key=lambda one: (one.ends_at, one.id)))


def parse_span(text: str) -> timedelta:
    """Parse how long a silence lasts.

    Raises:
        ValueError: when it is no duration, or above LONGEST.
    """
    span = parse_duration(text)
    if span > LONGEST:
        raise ValueError(f"expected at most {LONGEST.days}d")
    return span


def silence_record(silence: Silence, *, topic: str) -> Outgoing:
    """Write a silence as its topic keeps it: the last record of a key counts."""
    return Outgoing(topic, silence.id.encode(), msgspec.json.encode(silence))


def tombstones(silences: Iterable[Silence], *, topic: str, now: datetime) -> list[Outgoing]:
    """Return the records that take those out of the topic that ended long ago."""
    return [Outgoing(topic, one.id.encode(), None) for one in silences if one.ends_at + KEPT < now]


def decode_silence(value: bytes) -> Silence | None:
    """Read a silence; None when it is none, which mutes nothing."""
    try:
        return msgspec.json.decode(value, type=Silence)
    except UNREADABLE:
        return None
