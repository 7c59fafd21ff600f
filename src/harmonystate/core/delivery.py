"""The proof that an alert reached Discord, or the terminal: a record of the topic delivery."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.record import Outgoing
from harmonystate.core.wire import UNREADABLE, format_time, parse_time

Kind = Literal["card", "digest", "silenced"]
SILENCED: Kind = "silenced"


class Posted(NamedTuple):
    """A message that stands in a channel.

    Attributes:
        at: when it was delivered; UTC.
        alert_ids: of every alert that the message shows; what is not among them is not delivered by it.
        kind: what it shows them as; text counts as a card, and so does being counted on a card. What is silenced
            stands in no message: `core.silence` says what takes its place.
    """

    channel_id: str
    message_id: str
    at: datetime
    alert_ids: frozenset[str]
    kind: Kind = "card"


class _WireDelivery(Struct, rename="camel"):
    alert_id: str
    report_id: str
    channel_id: str
    message_id: str
    kind: Kind
    delivered_at: str
    age_ms: int


def delivery_record(raised: RaisedAlert, posted: Posted, *, topic: str) -> Outgoing:
    """Write the record that proves an alert delivered; its age, from heard to delivered, is never below 0."""
    age = posted.at - raised.alert.report.time
    delivery = _WireDelivery(
        alert_id=raised.alert_id,
        report_id=raised.alert.report.report_id,
        channel_id=posted.channel_id,
        message_id=posted.message_id,
        kind=posted.kind,
        delivered_at=format_time(posted.at),
        age_ms=max(age // timedelta(milliseconds=1), 0),
    )
    return Outgoing(topic, raised.alert_id.encode(), msgspec.json.encode(delivery))


class DeliveryNote(Struct, rename="camel"):
    """What a record of the topic delivery says; what else it holds is left out."""

    alert_id: str
    report_id: str = ""
    channel_id: str = ""
    message_id: str = ""
    kind: str = ""
    delivered_at: str = ""

    def told_at(self) -> datetime | None:
        """Return when the alert was told; None where it does not say so as we do."""
        with suppress(ValueError):
            return parse_time(self.delivered_at)
        return None


def read_note(value: bytes | None) -> DeliveryNote | None:
    """Read a record of the topic delivery; None when it is none of ours."""
    try:
        return msgspec.json.decode(value or b"", type=DeliveryNote)
    except UNREADABLE:
        return None


class _WireKind(Struct):
    kind: str = ""


def is_silenced(value: bytes | None) -> bool:
    """Say whether a record of the topic delivery is of an alert that nobody was told of."""
    try:
        return msgspec.json.decode(value or b"{}", type=_WireKind).kind == SILENCED
    except UNREADABLE:
        return False
