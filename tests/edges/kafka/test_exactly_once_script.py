"""The loop against a group and a transactor whose every answer is written down: what it commits, and as whom."""

import threading
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from kafka.structs import TopicPartition
from structlog.testing import capture_logs

from harmonystate.config import KafkaSettings
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka import exactly_once, session
from harmonystate.edges.kafka.exactly_once import transform_exactly_once
from harmonystate.edges.kafka.transaction import TransactionFailed

ONE, TWO = TopicPartition("global1", 1), TopicPartition("global1", 2)


class Row(NamedTuple):
    offset: int
    is_sad: bool = False
    timestamp: int = 0


def rows(*offsets, sad=False):
    return [Row(offset, sad) for offset in offsets]


class Script:
    """Polls as (generation, records by partition, positions); the loop is asked to stop when they are over.

    A generation of None is a group that has not settled.
    """

    def __init__(self, *lives):
        self.lives = [list(life) for life in lives]
        self.stop = threading.Event()
        self.commits = []
        self.opened = []
        self.left = []

    def reader(self, *_args, **_options):
        self.opened.append("reader")
        turns, script = self.lives.pop(0), self

        class Reader:
            member = None
            _positions = None

            def ends(self):
                return {ONE: 10, TWO: 10}

            def poll(self, _timeout_ms):
                if not turns:
                    script.stop.set()
                    return {}
                turn = turns.pop(0)
                if isinstance(turn, Exception):
                    raise turn
                generation, polled, self._positions = turn
                self.member = generation and SimpleNamespace(generation_id=generation)
                return polled

            def positions(self):
                return self._positions

            def lag(self, _done):
                return 0

            def close(self):
                pass

        return Reader()

    def transactor(self, *_args):
        self.opened.append("transactor")
        script = self

        class Transactor:
            def commit(self, outgoings, *, offsets, member):
                script.commits.append((member.generation_id, dict(offsets), len(outgoings)))

            def close(self):
                script.opened.append("closed")

            def discard(self):
                script.opened.append("discarded")

        return Transactor()


@pytest.fixture
def run(monkeypatch):
    def run(*lives, calm_s=1_000.0):
        script = Script(*lives)
        monkeypatch.setattr(exactly_once, "CALM_S", calm_s)
        monkeypatch.setattr(session, "GroupReader", script.reader)
        monkeypatch.setattr(session, "Transactor", script.transactor)
        monkeypatch.setattr(session, "abort_what_was_left", lambda *_, **__: None)
        monkeypatch.setattr(exactly_once, "leave", lambda _settings, **who: script.left.append(who))
        transform_exactly_once(
            KafkaSettings(),
            source="global1",
            stage="stream-alerts",
            instance="a",
            decide=lambda batch: [Outgoing("alert", None, b"") for row in batch if row.is_sad],
            stop=script.stop,
            once=False,
            meter=SimpleNamespace(**dict.fromkeys(("add", "show", "observe"), lambda **_: None)),
        )
        return script

    return run


def test_a_batch_with_an_alert_is_committed_at_once_with_what_was_calm_before(run):
    script = run([(1, {ONE: rows(3, 4)}, {}), (1, {TWO: rows(7, sad=True)}, {}), (1, {ONE: rows(5)}, {})])

    assert script.commits == [(1, {ONE: 5, TWO: 8}, 1), (1, {ONE: 6}, 0)]


def test_calm_records_wait_for_their_time(run):
    batches = [(1, {ONE: rows(number)}, {}) for number in range(5)]

    assert run(batches, calm_s=1_000.0).commits == [(1, {ONE: 5}, 0)]
    assert run(batches, calm_s=-1.0).commits == [(1, {ONE: number + 1}, 0) for number in range(5)]


def test_when_nothing_is_left_the_offsets_that_end_transactions_are_committed_too(run):
    script = run([(1, {ONE: rows(3, sad=True)}, {}), (1, {}, {ONE: 5, TWO: 9}), (1, {}, {ONE: 5, TWO: 9})], calm_s=-1.0)

    assert script.commits == [(1, {ONE: 4}, 1), (1, {ONE: 5, TWO: 9}, 0)]


def test_what_is_read_of_one_generation_is_never_committed_in_the_next(run):
    """Others may own the partitions by then; and of those kept, the position is past what is not committed."""
    script = run([(1, {ONE: rows(3)}, {}), (2, {ONE: rows(4, sad=True)}, {})], [(2, {ONE: rows(3, 4, sad=True)}, {})])

    assert script.commits == [(2, {ONE: 5}, 2)]
    assert script.opened == ["transactor", "reader", "discarded", "transactor", "reader", "closed"]


def test_a_rebalance_with_nothing_pending_costs_nothing(run):
    script = run([(1, {ONE: rows(3, sad=True)}, {}), (2, {TWO: rows(4, sad=True)}, {})])

    assert script.commits == [(1, {ONE: 4}, 1), (2, {TWO: 5}, 1)]
    assert script.opened.count("transactor") == 1


def test_what_was_committed_in_an_earlier_generation_is_forgotten(run):
    """A partition that comes back stands where its other owner left it."""
    script = run([(1, {}, {ONE: 5}), (2, {}, {TWO: 1}), (3, {}, {ONE: 5})], calm_s=-1.0)

    assert script.commits == [(1, {ONE: 5}, 0), (2, {TWO: 1}, 0), (3, {ONE: 5}, 0)]


def test_while_the_group_has_not_settled_nothing_is_committed(run):
    script = run([(1, {ONE: rows(3)}, {}), (None, {}, {ONE: 4})], calm_s=-1.0)

    assert script.commits == [(1, {ONE: 4}, 0)]


def test_what_is_pending_when_asked_to_stop_is_committed_unless_the_group_is_unsettled(run):
    assert run([(1, {ONE: rows(3)}, {})]).commits == [(1, {ONE: 4}, 0)]
    assert run([(1, {ONE: rows(3)}, {}), (None, {}, {})]).commits == []


def test_what_fails_in_each_life_before_it_is_a_member_is_said_and_tried_ever_less_often(run, monkeypatch):
    waited = []
    monkeypatch.setattr(threading.Event, "wait", lambda _, seconds: waited.append(seconds))

    with capture_logs() as said:
        run(*[[TransactionFailed("the broker refuses us")]] * 5, [(1, {ONE: rows(3)}, {})])

    assert waited == [0.1, 0.2, 0.4, 0.8, 1.6]
    assert [(line["event"].partition(" at ")[0], line.get("because")) for line in said] == [
        ("waiting for Kafka", "the broker refuses us"),
        ("Kafka", None),
    ]


def test_it_leaves_the_group_under_its_name(run):
    assert run([]).left == [{"group": "stream-alerts", "instance": "a"}]


def test_a_reader_that_does_not_open_leaves_no_transactor_behind(run, monkeypatch):
    def refuse(script):
        def reader(*_args, **_options):
            script.stop.set()
            raise TransactionFailed("nobody there")

        return reader

    monkeypatch.setattr(Script, "reader", property(refuse))

    assert run([]).opened == ["transactor", "discarded"]
