from datetime import UTC, datetime, timedelta

from harmonystate.commands.dashboard.board import Board
from harmonystate.core.snapshot import Saved, Stream

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STREAM = Stream((), (), ())
SAVED = Saved((), {}, 0, None, None)


def board() -> Board:
    return Board(kafka="k:9092", cassandra="c:9042")


def test_at_first_nobody_has_answered_and_nobody_is_away():
    snapshot = board().snapshot()

    assert (snapshot.kafka.at, snapshot.cassandra.at) == ("k:9092", "c:9042")
    assert {(service.answered, service.outage) for service in (snapshot.kafka, snapshot.cassandra)} == {(False, None)}


def test_an_outage_began_when_it_was_first_noted_and_says_the_newest_reason():
    made = board()
    made.kafka_is_away("refused", NOW)
    made.kafka_is_away("timed out", NOW + timedelta(minutes=1))

    assert made.snapshot().kafka.outage == (NOW, "timed out")
    assert made.snapshot().cassandra.outage is None


def test_what_was_said_last_stays_and_an_answer_ends_the_outage():
    made = board()
    made.put_saved(SAVED)
    made.cassandra_is_away("refused", NOW)
    during = made.snapshot()
    made.put_saved(SAVED)

    assert (during.saved, during.cassandra.outage) == (SAVED, (NOW, "refused"))
    assert made.snapshot().cassandra == ("Cassandra", "c:9042", True, None)


def test_one_service_says_nothing_of_the_other():
    made = board()
    made.put_stream(STREAM)
    made.cassandra_is_away("refused", NOW)

    assert made.snapshot().stream is STREAM
    assert made.snapshot().kafka.answered
