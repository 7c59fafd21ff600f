"""forget: takes one person out of rows, rollups, answers and cards; says what Kafka still holds and until when.

searching.py  finds all that names the person
"""

import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import typer

from harmonystate.commands.forget.searching import Found, search
from harmonystate.config import Config
from harmonystate.core.forgotten import Forgetting, as_shown, id_of_name, splits
from harmonystate.core.message import link_of
from harmonystate.core.windows import floor_to_hour
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.erasure import Eraser
from harmonystate.edges.cassandra.forgotten import note_forgotten
from harmonystate.edges.cassandra.hours import mark_changed
from harmonystate.edges.cassandra.lease import hold_lease
from harmonystate.edges.console.forgetting import write_found, write_left
from harmonystate.edges.console.meter import metering
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.connect import require
from harmonystate.edges.kafka.retention import kept_for
from harmonystate.errors import BadUsage, CheckFailed

if TYPE_CHECKING:
    from cassandra.cluster import Session


_CLOCK = partial(datetime.now, UTC)


def run(config: Config, name: str, *, yes: bool) -> int:
    """Look for the person everywhere, ask, and take out what can be taken out.

    Raises:
        BadUsage: when `name` is not a first and a last name.
        Busy: while analyze, or another forget, runs.
        CheckFailed: when nothing names the person, or a card could not be taken out.
    """
    if not list(splits(as_shown(name))):
        raise BadUsage("expected a first and a last name with a space between, as on a card")
    # A silence keeps the ids of persons, no names.
    topics = list(dict.fromkeys(config.kafka.topics.model_dump(exclude={"silence"}).values()))
    require(config.kafka, topics)
    kept = kept_for(config.kafka, topics)
    # A run of analyze that has read the rows as they were would write the rollups as they were.
    with open_session(config.cassandra) as session, hold_lease(session, "analyze") as lease:
        eraser = Eraser(session, config.cassandra, name=name, timestamp=lease.timestamp)
        with metering("forget") as meter, answering(config.kafka):
            found = search(config, session, eraser, meter=meter, clock=_CLOCK)
        if found.is_nothing():
            raise CheckFailed("nothing in Kafka or Cassandra names this person: write the name as it stands on a card")
        write_found(found)
        if not yes and not _agreed():
            return 0
        lease.require()
        _erase(config, session, eraser, found, name=name, keep=_longest(list(kept.values())))
    cards = _erase_cards(config, found)
    write_left(found, kept, _links(config, cards), tried=config.discord.token is not None, now=datetime.now(UTC))
    if config.discord.token is not None and cards:
        raise CheckFailed(f"{len(cards)} messages still show a card: Discord did not let us take it out")
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is here to ask: add --yes", param_hint="--yes")
    return typer.confirm("Take this person out of all of it? It cannot be undone.", err=True)


def _erase(
    config: Config, session: "Session", eraser: Eraser, found: Found, *, name: str, keep: timedelta | None
) -> None:
    """Note first whom to forget, then take out; analyze computes the hours anew.

    They are marked before, for where we die amid it the next run finds no row of them; and after, for an analyze that
    comes when we have lost the lease reads rows as they were.
    """
    now = datetime.now(UTC)
    forgetting = Forgetting(now + timedelta(milliseconds=1), frozenset(found.ahead))
    note_forgotten(session, id_of_name(name), forgetting, keep=keep)
    hours = {floor_to_hour(row.stored.report.time) for row in found.rows}
    mark_changed(session, hours, settings=config.cassandra, now=now)
    eraser.erase_rows(found.rows, clock=_CLOCK)
    eraser.erase_rollups(found.rollups)
    eraser.erase_answers(found.answers)
    mark_changed(session, hours, settings=config.cassandra, now=now)


def _erase_cards(config: Config, found: Found) -> list[tuple[int, int]]:
    """Return the messages that still show a card of the person."""
    if config.discord.token is None or not found.messages:
        return sorted(found.messages)
    from harmonystate.edges.discord.erasure import erase_cards

    return erase_cards(config.discord, sorted(found.messages), found.alert_ids)


def _links(config: Config, messages: list[tuple[int, int]]) -> list[str]:
    if not messages:
        return []
    from harmonystate.edges.discord.guilds import guilds_of

    guilds = guilds_of(config.discord, dict.fromkeys(str(channel) for channel, _ in messages))
    return [link_of(str(channel), str(message), guild=guilds.get(str(channel))) for channel, message in messages]


def _longest(kept: list[timedelta | None]) -> timedelta | None:
    return None if None in kept else max(filter(None, kept))
