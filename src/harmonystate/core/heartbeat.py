"""Whether reports come: said once when they have stopped, and once when they come again."""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec import Struct

from harmonystate.core.card import spell_age
from harmonystate.core.moments import to_ms
from harmonystate.core.record import Outgoing
from harmonystate.core.wire import UNREADABLE

# Beside the silences in their topic; no silence has such an id.
KEY = b"heartbeat"


class Quiet(Struct, frozen=True, rename="camel", omit_defaults=True):
    """It was said that no report comes.

    Attributes:
        last_report: when the last one before that was written; None = there was none.
    """

    last_report: datetime | None = None


class Beat(NamedTuple):
    """What is to be said.

    Attributes:
        nonce: the same from every instance, so that Discord takes it once.
        quiet: what is true once it is said; None = reports come.
    """

    text: str
    nonce: str
    quiet: Quiet | None


def beat_of(
    quiet: Quiet | None, last_report: datetime | None, *, started: datetime, now: datetime, after: timedelta
) -> Beat | None:
    """Return what is to be said now, if anything.

    Args:
        quiet: what was said before.
        last_report: when the newest report was written; None = there is none.
        started: since when we look.
        now: the clock.
        after: how long no report may come.
    """
    silent_for = now - (last_report or started)
    if quiet is None:
        if silent_for < after:
            return None
        text = f"No report for {_span(silent_for)}. Is `harmony produce` running?"
        return Beat(text, _nonce("quiet", last_report), Quiet(last_report))
    if last_report is None or last_report == quiet.last_report or silent_for >= after:
        return None
    gap = f" after {_span(last_report - quiet.last_report)} without one" if quiet.last_report else ""
    return Beat(f"Reports come again{gap}.", _nonce("again", quiet.last_report), None)


def quiet_record(quiet: Quiet | None, *, topic: str) -> Outgoing:
    """Write what was said, so that it is said once also by whoever starts later."""
    return Outgoing(topic, KEY, None if quiet is None else msgspec.json.encode(quiet))


def decode_quiet(value: bytes | None) -> Quiet | None:
    """Read it back; what is none of it is as if nothing had been said."""
    try:
        return msgspec.json.decode(value, type=Quiet) if value else None
    except UNREADABLE:
        return None


def _span(span: timedelta) -> str:
    """Spell it in whole minutes, from one on."""
    minute = timedelta(minutes=1)
    return spell_age(span // minute * minute if span >= minute else span).removesuffix(" 0 s")


def _nonce(word: str, last_report: datetime | None) -> str:
    return f"{word}{to_ms(last_report) if last_report else 0}"
