"""ingest: keeps every report of global2 in the table report (Spark Structured Streaming)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog

from harmonystate.commands.ingest.ledger import STAGE, Ledger
from harmonystate.commands.ingest.progress import Progress
from harmonystate.config import Config
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.console.meter import metering
from harmonystate.edges.kafka.connect import cluster_id, require
from harmonystate.edges.kafka.offsets import first_offsets
from harmonystate.edges.local.home import Home
from harmonystate.edges.local.jars import fetch
from harmonystate.edges.local.java import find_java
from harmonystate.edges.local.stop import stop_on_signals
from harmonystate.edges.spark.checkpoint import locked
from harmonystate.edges.spark.faults import RecordsGone, again
from harmonystate.edges.spark.session import open_spark
from harmonystate.edges.spark.stream import Stream
from harmonystate.errors import BadInput

_log = structlog.get_logger(f"harmony.{STAGE}")


def run(config: Config, *, once: bool) -> int:
    """Run the stage until asked to stop, or with `once` until what is there now is stored."""
    stop = stop_on_signals()
    require(config.kafka, [config.kafka.topics.global2, config.kafka.topics.dead_letter])
    with ExitStack() as opened:
        # In the order of what they cost: a service that is away is said before a JVM is started.
        session = opened.enter_context(open_session(config.cassandra))
        checkpoint = config.spark.checkpoint or default_checkpoint(config, cluster_id(config.kafka))
        lock = opened.enter_context(locked(checkpoint, locks=Home(config.local.home).locks))
        java_home, jars = find_java(), fetch(["spark"])["spark"]
        # The JVM holds the lock too: when we are killed, it lives on for a moment.
        spark = opened.enter_context(
            open_spark(config, app=STAGE, jars=jars, java_home=java_home, inherited_fds=[lock])
        )
        meter = opened.enter_context(metering(STAGE))
        ledger = opened.enter_context(Ledger(config, session))
        watch = Progress(config.cassandra, meter)
        with naming_what_is_gone(config, checkpoint):
            Stream(spark, config, checkpoint=checkpoint, outlet=ledger, watch=watch, stop=stop).run(once=once)
    _log.info("done", **meter.counts())
    return stop.exit_code


def default_checkpoint(config: Config, cluster_id: str) -> str:
    """Return where the stream keeps its place: by cluster and topic, so that another broker never meets it."""
    return str(Home(config.local.home).checkpoint / cluster_id / config.kafka.topics.global2)


@contextmanager
def naming_what_is_gone(config: Config, checkpoint: str) -> Iterator[None]:
    """Add to RecordsGone up to where records are missing.

    Raises:
        BadInput: naming the range, and what to do.
    """
    try:
        yield
    except RecordsGone as gone:
        topic = config.kafka.topics.global2
        first = first_offsets(config.kafka, topic).get(gone.partition, gone.offset)
        raise BadInput(
            f"{topic}, partition {gone.partition}: Kafka no longer has offsets {gone.offset} to {first - 1}, "
            f"which ingest has not read; to go on without them {again(checkpoint)}"
        ) from gone
