"""A record that is not a report, on its way to the topic dead-letter with the reason."""

from datetime import datetime

from harmonystate.core.record import Outgoing, Place
from harmonystate.core.wire import NotAReport, format_time

# Headers are named as in KIP-1034, so that tools for Kafka Streams' dead letters read ours.
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
    """
    headers = [
        ("__streams.errors.topic", place.topic.encode()),
        ("__streams.errors.partition", b"%d" % place.partition),
        ("__streams.errors.offset", b"%d" % place.offset),
        ("__streams.errors.exception", type(fault).__name__.encode()),
        ("__streams.errors.message", str(fault).encode()),
        ("harmony.stage", stage.encode()),
        ("harmony.time", format_time(at).encode()),
    ]
    if value is not None and len(value) > MAX_VALUE_BYTES:
        headers.append(("harmony.size", b"%d" % len(value)))
        value = value[:MAX_VALUE_BYTES]
    if key is None and value is None:
        value = b""
    return Outgoing(topic, key, value, headers)
