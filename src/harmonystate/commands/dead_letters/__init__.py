"""dead-letters: shows what is no report, and sends it back when its reader has learnt to read it.

replaying.py  what goes back, once each
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from harmonystate.commands.dead_letters.replaying import Replay
from harmonystate.config import Config
from harmonystate.core.dead_letter import read_burial
from harmonystate.core.durations import parse_moment
from harmonystate.core.letters import Choice, Letter, parse_at
from harmonystate.core.moments import from_ms
from harmonystate.core.record import Place
from harmonystate.core.replay import is_returned
from harmonystate.edges.console import letters as console
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.connect import require
from harmonystate.edges.kafka.places import record_at
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.kafka.records import Record, place_of
from harmonystate.errors import BadUsage, CheckFailed


def show_list(config: Config, *, stage: str | None, since: str | None, limit: int, output: str) -> int:
    """Show how many there are of each stage and fault, and the newest."""
    choice = choose(stage, since, ())
    topic = config.kafka.topics.dead_letter
    require(config.kafka, [topic])
    with answering(config.kafka):
        found = [
            letter
            for record in read_all(config.kafka, topic, since=choice.since)
            if choice.takes(letter := read(record))
        ]
    newest = sorted(found, key=lambda letter: letter.written, reverse=True)[:limit]
    console.write_list(found, newest, output=output)
    return 0


def show_one(config: Config, at: str, *, output: str) -> int:
    """Show all of one dead letter.

    Raises:
        CheckFailed: when there is none at this place.
    """
    ((partition, offset),) = choose(None, None, [at]).at
    place = Place(config.kafka.topics.dead_letter, partition, offset)
    require(config.kafka, [place.topic])
    with answering(config.kafka):
        record = record_at(config.kafka, place)
    if record is None:
        raise CheckFailed(f"there is no dead letter at {at}: `harmony dead-letters list` names those that are there")
    console.write_letter(read(record), record.key, record.value, record.headers, output=output)
    return 0


def replay(  # noqa: PLR0913 - one parameter an option
    config: Config,
    places: Sequence[str],
    *,
    stage: str | None,
    since: str | None,
    execute: bool,
    again: bool,
    output: str,
) -> int:
    """Send records back to the topics that they came from, or show what would go."""
    choice = choose(stage, since, places)
    topics = config.kafka.topics
    require(config.kafka, [topics.dead_letter, topics.global1, topics.global2, topics.alert])
    with answering(config.kafka), Replay(config.kafka, execute=execute) as work:
        letters = [read(record) for record in read_all(config.kafka, topics.dead_letter)]
        fates = work.decide(letters, choice, again=again)
        sent = work.send(letters, fates) if execute else 0
    console.write_replay(fates, sent if execute else None, output=output)
    return 0


def choose(stage: str | None, since: str | None, places: Sequence[str]) -> Choice:
    """Read which letters are meant.

    Raises:
        BadUsage: when a moment or a place is none.
    """
    try:
        begin = parse_moment(since, now=datetime.now(UTC)) if since else None
    except ValueError as fault:
        raise BadUsage(f"--since {since}: {fault}") from None
    try:
        return Choice(stage, begin, frozenset(map(parse_at, places)))
    except ValueError as fault:
        raise BadUsage(str(fault)) from None


def read(record: Record) -> Letter:
    """Return a dead letter without what it keeps."""
    return Letter(
        place=place_of(record),
        written=from_ms(record.timestamp),
        burial=read_burial(record.headers),
        returned=is_returned(record.headers),
        size=len(record.value or b""),
    )
