"""The buttons under a message of cards. Their ids say all that a press means, so any bot, at any time, understands it.

Discord keeps at most 100 characters. A bot of another version may read them: what it does not know it says so.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from harmonystate.core.ids import id_of_text
from harmonystate.core.message import Form, Message

_VERSION = "harmony1"
_ACKNOWLEDGE, _SILENCE = "ack", "silence"
SILENCED_FOR = timedelta(hours=1)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LARGEST = 2**31 - 1


class Press(NamedTuple):
    """What a press asks for: the whole message is acknowledged, or the drones of all its cards are silenced.

    Attributes:
        drones: whom to silence, in the order of the cards; empty = acknowledge.
        lasts: for how long.
    """

    drones: tuple[int, ...] = ()
    lasts: timedelta = timedelta(0)


class Button(NamedTuple):
    """A button: what stands on it, and its id."""

    label: str
    custom_id: str


def buttons_of(message: Message) -> tuple[Button, ...]:
    """Return the buttons under a message; text and digests have none."""
    if message.form not in (Form.CARD, Form.CARD_ALONE):
        return ()
    drones = dict.fromkeys(raised.alert.report.drone_id for raised in message.alerts)
    return (
        Button("Acknowledge", f"{_VERSION}/{_ACKNOWLEDGE}"),
        Button("Silence 1 h", _silence_id(drones)),
    )


def read_press(custom_id: str) -> Press | None:
    """Return what a button means; None when it is not one of ours, or of a version that we do not know."""
    match custom_id.split("/"):
        case [version, kind] if (version, kind) == (_VERSION, _ACKNOWLEDGE):
            return Press()
        case [version, kind, seconds, drones] if (version, kind) == (_VERSION, _SILENCE):
            return _read_silence(seconds, drones)
        case _:
            return None


def silence_id(message_id: str) -> str:
    """Return the id of the silence that a message's button makes: pressed twice, it is one silence."""
    return id_of_text(f"silence/{message_id}")


def _silence_id(drones: Iterable[int]) -> str:
    # Ten drones of six digits each leave room for the rest.
    return f"{_VERSION}/{_SILENCE}/{SILENCED_FOR // timedelta(seconds=1)}/{'.'.join(map(_base36, drones))}"


def _read_silence(seconds: str, drones: str) -> Press | None:
    try:
        read = tuple(int(drone, 36) for drone in drones.split("."))
        lasts = timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None
    return Press(read, lasts) if lasts > timedelta(0) and all(0 <= drone <= _LARGEST for drone in read) else None


def _base36(number: int) -> str:
    digits = _DIGITS[number % 36]
    while number := number // 36:
        digits = _DIGITS[number % 36] + digits
    return digits
