"""analyze: answers the four questions from the stored reports.

Only dirty hours are computed anew, in one pass of Spark; hours that stand are answered from their rollups. What is
saved comes in an order that a kill may cut anywhere: persons, then each hour's series as one mutation, then the mark
that the hour stands, then the answers. Until its mark is there an hour is dirty, and the next run does it again.
"""

import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harmonystate.commands.analyze.analysis import Analysis, Job, Pen
from harmonystate.commands.analyze.engine import Engine, lazy_engine
from harmonystate.config import CassandraSettings, Config
from harmonystate.core.answers import Answers
from harmonystate.core.windows import parse_window
from harmonystate.edges.cassandra.analysis_reader import RollupReader
from harmonystate.edges.cassandra.analysis_writer import RollupWriter
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.lease import hold_lease
from harmonystate.edges.console.answers import write_answers
from harmonystate.edges.console.steps import Steps, stepping
from harmonystate.edges.local.stop import stop_on_signals
from harmonystate.edges.metrics.textfile import write_textfile
from harmonystate.edges.spark.lives import outlive
from harmonystate.errors import BadUsage

if TYPE_CHECKING:
    from cassandra.cluster import Session

STAGE = "analyze"

# So many Sparks may be lost in one run: what loses two of them is no accident, and cron comes again.
_LIVES = 2


def run(  # noqa: PLR0913 - one parameter an option
    config: Config,
    *,
    until: str | None,
    threshold: int | None,
    full: bool,
    save: bool,
    output: str,
    metrics_file: Path | None = None,
) -> int:
    """Answer, save unless told not to, and show; leave figures of a run that ended well in `metrics_file`."""
    began = time.monotonic()
    stop = stop_on_signals()
    job = make_job(config, until=until, threshold=threshold, full=full, save=save, now=datetime.now(UTC))
    with open_session(config.cassandra) as session, stepping(STAGE) as steps:
        work = partial(answer, job, config.cassandra, session, steps=steps)
        answers = outlive(partial(lazy_engine, config), work, stop, stage=STAGE, lives=_LIVES)
    if answers:
        write_answers(answers, output=output)
        if metrics_file:
            write_textfile(metrics_file, figures_of(answers, took_s=time.monotonic() - began))
    return stop.exit_code


def figures_of(answers: Answers, *, took_s: float) -> dict[str, float | None]:
    """Return the figures of a run, by the names of core.metrics.ANALYZE."""
    return {
        "harmony_analyze_last_success_timestamp_seconds": time.time(),
        "harmony_analyze_duration_seconds": took_s,
        "harmony_analyze_window_minutes": len(answers.persons.points),
        "harmony_analyze_mean_score": answers.harmonyscores.mean,
    }


def make_job(config: Config, *, until: str | None, threshold: int | None, full: bool, save: bool, now: datetime) -> Job:
    """Read what is asked.

    Raises:
        BadUsage: when the window is none.
    """
    try:
        window = parse_window(config.analysis.since, until, now=now)
    except ValueError as fault:
        raise BadUsage(str(fault)) from None
    own = config.alerts.threshold
    asked = own if threshold is None else threshold
    # Dashboards read what is stored; another threshold is a question of the moment.
    return Job(window, threshold=asked, top=config.analysis.top, full=full, save=save and asked == own, now=now)


def answer(
    job: Job, settings: CassandraSettings, session: "Session", engine: Engine, *, steps: Steps | None = None
) -> Answers:
    """Answer, and save if asked to; runs that save keep each other out. `steps` shows how far it is.

    Raises:
        Busy: when another run saves, or forget works.
    """
    analysis = Analysis(job, settings, RollupReader(session, settings), engine, steps)
    if not job.save:
        return analysis.answer(None)
    with hold_lease(session, STAGE) as lease:
        return analysis.answer(Pen(lease, RollupWriter(session, settings, now=job.now, timestamp=lease.timestamp)))
