import kafka.errors
import pytest
from structlog.testing import capture_logs

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka.patience import Patience
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed
from harmonystate.errors import Misconfigured

FAULT = TransactionFailed("nobody answers")


class Waits:
    """A stop that notes how long it was waited on."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float, /) -> bool:
        self.waited.append(seconds)
        return False


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def patience(waits, now):
    return Patience(KafkaSettings(bootstrap_servers="kafka:1"), waits, stage="test", clock=lambda: now[0])


def test_the_waits_grow_up_to_five_seconds_and_begin_anew_after_success(patience, waits):
    for _ in range(8):
        patience.bear(FAULT)
    patience.relieved()
    patience.bear(FAULT)

    assert waits.waited == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 0.1]


def test_an_absence_of_a_day_is_waited_out(patience, waits):
    for _ in range(20_000):
        patience.bear(FAULT)

    assert waits.waited[-1] == 5.0


def test_a_long_absence_is_said_once_and_so_is_its_end(patience):
    with capture_logs() as said:
        for _ in range(5):
            patience.bear(FAULT)
        patience.relieved()
        patience.relieved()

    assert [line["event"] for line in said] == ["waiting for Kafka at kafka:1", "Kafka at kafka:1 is back"]


def test_a_broker_that_does_not_answer_is_said_at_once(patience):
    silent = TransactionFailed("timed out")
    silent.__cause__ = kafka.errors.KafkaTimeoutError()

    with capture_logs() as said:
        patience.bear(silent)

    assert [line["event"] for line in said] == ["waiting for Kafka at kafka:1"]


def test_a_call_without_an_answer_is_said_before_it_fails(patience):
    with capture_logs() as said:
        patience.hear_nothing("send")
        patience.bear(FAULT)
        patience.relieved()

    assert [line["event"] for line in said] == ["waiting for Kafka at kafka:1", "Kafka at kafka:1 is back"]


def test_a_single_failure_of_another_kind_is_not_worth_a_word(patience):
    with capture_logs() as said:
        patience.bear(FAULT)
        patience.relieved()

    assert said == []


def test_half_a_minute_after_an_outage_what_it_took_is_given_back_once(patience, now, monkeypatch):
    given = []
    monkeypatch.setattr("harmonystate.edges.kafka.patience.give_back", lambda: given.append(now[0]))
    patience.hear_nothing("send")

    for moment in (10.0, 39.9, 40.0, 70.0, 3_600.0):
        now[0] = moment
        patience.relieved()

    assert given == [40.0]


def test_an_outage_soon_after_another_gives_back_what_that_took_and_the_first_one_nothing(patience, now, monkeypatch):
    given = []
    monkeypatch.setattr("harmonystate.edges.kafka.patience.give_back", lambda: given.append(now[0]))

    for moment in (0.0, 20.0, 40.0):
        now[0] = moment
        patience.hear_nothing("send")
        patience.relieved()

    assert given == [20.0, 40.0]


def test_fenced_twice_in_a_minute_means_that_another_has_our_name(patience, now):
    patience.bear(Fenced("fenced"))
    now[0] = 59.9

    with pytest.raises(Misconfigured, match="--instance"):
        patience.bear(Fenced("fenced"))


def test_fenced_once_in_a_while_is_a_broker_that_gave_us_up(patience, now):
    for moment in (0.0, 60.0, 120.0):
        now[0] = moment
        patience.bear(Fenced("fenced"))
