"""Topic to table, batch by batch, for ever: started again in the same session whenever a service was away."""

from contextlib import closing
from typing import Protocol

import structlog
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from harmonystate.config import Config
from harmonystate.core.backoff import backoff
from harmonystate.edges.spark.census import Census
from harmonystate.edges.spark.checkpoint import planned_offsets
from harmonystate.edges.spark.faults import cause_of, refuse_final
from harmonystate.edges.spark.jvm import has_gone, jvm_of
from harmonystate.edges.spark.kafka_source import source_options
from harmonystate.edges.spark.lives import SparkLost
from harmonystate.edges.spark.micro_batch import Outcome, Outlet, store
from harmonystate.edges.spark.session import forget_cassandra
from harmonystate.edges.spark.stall import StallClock
from harmonystate.edges.spark.watchdog import Watchdog
from harmonystate.errors import Unavailable

# How many records Spark hands over, and keeps, in one piece: by default 10,000, of which each may have 1 MiB. That was
# more than the JVM has room for, at every try of their batch, for ever [ran]. Small ones cost a tenth more CPU.
PIECES = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "200",
    "spark.sql.inMemoryColumnarStorage.batchSize": "10",
    # Whoever reads those back holds all of them until a reset, by default 100.
    "spark.serializer.objectStreamReset": "1",
}
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 10.0
_LOOK_EVERY_S = 1
# Longer than the connector waits between two looks at a node that was away (session.py).
_SETTLE_S = 3.0
# What Spark says between two triggers, of which the first got through: it has looked, and found nothing more.
_IDLE = ("Waiting for next trigger", "Waiting for data to arrive")

_log = structlog.get_logger("harmony.ingest")


class Stop(Protocol):
    """Whether to leave; `edges.local.stop.Stop` is one."""

    def is_set(self) -> bool:
        """Say whether to leave."""
        ...

    def wait(self, seconds: float, /) -> bool:
        """Wait so long, or until asked to leave; say whether to leave."""
        ...


class Watch(Protocol):
    """Who is told of the stream's progress."""

    def stored(self, outcome: Outcome) -> None:
        """Hear of a batch that is done."""
        ...

    def failed(self) -> None:
        """Hear that the query ended early, and is started again."""
        ...

    def look(self, *, in_hand_s: float) -> bool:
        """Hear, once a second, for how long a batch has been in hand, 0 when there is none; say whether records wait.

        It is called from a thread of its own.
        """
        ...


class Stream:
    """The stream of one topic into the table report."""

    def __init__(  # noqa: PLR0913 - it stands between that many
        self,
        spark: SparkSession,
        config: Config,
        *,
        checkpoint: str,
        outlet: Outlet,
        watch: Watch,
        clock: StallClock,
        stop: Stop,
    ) -> None:
        self._spark = spark
        self._config = config
        self._topic = config.kafka.topics.global2
        self._checkpoint = checkpoint
        self._outlet = outlet
        self._watch = watch
        self._stop = stop
        self._clock = clock
        self._census = Census(spark.sparkContext)
        self._fault: BaseException | None = None
        self._failures = 0  # since the last batch that got through
        self._waits = backoff(_FIRST_WAIT_S, _LONGEST_WAIT_S)
        self._watchdog = Watchdog(jvm_of(spark), look=self._look, is_urgent=self._is_urgent)

    def run(self, *, once: bool) -> None:
        """Run until asked to stop, or, with `once`, until all that was there at the start is stored.

        Raises:
            BadInput: when records are gone before they were read, or the checkpoint is damaged.
            Busy: when no batch was finished for `spark.stall_after` although records wait.
            SparkLost: when Spark does not answer, or its JVM is gone: another session may go on.
            Misconfigured: as the outlet raises it.
        """
        with closing(self._watchdog):
            self._run_queries(once=once)

    def _run_queries(self, *, once: bool) -> None:
        while not self._stop.is_set():
            fault = self._run_query(once=once)
            if fault is None or self._stop.is_set():
                return
            refuse_final(fault, self._checkpoint)
            self._clock.require_progress(because=cause_of(fault))
            self._failures += 1
            self._watch.failed()
            # Said at the first failure and then ever less often, so that a night without Cassandra is a few lines.
            if self._failures.bit_count() == 1:
                _log.warning("interrupted, tries again", because=cause_of(fault), failures=self._failures)
            self._stop.wait(next(self._waits))

    def _run_query(self, *, once: bool) -> BaseException | None:
        """Run one query to its end; return what ended it, or None when it ended well."""
        self._fault = None
        try:
            self._outlet.begin()
            with self._watchdog.watching():
                if self._failures:
                    self._reconnect()
                self._follow(self._start(once=once))
        except Unavailable as fault:
            return fault
        except (StreamingQueryException, Py4JError, OSError, EOFError) as fault:
            self._require_jvm(fault)
            return self._fault or fault
        return None

    def _reconnect(self) -> None:
        """Let the connector's old sessions find back to Cassandra, which answers again, or make way for new ones."""
        self._stop.wait(_SETTLE_S)
        forget_cassandra(self._spark)

    def _start(self, *, once: bool) -> StreamingQuery:
        spark = self._config.spark
        records = (
            self._spark.readStream.format("kafka")
            .options(**source_options(self._config.kafka, self._topic))
            .option("maxOffsetsPerTrigger", spark.max_offsets_per_trigger)
            .load()
        )
        writer = records.writeStream.foreachBatch(self._handle).option("checkpointLocation", self._checkpoint)
        if once:
            return writer.trigger(availableNow=True).start()
        return writer.trigger(
            processingTime=f"{round(spark.trigger_interval.total_seconds() * 1000)} milliseconds"
        ).start()

    def _handle(self, records: DataFrame, batch_id: int) -> None:
        """Store a batch; runs in a thread of the callback server, whose exceptions Spark would keep only as text."""
        try:
            self._store(records, batch_id)
        except BaseException as fault:
            self._fault = fault
            raise

    def _store(self, records: DataFrame, batch_id: int) -> None:
        if self._stop.is_set():
            raise Interrupted
        self._clock.begin()
        outcome = store(
            records,
            topic=self._topic,
            ends=lambda: planned_offsets(self._spark, self._checkpoint, batch_id),
            settings=self._config.cassandra,
            outlet=self._outlet,
            census=self._census,
        )
        self._clock.finish()
        if self._failures:
            _log.warning("goes on", failures=self._failures)
            self._failures, self._waits = 0, backoff(_FIRST_WAIT_S, _LONGEST_WAIT_S)
        self._watch.stored(outcome)

    def _follow(self, query: StreamingQuery) -> None:
        """Wait for the end of the query; when asked to stop, end it between two batches."""
        while not query.awaitTermination(_LOOK_EVERY_S):
            status = query.status
            if self._stop.is_set() and not status["isTriggerActive"]:
                query.stop()
            if status["message"].startswith(_IDLE):
                self._clock.note_lag(behind=False)
            self._clock.require_progress()
            self._clock.note_jobs(running=bool(self._spark.sparkContext.statusTracker().getActiveJobsIds()))
            self._watchdog.answered()

    def _look(self) -> None:
        self._clock.note_lag(behind=self._watch.look(in_hand_s=self._clock.in_hand_s()))

    def _is_urgent(self) -> bool:
        return self._stop.is_set() or self._clock.is_stalled()

    def _require_jvm(self, fault: BaseException) -> None:
        """Tell a JVM that is gone from a query that failed; one that went because we were to leave is no error."""
        if isinstance(fault, StreamingQueryException | Py4JJavaError):  # its JVM is there to say so
            return
        # A call that begins when the JVM has just gone finds nobody who listens.
        if not isinstance(fault, Py4JError) and not has_gone(jvm_of(self._spark)):
            raise fault
        if not self._stop.wait(2):
            self._clock.require_progress("Spark's JVM is gone, or did not answer and was ended: see its log")
            raise SparkLost("Spark's JVM is gone, or did not answer for two minutes") from fault


class Interrupted(Exception):
    """We are to leave, and the next batch has not begun."""
