from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.core.flow import Flow, Look
from harmonystate.core.pipeline import ARROWS, QUIET_AFTER_S, State, into_topic, of_store, out_of_topic
from harmonystate.core.snapshot import Outage, Saved, Service, Snapshot, Stream, arrows_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SAVED = Saved((), {}, dirty_hours=2, written_at=NOW - timedelta(seconds=3), analyzed_at=None)


def reader(*looks: tuple[float, int, int]) -> Flow:
    flow = Flow({"ingest": "global2"}, like={})
    for at, end, done in looks:
        flow.note(Look(at, {"global2": end}, {"ingest": done}))
    return flow


@pytest.mark.parametrize(
    ("looks", "state"),
    [
        ([(0, 5, 5), (40, 5, 5)], State.QUIET),
        ([(0, 5, 5), (8, 9, 7)], State.FLOWS),
        ([(0, 9, 5), (60, 12, 5)], State.FLOWS),
        ([(0, 9, 5), (61, 12, 5)], State.STALLS),
        ([(0, 9, 5), (61, 12, 5), (62, 12, 6)], State.FLOWS),
    ],
)
def test_a_reader_stalls_once_it_gets_nothing_done_for_a_minute(looks, state):
    assert out_of_topic(reader(*looks), "global2", "ingest").state is state


@pytest.mark.parametrize(("ago", "state"), [(0, State.FLOWS), (QUIET_AFTER_S + 1, State.QUIET), (None, State.QUIET)])
def test_a_writer_is_quiet_when_its_last_record_is_old(ago, state):
    last = None if ago is None else NOW - timedelta(seconds=ago)

    arrow = into_topic("produce", "global1", rate=2.0, last=last, now=NOW)

    assert (arrow.state, arrow.age_s) == (state, ago)


def test_a_clock_that_runs_ahead_makes_no_negative_age():
    later = NOW + timedelta(seconds=2)

    assert into_topic("produce", "global1", rate=2.0, last=later, now=NOW).age_s == 0
    assert of_store("ingest", "report", last=later, now=NOW).age_s == 0


def test_the_picture_always_has_every_arrow_in_its_order():
    stream = Stream([into_topic("produce", "global2", rate=1.0, last=NOW, now=NOW)], (), ())
    snapshot = Snapshot(Service("Kafka", "k"), Service("Cassandra", "c"), stream, SAVED)

    arrows = arrows_of(snapshot, NOW)

    assert [(arrow.source, arrow.target) for arrow in arrows] == list(ARROWS)
    known = {arrow.target: arrow.state for arrow in arrows if arrow.state is not State.UNKNOWN}
    assert known == {
        "global2": State.FLOWS,
        "report": State.FLOWS,
        "analyze": State.QUIET,
        "statistics": State.QUIET,
    }
    assert next(arrow.lag for arrow in arrows if arrow.target == "analyze") == 2


def test_of_a_service_that_is_away_nothing_is_known():
    gone = Outage(NOW, "nobody listens")
    snapshot = Snapshot(Service("Kafka", "k", True), Service("Cassandra", "c", True, gone), None, SAVED)

    assert {arrow.state for arrow in arrows_of(snapshot, NOW)} == {State.UNKNOWN}
