"""Which hours must be computed anew, and which can stand: the whole of what makes a run cost only what is new."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from harmonystate.core.answers import Minute
from harmonystate.core.windows import floor_to_hour

# Between the decision and the last read of a report lies the run itself, and hosts' clocks differ.
EXPIRY_MARGIN = timedelta(minutes=15)


class Analyzed(Struct, frozen=True):
    """What the rollups of an hour were made from, and what its series do not keep.

    Attributes:
        changed: report_hours.changed when the hour's reports were read.
        threshold: scores strictly below it counted as sad.
        sightings: persons in the hour's reports, each counted as often as seen.
        score_sum: the sum of their scores; with `sightings` it makes the mean over any window exact.
    """

    changed: UUID
    threshold: int
    sightings: int
    score_sum: int


class HourPlan(Struct, frozen=True):
    """What is to be done with each hour of a window that has or had reports.

    Attributes:
        dirty: to be computed from reports, with the `changed` that was read before any report is.
        standing: to be answered from rollups.
        foreign: the same, but made with another threshold, and no longer to be made anew: good for everything but
            who is sad.
        lost: neither: never analysed while their reports were whole.
    """

    dirty: dict[datetime, UUID]
    standing: dict[datetime, Analyzed]
    foreign: dict[datetime, Analyzed]
    lost: tuple[datetime, ...]

    def after(self, saved: Mapping[datetime, Analyzed]) -> "HourPlan":
        """Return the plan once hours that were dirty are saved."""
        dirty = {hour: changed for hour, changed in self.dirty.items() if hour not in saved}
        return HourPlan(dirty, {**self.standing, **saved}, self.foreign, self.lost)


def plan_hours(
    changed: Mapping[datetime, UUID],
    analyzed: Mapping[datetime, Analyzed],
    *,
    threshold: int,
    whole_since: datetime,
    full: bool,
) -> HourPlan:
    """Sort out the hours of a window.

    Args:
        changed: report_hours; analyzed: analyzed_hours, both of the window.
        threshold: of this run.
        whole_since: reports of this hour and later ones have not begun to expire (see `whole_since`). An earlier
            hour is never computed anew: a part of its reports would pass for all of them.
        full: compute all that can be computed, changed or not.
    """
    dirty, standing, foreign, lost = {}, {}, {}, []
    for hour in sorted(changed.keys() | analyzed.keys()):
        rollup, mark = analyzed.get(hour), changed.get(hour)
        fits = rollup is not None and rollup.threshold == threshold
        stands = fits and rollup is not None and rollup.changed == mark
        if mark is not None and hour >= whole_since and (full or not stands):
            dirty[hour] = mark
        elif rollup is None:
            lost.append(hour)
        elif fits:
            standing[hour] = rollup
        else:
            foreign[hour] = rollup
    return HourPlan(dirty, standing, foreign, tuple(lost))


def whole_since(now: datetime, *, keep: timedelta) -> datetime:
    """Return the first moment whose reports, kept so long from their time on, will outlast this run."""
    return now - keep + EXPIRY_MARGIN


def analyzed_hours(
    dirty: Mapping[datetime, UUID], minutes: Iterable[Minute], *, threshold: int
) -> dict[datetime, Analyzed]:
    """Return what the rollups of hours that were `dirty` are made from, once `minutes` are computed of them."""
    sightings, score_sum = Counter[datetime](), Counter[datetime]()
    for minute in minutes:
        hour = floor_to_hour(minute.time)
        sightings[hour] += minute.sightings
        score_sum[hour] += minute.score_sum
    return {hour: Analyzed(changed, threshold, sightings[hour], score_sum[hour]) for hour, changed in dirty.items()}
