"""silence: mutes alerts for a while; after Alertmanager's amtool. What is silenced is recorded, not lost."""

import getpass
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

import msgspec

from harmonystate.config import Config
from harmonystate.core.matchers import parse_matchers
from harmonystate.core.silence import Silence, active_at, parse_span, silence_record, tombstones
from harmonystate.edges.console.silences import write_silences as show
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.connect import require
from harmonystate.edges.kafka.silences import read_silences, write_silences
from harmonystate.errors import BadUsage, CheckFailed

_Parsed = TypeVar("_Parsed")


def add(config: Config, matchers: Sequence[str], *, lasts: str, author: str | None, comment: str) -> int:
    """Mute what meets every matcher, and say the silence's id on stdout.

    Raises:
        BadUsage: when a matcher or the duration is none.
    """
    now = datetime.now(UTC)
    ends = now + _parsed(f"--for {lasts}", parse_span, lasts)
    made = Silence(str(uuid4()), _parsed("", parse_matchers, matchers), now, ends, author or _whoever(), comment)
    _write(config, [made], now=now)
    print(made.id)
    return 0


def list_all(config: Config, *, expired: bool, output: str) -> int:
    """Show the silences that mute now, or with `expired` those of the last days that do not, too."""
    topic, now = config.kafka.topics.silence, datetime.now(UTC)
    require(config.kafka, [topic])
    with answering(config.kafka):
        known = list(read_silences(config.kafka).values())
    active = active_at(now, known)
    over = sorted((one for one in known if one not in active), key=lambda one: one.ends_at)
    show([*over, *active] if expired else list(active), sys.stdout, now=now, output=output)
    return 0


def expire(config: Config, ids: Sequence[str]) -> int:
    """Let silences end now.

    Raises:
        CheckFailed: when one is not there, or has ended; then none of them is changed.
    """
    now = datetime.now(UTC)
    require(config.kafka, [config.kafka.topics.silence])
    with answering(config.kafka):
        known = {one.id: one for one in active_at(now, read_silences(config.kafka).values())}
    if unknown := [identity for identity in ids if identity not in known]:
        raise CheckFailed(f"no active silence {unknown[0]}: `harmony silence list` names those that are")
    _write(config, [msgspec.structs.replace(known[identity], ends_at=now) for identity in ids], now=now)
    return 0


def _write(config: Config, silences: Iterable[Silence], *, now: datetime) -> None:
    topic = config.kafka.topics.silence
    require(config.kafka, [topic])
    with answering(config.kafka):
        over = tombstones(read_silences(config.kafka).values(), topic=topic, now=now)
        write_silences(config.kafka, [*over, *(silence_record(silence, topic=topic) for silence in silences)])


def _parsed(what: str, parse: Callable[..., _Parsed], text: object) -> _Parsed:
    try:
        return parse(text)
    except ValueError as fault:
        raise BadUsage(f"{what}: {fault}" if what else str(fault)) from None


def _whoever() -> str:
    """Return who runs us, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for our number
        return "unknown"
