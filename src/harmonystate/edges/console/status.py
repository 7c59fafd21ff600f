"""Shows what `harmony status` found, on stdout."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def show(status: Mapping[str, Any]) -> None:
    """Print services, topics, groups and the store; plain text where stdout is no terminal.

    Args:
        status: `kafka` and `cassandra`, each with a `state` and, when it is "up", its figures.
    """
    console = Console(highlight=False)
    services = _table("Services", "service", "at", "state")
    for name, part in status.items():
        services.add_row(
            name, part.get("at", ""), part["state"] if part["state"] == "up" else f"not usable: {part['state']}"
        )
    console.print(services)
    kafka, cassandra = status["kafka"], status["cassandra"]
    if "topics" in kafka:
        console.print(_topics(kafka["topics"]), _groups(kafka["groups"]), sep="\n")
    if "hours" in cassandra:
        console.print(_store(cassandra))


def _topics(topics: Mapping[str, Mapping[str, int]]) -> Table:
    table = _table("Topics", "topic", ">partitions", ">records")
    for name, size in topics.items():
        # Offsets, not records: transaction markers take some.
        table.add_row(name, str(size["partitions"]), f"≈ {size['records']:,}")
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
