"""A record that is not a report, on its way to the topic dead-letter with the reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from harmonystate.core.record import Outgoing, Place
from harmonystate.core.wire import NotAReport, format_time

# Headers are named as in KIP-1034, so that tools for Kafka Streams' dead letters read ours.
TOPIC, PARTITION, OFFSET = (f"__streams.errors.{part}" for part in ("topic", "partition", "offset"))
EXCEPTION, MESSAGE = "__streams.errors.exception", "__streams.errors.message"
STAGE, TIME, SIZE = "harmony.stage", "harmony.time", "harmony.size"
# Where a record that was sent back came from: topic/partition/offset of its dead letter. Kept when it is buried again.
REPLAYED_FROM = "harmony.replayed-from"

MAX_VALUE_BYTES = 1024 * 1024


def bury(  # noqa: PLR0913 - what a dead letter tells is that much
    place: Place,
    key: bytes | None,
    value: bytes | None,
    fault: NotAReport,
    *,
    stage: str,
    at: datetime,
    topic: str,
    headers: Sequence[tuple[str, bytes]] = (),
) -> Outgoing:
    """Return the dead letter of a record.

    Args:
        place: where the record stands; a replay that finds the same place finds the same letter.
        key: the record's own.
        value: its bytes, of which the first MiB is kept (then the header `harmony.size` tells how many there were).
            No value stays none, unless there is no key either: Kafka's client refuses a record of nothing.
        fault: why it is not a report; its message names the field's path and never a value.
        stage: the command that found it.
        at: when; UTC.
        topic: the name of the topic dead-letter.
        headers: the record's own, of which REPLAYED_FROM is kept.
    """
    told = [
        (TOPIC, place.topic.encode()),
        (PARTITION, b"%d" % place.partition),
        (OFFSET, b"%d" % place.offset),
        (EXCEPTION, type(fault).__name__.encode()),
        (MESSAGE, str(fault).encode()),
        (STAGE, stage.encode()),
        (TIME, format_time(at).encode()),
    ]
    if value is not None and len(value) > MAX_VALUE_BYTES:
        told.append((SIZE, b"%d" % len(value)))
        value = value[:MAX_VALUE_BYTES]
    if key is None and value is None:
        value = b""
    told += [header for header in headers if header[0] == REPLAYED_FROM]
    return Outgoing(topic, key, value, told)


class Burial(NamedTuple):
    """What a dead letter says of the record that it keeps.

    Attributes:
        stage: the command that found it.
        fault: why it is no report; "" when the letter does not say.
        at: when it was found, as it is written there.
        size: bytes of the whole record, where only the first MiB is kept; else None.
    """

    place: Place
    stage: str
    fault: str
    at: str
    size: int | None


def read_burial(headers: Sequence[tuple[str, bytes]]) -> Burial | None:
    """Read the headers that `bury` wrote; None when they do not say where the record stood."""
    said = {name: value.decode(errors="replace") for name, value in headers if value is not None}
    try:
        place = Place(said[TOPIC], int(said[PARTITION]), int(said[OFFSET]))
        size = int(said[SIZE]) if SIZE in said else None
    except (KeyError, ValueError):
        return None
    return Burial(place, said.get(STAGE, ""), said.get(MESSAGE, ""), said.get(TIME, ""), size)
