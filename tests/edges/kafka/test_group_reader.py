"""What a reader makes of each state of its membership; the real group is in test_exactly_once.py."""

from types import SimpleNamespace

import kafka.errors
import pytest
from kafka import KafkaConsumer
from kafka.structs import ConsumerGroupMetadata, MemberState, TopicPartition
from structlog.testing import capture_logs

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka import group_reader
from harmonystate.edges.kafka.group_reader import GroupReader
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed
from harmonystate.errors import BadInput, Misconfigured

PLACE = TopicPartition("global1", 0)
OUTSIDE = ConsumerGroupMetadata("stream-alerts", -1, "", "a", MemberState.UNJOINED)
JOINING = ConsumerGroupMetadata("stream-alerts", 2, "a-1", "a", MemberState.REBALANCING)
SETTLED = ConsumerGroupMetadata("stream-alerts", 2, "a-1", "a", MemberState.STABLE)


class Script:
    """A consumer whose polls and states are written down beforehand."""

    def __init__(self):
        self.polls = []
        self.state = OUTSIDE
        self.assigned = {}
        self.partitions = {0, 1}
        self.asked = False
        self.closed = False
        self.halted = set()
        self.firsts = {}
        self._subscription = SimpleNamespace(assignment={}, request_offset_reset=lambda *_: None)
        self.called = False
        self._coordinator = SimpleNamespace(
            stable=lambda: self.state is SETTLED, _heartbeat_enabled=True, need_rejoin=lambda: self.called
        )
        self.config = {**KafkaConsumer.DEFAULT_CONFIG, "session_timeout_ms": 10_000}

    def pause(self, *partitions):
        self.halted.update(partitions)

    def paused(self):
        return set(self.halted)

    def resume(self, *partitions):
        self.halted.difference_update(partitions)

    def poll(self, _timeout_ms):
        polled, self.state = self.polls.pop(0)
        if isinstance(polled, Exception):
            raise polled
        return polled

    def group_metadata(self):
        return self.state

    def assignment(self):
        return set(self.assigned)

    def partitions_for_topic(self, _topic):
        return self.partitions

    def end_offsets(self, places, **_options):
        self.asked = True
        return dict.fromkeys(places, 10)

    def beginning_offsets(self, places, **_options):
        if isinstance(self.firsts, Exception):
            raise self.firsts
        return {place: self.firsts[place] for place in places}

    def position(self, where, **_options):
        return self.assigned[where]

    def read_where_nothing_is(self, place, offset):
        """Do what the client does when a broker says that an offset is out of range."""
        self._subscription.assignment[place] = SimpleNamespace(position=SimpleNamespace(offset=offset))
        self._subscription.request_offset_reset(place)

    def close(self, **_options):
        self.closed = True


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def open_reader(script, monkeypatch):
    monkeypatch.setattr(group_reader, "open_consumer", lambda *_args, **_options: script)
    return lambda: GroupReader(KafkaSettings(), "global1", group="stream-alerts", instance="a")


@pytest.fixture
def reader(open_reader):
    reader = open_reader()
    yield reader
    reader.close()


def test_it_knows_the_partitions_before_it_joins(reader, script):
    """A leader that does not know them yet gives everyone an empty share, which looks like being done."""
    assert script.asked


def test_a_topic_that_is_not_there_or_not_ours_to_read_is_said_at_once(open_reader, script):
    script.partitions = None

    with pytest.raises(Misconfigured, match=r"no topic global1, .*harmony setup"):
        open_reader()
    assert script.closed


def test_while_it_joins_nothing_may_be_committed_and_nothing_is_reached(reader, script):
    script.polls = [({}, OUTSIDE), ({}, JOINING), ({}, SETTLED)]

    states = []
    for _ in range(3):
        reader.poll(0)
        states.append((reader.member, reader.has_reached({PLACE: 0})))

    # Without a partition it is done, but only once the group has settled that it gets none.
    assert states == [(None, False), (None, False), (SETTLED, True)]


def test_it_is_done_when_every_partition_it_was_given_is_read_to_the_goal(reader, script):
    other = TopicPartition("global1", 1)
    script.polls = [({}, SETTLED)]
    reader.poll(0)

    reached = []
    for positions in ({PLACE: 6}, {PLACE: 7}, {PLACE: 7, other: 3}, {PLACE: 8, other: 4}):
        script.assigned = positions
        reached.append(reader.has_reached({PLACE: 7, other: 4}))

    assert reached == [False, True, False, True]


def test_a_position_that_kafka_does_not_tell_is_a_failure_and_not_the_end(reader, script):
    script.polls = [({}, SETTLED)]
    reader.poll(0)
    script.assigned = {PLACE: None}

    with pytest.raises(TransactionFailed, match=r"global1, partitions \[0\], is not decided"):
        reader.has_reached({PLACE: 0})


def test_a_later_rebalance_takes_the_right_to_commit_away_until_it_settles(reader, script):
    script.polls = [({PLACE: ["record"]}, SETTLED), ({}, JOINING)]
    reader.poll(0)

    reader.poll(0)

    assert reader.member is None


def test_while_it_holds_it_takes_nothing_and_stays_a_member(reader, script):
    script.assigned = {PLACE: 7}
    script.polls = [({}, SETTLED)] * 3

    held = []
    for hold in (True, True, False):
        reader.poll(0, hold=hold)
        held.append(script.paused())

    assert held == [{PLACE}, {PLACE}, set()]


def test_what_kafka_let_go_of_before_it_was_read_is_named_once(reader, script):
    script.polls = [({}, SETTLED)] * 3
    other, script.firsts = TopicPartition("global1", 1), {PLACE: 15, TopicPartition("global1", 1): 0}

    with capture_logs() as said:
        reader.poll(0)
        script.read_where_nothing_is(PLACE, 10)
        script.read_where_nothing_is(other, 3)  # the broker has lost its last records
        reader.poll(0)
        reader.poll(0)

    gone, again = said
    assert gone["event"] == "goes on without records that Kafka no longer has"
    assert (gone["topic"], gone["partition"], gone["first"], gone["last"]) == ("global1", 0, 10, 14)
    assert again["event"] == "reads all records again: Kafka has lost some that were read"
    assert (again["topic"], again["partition"], again["first"], again["stood_at"]) == ("global1", 1, 0, 3)


def test_what_is_gone_is_not_passed_over_while_kafka_does_not_say_how_much(reader, script):
    script.polls = [({PLACE: ["record"]}, SETTLED)]
    script.firsts = kafka.errors.KafkaTimeoutError()
    script.read_where_nothing_is(PLACE, 10)

    with pytest.raises(TransactionFailed):
        reader.poll(0)


@pytest.mark.parametrize("polled", [{}, {PLACE: ["record"]}])
def test_who_is_thrown_out_is_of_no_more_use(reader, script, polled):
    script.polls = [({}, SETTLED), (polled, OUTSIDE)]
    reader.poll(0)

    with pytest.raises(TransactionFailed, match="thrown"):
        reader.poll(0)


@pytest.mark.parametrize(("enabled", "fault"), [(True, TransactionFailed), (False, Fenced)])
def test_a_member_whose_heartbeats_nobody_answers_is_of_no_more_use(reader, script, enabled, fault):
    script.polls = [({}, SETTLED), ({}, SETTLED)]
    reader.poll(0)
    script._coordinator.heartbeat.session_timeout_expired = lambda: True
    script._coordinator._heartbeat_enabled = enabled

    with pytest.raises(fault) as raised:
        reader.poll(0)

    assert type(raised.value) is fault


def test_it_is_confirmed_for_most_of_a_session_from_the_sending_of_an_answered_heartbeat(reader, script, monkeypatch):
    now = [1_000.0]
    monkeypatch.setattr("time.clock_gettime", lambda _: now[0])
    script.polls = [({}, SETTLED), ({}, JOINING)]
    reader.poll(0)
    heartbeat = script._coordinator.heartbeat
    assert not reader.is_confirmed(), "the group has not been asked yet"

    heartbeat.sent_heartbeat()
    heartbeat.received_heartbeat()
    now[0] += 5.9
    assert reader.is_confirmed()
    heartbeat.sent_heartbeat()
    now[0] += 0.2
    assert not reader.is_confirmed(), "of 10 s, 4 are for what is done"
    heartbeat.received_heartbeat()
    assert reader.is_confirmed()
    script.called = True
    assert not reader.is_confirmed(), "the next poll gives all away"
    script.called = False
    reader.poll(0)
    assert not reader.is_confirmed(), "the group rebalances"


@pytest.mark.parametrize("state", [OUTSIDE, JOINING])
def test_records_that_come_without_a_membership_are_never_handled(reader, script, state):
    script.polls = [({PLACE: ["record"]}, state)]

    with pytest.raises(TransactionFailed):
        reader.poll(0)


def test_a_damaged_topic_is_for_a_person_to_mend(reader, script):
    damage = kafka.errors.CorruptRecordError("Record batch for partition 3 at offset 17 failed crc check")
    script.polls = [(damage, SETTLED)]

    with pytest.raises(BadInput, match=r"global1 is damaged: .*partition 3 at offset 17.*disk"):
        reader.poll(0)


def test_another_with_its_name_fences_it(reader, script):
    script.polls = [(kafka.errors.FencedInstanceIdError(), SETTLED)]

    with pytest.raises(Fenced):
        reader.poll(0)
