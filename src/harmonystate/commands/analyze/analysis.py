"""One run: plan the hours, compute the dirty ones, save them, answer."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from harmonystate import crash
from harmonystate.commands.analyze.engine import Engine, Fresh
from harmonystate.config import CassandraSettings
from harmonystate.core.answers import (
    BADPERSONS,
    HARMONYSCORES,
    PERSONS,
    POINTS,
    Answers,
    Minute,
    Point,
    Question,
    count_series,
    score_series,
)
from harmonystate.core.ranking import Tally, saddest
from harmonystate.core.rollups import Analyzed, HourPlan, analyzed_hours, plan_hours, whole_since
from harmonystate.core.windows import Window, floor_to_hour
from harmonystate.edges.cassandra.analysis_reader import RollupReader
from harmonystate.edges.cassandra.analysis_writer import RollupWriter
from harmonystate.edges.cassandra.lease import Lease
from harmonystate.edges.console.steps import Steps

# More rollups of persons than this are added up by Spark: the driver would take longer than Spark's start.
MOST_IN_DRIVER = 2_000_000
# Below this, Spark is tuned for a short life.
FEW_REPORTS = 300_000

log = structlog.get_logger("harmony.analyze")


class Job(NamedTuple):
    """What one run is asked, at `now` (UTC)."""

    window: Window
    threshold: int
    top: int
    full: bool
    save: bool
    now: datetime


class Pen(NamedTuple):
    """What a run that saves writes with, while it may."""

    lease: Lease
    writer: RollupWriter


class Analysis:
    """Answers one job, and saves what it made where it may."""

    def __init__(
        self,
        job: Job,
        settings: CassandraSettings,
        reader: RollupReader,
        engine: Engine,
        steps: Steps | None = None,
    ) -> None:
        self._job, self._settings, self._reader, self._engine = job, settings, reader, engine
        self._steps = steps or Steps()
        self._saved = 0

    def answer(self, pen: Pen | None) -> Answers:
        """Return the four answers; with `pen`, store them and all rollups that were made for them.

        Raises:
            Busy: when the lease ran out; what was saved by then stands.
        """
        plan = self._plan()
        with self._steps.step(f"computes {len(plan.dirty)} hours", self._engine.tasks):
            fresh = self._compute(list(plan.dirty)) if plan.dirty else None
        if pen and fresh:
            done = analyzed_hours(plan.dirty, fresh.minutes, threshold=self._job.threshold)
            with self._steps.step(f"saves {len(done)} hours", lambda: (self._saved, len(done))):
                self._save_hours(pen, fresh, done)
            plan, fresh = plan.after(done), None
        with self._steps.step("answers", self._engine.tasks):
            answers = self._gather(plan, fresh)
        if pen:
            crash.passing("before-answers")
            pen.lease.require()
            pen.writer.replace_saddest(self._job.window, answers.saddest)
        return answers

    def _plan(self) -> HourPlan:
        window, settings = self._job.window, self._settings
        plan = plan_hours(
            # The mark before the reports: one that comes in between makes the hour dirty again.
            changed=self._reader.changed(window),
            analyzed=self._reader.analyzed(window),
            threshold=self._job.threshold,
            whole_since=whole_since(self._job.now, keep=min(settings.report_ttl, settings.series_ttl)),
            full=self._job.full,
        )
        if plan.lost:
            log.warning("hours left out: their reports have begun to expire", hours=len(plan.lost))
        if plan.foreign:
            log.warning("hours without sad counts: analysed with another threshold", hours=len(plan.foreign))
        return plan

    def _compute(self, hours: list[datetime]) -> Fresh:
        if self._reader.has_few_reports(hours, few=FEW_REPORTS):
            self._engine.expect_little()
        return self._engine.compute(hours, threshold=self._job.threshold)

    def _save_hours(self, pen: Pen, fresh: Fresh, done: Mapping[datetime, Analyzed]) -> None:
        lease, writer = pen
        lease.require()
        self._engine.store_persons(fresh, now=self._job.now, timestamp=lease.timestamp)
        lease.require()
        writer.clear_stale_persons(done)
        crash.passing("after-rollups")
        of_hour = defaultdict(list)
        for minute in fresh.minutes:
            of_hour[floor_to_hour(minute.time)].append(minute)
        for hour in done:
            writer.replace_series(hour, of_hour[hour])
            self._saved += 1
        crash.passing("after-series")
        lease.require()
        writer.mark_analyzed(done)

    def _gather(self, plan: HourPlan, fresh: Fresh | None) -> Answers:
        minutes = fresh.minutes if fresh else []
        told = {**plan.standing, **plan.foreign}
        parts: list[Analyzed | Minute] = [*told.values(), *minutes]
        return Answers(
            window=self._job.window,
            threshold=self._job.threshold,
            saddest=saddest(self._tallies(plan, fresh), top=self._job.top),
            harmonyscores=score_series(
                self._points(HARMONYSCORES, told, minutes),
                sightings=sum(part.sightings for part in parts),
                score_sum=sum(part.score_sum for part in parts),
            ),
            persons=count_series(PERSONS, self._points(PERSONS, told, minutes)),
            badpersons=count_series(BADPERSONS, self._points(BADPERSONS, plan.standing, minutes)),
        )

    def _tallies(self, plan: HourPlan, fresh: Fresh | None) -> list[Tally]:
        rollups_at_most = sum(hour.sightings for hour in plan.standing.values())
        if fresh or rollups_at_most > MOST_IN_DRIVER:
            return self._engine.saddest(list(plan.standing), fresh, top=self._job.top)
        return self._reader.tallies(plan.standing)

    def _points(self, question: Question, hours: Container[datetime], minutes: Sequence[Minute]) -> list[Point]:
        stored = self._reader.points(question, self._job.window)
        return [*(point for point in stored if floor_to_hour(point.time) in hours), *POINTS[question](minutes)]
