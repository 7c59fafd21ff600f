"""ingest: keeps every report of global2 in the table report (Spark Structured Streaming)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from harmonystate.commands.ingest.ledger import STAGE, Ledger, lag_of
from harmonystate.commands.ingest.progress import Progress
from harmonystate.commands.ingest.recovery import loss, put_right
from harmonystate.config import Config
from harmonystate.core.gaps import Gap
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.console.meter import metering
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.connect import cluster_id, require
from harmonystate.edges.kafka.offsets import first_offsets
from harmonystate.edges.local.home import Home
from harmonystate.edges.local.jars import fetch
from harmonystate.edges.local.java import find_java
from harmonystate.edges.local.stop import Stopped, stop_on_signals
from harmonystate.edges.metrics.exporter import exporting
from harmonystate.edges.spark.checkpoint import locked
from harmonystate.edges.spark.faults import RecordsGone
from harmonystate.edges.spark.lives import outlive
from harmonystate.edges.spark.session import open_spark
from harmonystate.edges.spark.stall import StallClock
from harmonystate.edges.spark.stream import PIECES, Stream

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_log = structlog.get_logger(f"harmony.{STAGE}")


def run(
    config: Config,
    *,
    once: bool,
    repair_checkpoint: bool = False,
    accept_loss: bool = False,
    metrics_port: int | None = None,
) -> int:
    """Run the stage until asked to stop, or with `once` until what is there now is stored.

    Args:
        repair_checkpoint: first move aside what is damaged of the checkpoint.
        accept_loss: go on where Kafka has let go of records that were not read.
        metrics_port: where figures can be read meanwhile; None = nowhere.
    """
    stop = stop_on_signals()
    require(config.kafka, [config.kafka.topics.global2, config.kafka.topics.dead_letter])
    with ExitStack() as opened:
        # In the order of what they cost: a service that is away is said before a JVM is started.
        session = opened.enter_context(open_session(config.cassandra))
        home, topic = Home(config.local.home), config.kafka.topics.global2
        checkpoint = config.spark.checkpoint or home.checkpoint_of(cluster_id(config.kafka), topic)
        lock = opened.enter_context(locked(checkpoint, locks=home.locks))
        with answering(config.kafka):
            put_right(config, checkpoint, repair=repair_checkpoint, accept_loss=accept_loss, now=datetime.now(UTC))
        try:
            jars = fetch(["spark"], stop=stop)["spark"]
        except Stopped:
            return stop.exit_code
        # The JVM holds the lock too: when we are killed, it lives on for a moment.
        start_spark = partial(
            open_spark,
            config,
            app=STAGE,
            jars=jars,
            java_home=find_java(),
            inherited_fds=[lock],
            extra_conf=PIECES,
        )
        meter = opened.enter_context(metering(STAGE))
        opened.enter_context(exporting(meter, metrics_port))
        opened.enter_context(naming_what_is_gone(config, checkpoint))
        clock = StallClock(config.spark.stall_after.total_seconds())
        watch = Progress(config.kafka.bootstrap_servers, config.cassandra, meter, lag=partial(lag_of, config.kafka))

        def store_all(spark: "SparkSession") -> None:
            with Ledger(config, session) as ledger:
                stream = Stream(
                    spark, config, checkpoint=checkpoint, outlet=ledger, watch=watch, clock=clock, stop=stop
                )
                stream.run(once=once)

        outlive(start_spark, store_all, stop, stage=STAGE)
    _log.info("done", **meter.counts())
    return stop.exit_code


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
        with answering(config.kafka):
            first = first_offsets(config.kafka, topic).get(gone.partition, gone.offset)
        raise loss(topic, [Gap(gone.partition, gone.offset, first - 1)], checkpoint) from gone
