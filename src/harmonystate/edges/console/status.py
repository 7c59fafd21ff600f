"""Shows what `harmony status` found, on stdout."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harmonystate.core.card import spell_age


def show(status: Mapping[str, Any]) -> None:
    """Print services, topics, groups and the store; plain text where stdout is no terminal.

    Args:
        status: `kafka` and `cassandra`, each with a `state` and, when it is "up", its figures; `ages` where asked for.
    """
    Console(highlight=False, markup=False).print(*draw(status), sep="\n")


@contextmanager
def showing() -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Yield what shows one look after the other: on the whole screen of a terminal, elsewhere one below the other."""
    if not sys.stdout.isatty():
        yield show
        return
    last: list[Mapping[str, Any]] = []
    console = Console(highlight=False, markup=False)
    with Live(console=console, auto_refresh=False, screen=True, vertical_overflow="crop") as screen:

        def redraw(status: Mapping[str, Any]) -> None:
            last[:] = [status]
            screen.update(Group(*draw(status), Text("^C ends it", style="dim")), refresh=True)

        try:
            yield redraw
        finally:
            screen.stop()
            # What was seen last stays in the terminal.
            for status in last:
                show(status)


def draw(status: Mapping[str, Any]) -> list[Table]:
    """Return the tables of one look."""
    services = _table("Services", "service", "at", "state")
    kafka, cassandra = status["kafka"], status["cassandra"]
    for name, part in (("kafka", kafka), ("cassandra", cassandra)):
        up = part["state"] == "up"
        services.add_row(name, part.get("at", ""), part["state"] if up else f"not usable: {part['state']}")
    tables = [services]
    if "topics" in kafka:
        tables += [_topics(kafka["topics"]), _groups(kafka["groups"])]
    if "hours" in cassandra:
        tables.append(_store(cassandra))
    if "ages" in status:
        tables.append(_ages(status["ages"]))
    return tables


def _topics(topics: Mapping[str, Mapping[str, int]]) -> Table:
    with_rates = any("per_s" in size for size in topics.values())
    table = _table("Topics", "topic", ">partitions", ">records", *([">rate/s"] if with_rates else []))
    for name, size in topics.items():
        rate = [f"≈ {size['per_s']:,}"] if "per_s" in size else []
        # Offsets, not records: transaction markers take some.
        table.add_row(name, str(size["partitions"]), f"≈ {size['records']:,}", *rate)
    return table


def _ages(ages: Mapping[str, float | None]) -> Table:
    table = _table("Ages", "of", ">age")
    for name, age_s in ages.items():
        table.add_row(name, "never came" if age_s is None else spell_age(timedelta(seconds=age_s)))
    return table


def _groups(groups: Mapping[str, Mapping[str, Any]]) -> Table:
    table = _table("Groups", "group", "reads", ">lag")
    for name, group in groups.items():
        table.add_row(name, group["topic"], f"≈ {group['lag']:,}")
    return table


def _store(cassandra: Mapping[str, Any]) -> Table:
    table = _table("Store", "keyspace", ">hours", "from", "to", ">analysed", "last analysis")
    first, last = cassandra["first_hour"] or "-", cassandra["last_hour"] or "-"
    analysed = cassandra["last_analysis"] or "never"
    table.add_row(
        cassandra["keyspace"], str(cassandra["hours"]), first, last, str(cassandra["analyzed_hours"]), analysed
    )
    return table


def _table(title: str, *columns: str) -> Table:
    """Return a table; a column whose name begins with > is aligned right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    return table
