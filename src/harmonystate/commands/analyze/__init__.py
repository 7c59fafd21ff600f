"""analyze: answers the four questions from the stored reports.

Only dirty hours are computed anew, in one pass of Spark; hours that stand are answered from their rollups. What is
saved comes in an order that a kill may cut anywhere: persons, then each hour's series as one mutation, then the mark
that the hour stands, then the answers. Until its mark is there an hour is dirty, and the next run does it again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harmonystate.commands.analyze.analysis import Analysis, Job, Saving
from harmonystate.commands.analyze.engine import lazy_engine
from harmonystate.config import CassandraSettings, Config
from harmonystate.core.windows import parse_window
from harmonystate.edges.cassandra.analysis_reader import RollupReader
from harmonystate.edges.cassandra.analysis_writer import RollupWriter
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.lease import hold_lease
from harmonystate.edges.console.answers import write_answers
from harmonystate.edges.local.stop import stop_on_signals
from harmonystate.errors import BadUsage

if TYPE_CHECKING:
    from cassandra.cluster import Session

STAGE = "analyze"


def run(config: Config, *, until: str | None, threshold: int | None, full: bool, save: bool, output: str) -> int:
    """Answer, save unless told not to, and show."""
    stop = stop_on_signals()
    job = make_job(config, until=until, threshold=threshold, full=full, now=datetime.now(UTC))
    # Dashboards read what is stored; another threshold is a question of the moment.
    save = save and job.threshold == config.alerts.threshold
    settings = config.cassandra
    with (
        open_session(settings) as session,
        _saving(session, settings, job, save=save) as saving,
        lazy_engine(config) as engine,
    ):
        answers = Analysis(settings, job, RollupReader(session, settings), engine).answer(saving)
    write_answers(answers, output=output)
    return stop.exit_code


def make_job(config: Config, *, until: str | None, threshold: int | None, full: bool, now: datetime) -> Job:
    """Read what is asked.

    Raises:
        BadUsage: when the window is none.
    """
    try:
        window = parse_window(config.analysis.since, until, now=now)
    except ValueError as fault:
        raise BadUsage(str(fault)) from None
    asked = config.alerts.threshold if threshold is None else threshold
    return Job(window, threshold=asked, top=config.analysis.top, full=full, now=now)


@contextmanager
def _saving(session: "Session", settings: CassandraSettings, job: Job, *, save: bool) -> Iterator[Saving | None]:
    """Keep other runs out while this one saves; one that writes nothing needs no lease, which would be a write."""
    if not save:
        yield None
        return
    with hold_lease(session, STAGE) as lease:
        yield Saving(lease, RollupWriter(session, settings, now=job.now, timestamp=lease.timestamp))
