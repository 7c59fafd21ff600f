"""A run on its way to Kafka, with everything that it takes."""

import gc
import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import structlog

from harmonystate.commands.produce.begin import Begun, Run, Wish
from harmonystate.commands.produce.progress import Progress
from harmonystate.commands.produce.ticks import clock_ms
from harmonystate.commands.produce.writer import Writer
from harmonystate.config import Config
from harmonystate.edges.console.meter import metering
from harmonystate.edges.kafka.connect import require
from harmonystate.edges.kafka.patience import Patience
from harmonystate.edges.kafka.transaction import Transactor
from harmonystate.edges.local.instance import claim
from harmonystate.edges.local.stop import stop_on_signals
from harmonystate.edges.metrics.exporter import exporting
from harmonystate.errors import BadUsage, Busy

STAGE = "produce"
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_log = structlog.get_logger(f"harmony.{STAGE}")


def run(
    config: Config, wish: Wish, *, run_name: str | None, instance: str | None, metrics_port: int | None = None
) -> int:
    """Write the run; see the package's `run`."""
    topics = (config.kafka.topics.global1, config.kafka.topics.global2)
    with _claimed(config, run_name, instance) as name:
        require(config.kafka, topics)
        begin = partial(_begin_anew, wish) if run_name is None else partial(_go_on, wish)
        # An instance name cannot hold a colon: the group of a run without a name is never that of one with it.
        progress = Progress(config.kafka, f"produce-{run_name or f'instance:{name}'}")
        writer = Writer(topics, progress, begin, partial(Transactor, config.kafka, f"harmony-{STAGE}-{name}"))
        stop = stop_on_signals(last_words=lambda: _log.info("acknowledged", **writer.acknowledged()))
        _calm_the_collector()
        with metering(STAGE) as meter, exporting(meter, metrics_port):
            meter.aim(writer.goal)
            patience = Patience(config.kafka, stop, stage=STAGE, note=lambda: meter.add(resets=1))
            writer.write(stop, patience, meter)
        _log.info("acknowledged", **writer.acknowledged())
    return stop.exit_code


@contextmanager
def _claimed(config: Config, run_name: str | None, instance: str | None) -> Iterator[str]:
    """Hold this process's names; yields the one that its transactions bear.

    A run's transactions bear the name of the run, so that a process that goes on with it, on whatever host, fences
    one that it has been taken from.
    """
    with ExitStack() as held:
        if run_name is None or instance is not None:
            name = held.enter_context(claim(config.local.home, STAGE, instance))
        if run_name is not None:
            if not _RUN_NAME.fullmatch(run_name):
                raise BadUsage(f"--run {run_name!r}: only letters, digits, . _ and - (at most 100)")
            try:
                name = held.enter_context(claim(config.local.home, STAGE, f"run.{run_name}"))
            except Busy:
                raise Busy(
                    f"another process on this host is at run {run_name}: stop it, or give another --run"
                ) from None
        yield name


def _calm_the_collector() -> None:
    """Look for cycles rarely: the futures of a tick are none, and looking at them takes a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _begin_anew(wish: Wish, _: tuple[int, Begun] | None) -> Run:
    return wish.begin(clock_ms(), attempt=uuid.uuid4().hex)


def _go_on(wish: Wish, saved: tuple[int, Begun] | None) -> Run:
    return wish.go_on(*saved, clock_ms()) if saved else wish.begin(clock_ms())
