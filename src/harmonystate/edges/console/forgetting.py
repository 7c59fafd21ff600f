"""What `harmony forget` found and left, on stdout; it never repeats the name."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

NAMED = 20


class _Held(Protocol):
    records: int
    last: datetime | None


class _Found(Protocol):
    @property
    def rows(self) -> Sequence[object]: ...
    @property
    def rollups(self) -> Sequence[object]: ...
    @property
    def answers(self) -> Sequence[object]: ...
    @property
    def messages(self) -> set[tuple[int, int]]: ...
    @property
    def on_terminals(self) -> int: ...
    @property
    def topics(self) -> Mapping[str, _Held]: ...


def write_found(found: _Found) -> None:
    """Write how much names the person."""
    print(
        f"{len(found.rows):,} rows, {len(found.rollups):,} rollups, {len(found.answers):,} answers and "
        f"{len(found.messages):,} messages name this person."
    )


def write_left(
    found: _Found,
    kept: Mapping[str, timedelta | None],
    links: Sequence[str],
    *,
    tried: bool,
    now: datetime,
) -> None:
    """Write what still names the person, and until when.

    Args:
        found: what named the person.
        kept: how long each topic keeps a record.
        links: to the messages that still show a card.
        tried: there was a token to take cards out with.
        now: for what is still being written.
    """
    print("Taken out of rows, rollups and answers.")
    for topic, held in found.topics.items():
        if held.records:
            age = kept.get(topic)
            until = (
                "for ever"
                if age is None
                else f"until {(held.last or now) + age:%Y-%m-%d %H:%M} UTC, and up to a segment longer"
            )
            print(f"Kafka, topic {topic}: {held.records:,} records name this person, {until}.")
    if found.on_terminals:
        print(f"{found.on_terminals:,} alerts were told on a terminal: what it printed is out of our hands.")
    if links:
        why = "Discord did not let us take them out" if tried else "no token is configured; delete them in Discord"
        print(f"{len(links):,} messages still show a card ({why}):")
        for link in links[:NAMED]:
            print(f"  {link}")
    print("Cards whose alerts Kafka no longer holds were not looked for: search Discord for the name.")
