"""What is told in one message, and what may become of it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from harmonystate.core.alert import RaisedAlert


class Undelivered(Exception):
    """A message did not get through.

    Attributes:
        refused: what it holds was refused (400): the same again is refused again.
        unknown: it may have got through all the same: only the same message may follow, under the same nonce.
        wait_s: wait at least so long before the next try, seconds; None = whoever tries decides.
    """

    def __init__(
        self, reason: str, *, refused: bool = False, unknown: bool = False, wait_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.refused = refused
        self.unknown = unknown
        self.wait_s = wait_s


class Form(Enum):
    """How alerts are told; what is refused takes another form: alone as a card, then as text."""

    CARD = "card"
    DIGEST = "digest"
    CARD_ALONE = "card alone"
    TEXT = "text"


class Message(NamedTuple):
    """One message to be posted.

    Attributes:
        alerts: never empty, in the order in which they are shown; one of them in the forms CARD_ALONE and TEXT.
        roles: ids of the roles it mentions; nobody else is ever mentioned.
    """

    alerts: tuple[RaisedAlert, ...]
    form: Form
    roles: tuple[int, ...] = ()

    @property
    def nonce(self) -> str:
        """What makes Discord take the same message only once: at most 25 characters.

        Text is another message: a card that was taken and shows no ids must not be returned for it.
        """
        first = short_id(self.alerts[0].alert_id)
        return first + "T" if self.form is Form.TEXT else first


class Edit(NamedTuple):
    """A message of cards that stands in the channel, to be changed: on some of them, who was seen again.

    Attributes:
        message: as it was posted.
        told_at: when; what its cards say of their age stays as it was.
        again: alerts that are counted on a card instead of one of their own, in order, by the id of the card's alert.
        adds: which of those are new.
    """

    message_id: str
    message: Message
    told_at: datetime
    again: Mapping[str, tuple[RaisedAlert, ...]]
    adds: tuple[RaisedAlert, ...]

    @property
    def alerts(self) -> tuple[RaisedAlert, ...]:
        """What it is to deliver."""
        return self.adds


def short_id(alert_id: str) -> str:
    """Return an alert's id in 22 characters, base64url (RFC 4648, section 5)."""
    return urlsafe_b64encode(UUID(alert_id).bytes).rstrip(b"=").decode()


def long_id(short: str) -> str:
    """Return the alert's id that `short_id` made 22 characters of.

    Raises:
        ValueError: when it is none of those.
    """
    return str(UUID(bytes=urlsafe_b64decode(short + "==")))


def link_of(channel_id: str, message_id: str, *, guild: str | None) -> str:
    """Return where a message of Discord stands: a link, or its ids where the channel's server (`guild`) is unknown."""
    if guild is None:
        return f"channel {channel_id}, message {message_id}"
    return f"https://discord.com/channels/{guild}/{channel_id}/{message_id}"
