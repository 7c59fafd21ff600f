"""Cassandra: does it answer, in a version that we know, with the tables and the shards that we expect."""

from collections.abc import Iterator

from harmonystate.commands.doctor.examining import Category, Look
from harmonystate.config import Config
from harmonystate.core.checkup import Finding, fail, ok, warn
from harmonystate.edges.cassandra.causes import where
from harmonystate.edges.cassandra.condition import ask, drift, life, replication
from harmonystate.edges.cassandra.connect import connected, open_session

# What the tests run on; the connector of Spark knows no newer one, and protocol 5 no older one than 4.0.
TESTED, OLDEST = 5, 4


def answers(config: Config) -> Iterator[Finding]:
    """Look whether a contact point lets us in, and what it is."""
    with connected(config.cassandra) as session:
        release = ask(session).release
    says = f"{where(config.cassandra)} answers: version {'.'.join(map(str, release))}"
    if release[0] == TESTED:
        yield ok(says)
    elif release[0] < OLDEST:
        yield fail(f"{says}, older than {OLDEST}.0", f"install Cassandra {TESTED}")
    else:
        yield warn(f"{says}; harmony is tested with {TESTED}", f"install Cassandra {TESTED}")


def shards(config: Config) -> Iterator[Finding]:
    """Look whether setup was run, and with this number of shards."""
    with open_session(config.cassandra):
        yield ok(
            f"keyspace {config.cassandra.keyspace} was set up with {config.cassandra.shards} shards, as configured"
        )


def schema(config: Config) -> Iterator[Finding]:
    """Look whether the tables are as setup makes them."""
    with open_session(config.cassandra) as session:
        lines, of_reports = list(drift(session, config.cassandra)), life(session, config.cassandra)
        copies = replication(session, config.cassandra.keyspace)
    yield from map(fail, lines)
    if of_reports and of_reports.recorded != of_reports.planned:
        # Each row has a life of its own: Cassandra is only slower to drop what has expired.
        yield warn(
            f"table report was made for a cassandra.report_ttl of {of_reports.recorded} s, not {of_reports.planned} s",
            f"ALTER TABLE {config.cassandra.keyspace}.report WITH default_time_to_live = {of_reports.planned}",
        )
    elif not lines:
        yield ok("all tables are as `harmony setup` makes them")
    wanted = {config.cassandra.datacenter: str(config.cassandra.replication)}
    if copies != wanted:
        yield warn(
            f"keyspace {config.cassandra.keyspace} is replicated {copies}, not {wanted}",
            "ALTER KEYSPACE and repair it, or set cassandra.replication and cassandra.datacenter",
        )


CASSANDRA = Category(
    "cassandra",
    (
        Look(
            "cassandra-answers",
            "start it (`harmony up` for a local one), or mend cassandra.contact_points",
            answers,
            vital=True,
        ),
        Look(
            "cassandra-shards",
            "set cassandra.shards to what setup recorded, or run `harmony setup`",
            shards,
            vital=True,
        ),
        Look("cassandra-schema", "run `harmony setup`; what it does not mend was changed by hand", schema),
    ),
)
