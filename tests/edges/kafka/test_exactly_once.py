"""The loop on a real broker: what it writes is compared with what stands in the source."""

import threading
import uuid
from collections import Counter, defaultdict
from contextlib import contextmanager

import kafka
import kafka.errors
import pytest
from kafka.structs import OffsetAndMetadata
from structlog.testing import capture_logs

from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka import group_reader, session
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.exactly_once import transform_exactly_once
from harmonystate.edges.kafka.group_reader import GroupReader
from harmonystate.edges.kafka.offsets import committed, lag
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import Fenced, TransactionFailed, Transactor
from harmonystate.errors import BadInput, Misconfigured
from tests.support.kafka import read, wait_until, write

pytestmark = pytest.mark.services

KEYS = 40


class Counts:
    def __init__(self):
        self.counts = Counter()
        self.states = {}
        self.ages_s = []

    def add(self, **counts):
        self.counts.update(counts)

    def show(self, **states):
        self.states.update(states)

    def observe(self, *, age_s):
        self.ages_s.append(age_s)


class Loop:
    """The loop in a thread: copies what ends in 0 from global1 to alert."""

    def __init__(self, settings, stage):
        self.settings, self.stage = settings, stage
        self.source, self.target = settings.topics.global1, settings.topics.alert
        self.meter = Counts()

    def copy(self, batch):
        return [Outgoing(self.target, r.key, r.value) for r in batch if r.value.endswith(b"0")]

    def reader(self, *, instance):
        return GroupReader(self.settings, self.source, group=self.stage, instance=f"{self.stage}-{instance}")

    def run(self, *, instance="a", once=True, stop=None, decide=None, meter=None):
        transform_exactly_once(
            self.settings,
            source=self.source,
            stage=self.stage,
            instance=f"{self.stage}-{instance}",
            decide=decide or self.copy,
            stop=stop or threading.Event(),
            once=once,
            meter=meter or self.meter,
        )

    @contextmanager
    def running(self, instance="a", **options):
        stop = threading.Event()
        failed = []

        def work():
            try:
                self.run(instance=instance, once=False, stop=stop, **options)
            except BaseException as fault:  # noqa: BLE001 - the test fails on it below
                failed.append(fault)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield stop
        finally:
            stop.set()
            thread.join(60)
        assert not thread.is_alive()
        assert failed == []

    def write(self, start, count):
        numbers = range(start, start + count)
        write(self.settings, [Outgoing(self.source, b"%d" % (n % KEYS), b"%d" % n) for n in numbers])

    def members(self):
        with open_admin(self.settings) as admin:
            return len(admin.describe_groups([self.stage])[self.stage]["members"])

    def copied(self):
        return [(record.key, int(record.value)) for record in read(self.settings, self.target)]

    def stands_at(self):
        """Return the one partition of which something is committed, and up to where."""
        ((partition, (offset, _)),) = [
            item for item in committed(self.settings, self.stage, self.source).items() if item[1][0]
        ]
        return partition, offset

    def is_done(self):
        return lag(self.settings, self.stage, self.source) == 0


def expected(count):
    return {number for number in range(count) if number % 10 == 0}


def assert_each_once_and_in_order(copied, count):
    assert Counter(number for _, number in copied) == Counter(expected(count))
    by_key = defaultdict(list)
    for key, number in copied:
        by_key[key].append(number)
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


@pytest.fixture
def loop(config):
    create_topics(config.kafka)
    return Loop(config.kafka, f"test-{uuid.uuid4().hex[:8]}")


def test_once_handles_what_is_there_and_leaves_no_lag(loop):
    loop.write(0, 10_000)

    loop.run()

    assert_each_once_and_in_order(loop.copied(), 10_000)
    assert loop.is_done()
    assert loop.meter.counts == {"reports": 10_000, loop.target: 1_000}


def test_once_again_does_nothing_again(loop):
    loop.write(0, 1_000)
    loop.run()

    loop.run()

    assert_each_once_and_in_order(loop.copied(), 1_000)


def test_once_on_an_empty_topic_ends_at_once(loop):
    loop.run()

    assert loop.copied() == []


def test_once_stops_at_what_was_there_at_the_start(loop):
    loop.write(0, 1_000)
    late = []

    def and_more_comes(batch):
        if not late:
            late.append(True)
            loop.write(1_000, 1_000)
        return loop.copy(batch)

    loop.run(decide=and_more_comes)
    loop.run()

    assert_each_once_and_in_order(loop.copied(), 2_000)


def test_once_passes_over_what_was_aborted(loop):
    aborted = Transactor(loop.settings, f"aborted-{loop.stage}")
    aborted._producer.begin_transaction()
    for number in range(100):
        aborted._producer.send(loop.source, b"0", b"%d" % (number % KEYS))
    aborted._producer.flush(30)
    aborted._producer.abort_transaction()
    aborted.close()

    loop.run()

    assert loop.copied() == []
    assert loop.is_done()


def let_go(loop, partition, before):
    """Do what retention does: remove the records before an offset."""
    with open_admin(loop.settings) as admin:
        admin.delete_records({kafka.TopicPartition(loop.source, partition): before})


def named(said):
    """Return the ranges that were said to be gone."""
    return [(line["topic"], line["partition"], line["first"], line["last"]) for line in said if "first" in line]


def test_what_kafka_let_go_of_while_it_slept_is_named_and_the_rest_is_handled(loop):
    def write_ten(start):
        write(loop.settings, [Outgoing(loop.source, b"7", b"%d0" % number) for number in range(start, start + 10)])

    with capture_logs() as at_first:
        write_ten(0)
        loop.run()
    partition, slept_at = loop.stands_at()
    write_ten(10)
    let_go(loop, partition, slept_at + 5)
    with capture_logs() as said:
        loop.run()
        loop.run()

    assert named(at_first) == []
    assert named(said) == [(loop.source, partition, slept_at, slept_at + 4)]
    assert [number for _, number in loop.copied()] == [n * 10 for n in (*range(10), *range(15, 20))]


def test_where_kafka_has_lost_its_last_records_all_are_read_again_and_that_is_said(loop):
    write(loop.settings, [Outgoing(loop.source, b"7", b"%d0" % number) for number in range(10)])
    loop.run()
    partition, reached = loop.stands_at()
    power_cut = Transactor(loop.settings, f"power-cut-{loop.stage}")
    power_cut.commit([], offsets={(loop.source, partition): reached + 100}, group=loop.stage)
    power_cut.close()

    with capture_logs() as said:
        loop.run()

    assert [line["stood_at"] for line in said if line["event"].startswith("reads all records again")] == [reached + 100]
    assert Counter(number for _, number in loop.copied()) == Counter([n * 10 for n in range(10)] * 2)


def test_calm_records_are_committed_too(loop):
    write(loop.settings, [Outgoing(loop.source, b"%d" % number, b"1") for number in range(100)])

    with loop.running():
        wait_until(loop.is_done)

    assert loop.copied() == []
    assert loop.meter.counts["reports"] == 100


def test_a_failure_in_the_middle_loses_and_doubles_nothing(loop, monkeypatch):
    """Fail before a commit, and after one, when its outcome is unknown."""
    loop.write(0, 8_000)
    commit, turns = Transactor.commit, Counter()

    def failing(self, outgoings, **options):
        turns["commit"] += 1
        if turns["commit"] == 2:
            raise TransactionFailed("before")
        commit(self, outgoings, **options)
        if turns["commit"] == 3:
            raise TransactionFailed("after")

    monkeypatch.setattr(Transactor, "commit", failing)
    loop.run(decide=lambda batch: [Outgoing(loop.target, record.key, record.value) for record in batch])

    assert turns["commit"] > 3
    assert Counter(number for _, number in loop.copied()) == Counter(range(8_000))


def test_what_is_read_but_calm_is_read_again_after_a_failure(loop):
    """Positions run ahead of what is committed: whoever goes on from the position would skip."""
    loop.write(0, 4_000)
    seen = Counter()

    def failing_once(batch):
        seen.update(int(record.value) for record in batch)
        if max(seen.values()) == 1 and len(seen) > 2_000:
            raise TransactionFailed("kafka went away")
        return []

    loop.run(decide=failing_once)

    assert set(seen) == set(range(4_000))
    assert max(seen.values()) == 2


def test_a_bug_in_the_decision_is_not_swallowed_and_commits_nothing(loop):
    loop.write(0, 100)

    def buggy(_batch):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop.run(decide=buggy)
    assert committed(loop.settings, loop.stage, loop.source) == {}


def test_two_instances_share_the_partitions_and_a_third_takes_over(loop):
    total = 0
    with loop.running("b"):
        with loop.running("a"):
            for _ in range(10):
                loop.write(total, 500)
                total += 500
            wait_until(lambda: loop.members() == 2, what="two members")
            loop.write(total, 500)
            total += 500
        with loop.running("c"):
            for _ in range(10):
                loop.write(total, 500)
                total += 500
            wait_until(loop.is_done)

    assert_each_once_and_in_order(loop.copied(), total)
    assert loop.members() == 0


def test_one_without_a_partition_ends_at_once(loop):
    loop.write(0, 100)
    with loop.running("a"), loop.running("b"), loop.running("c"), loop.running("d"):
        wait_until(lambda: loop.members() == 4, what="four members")
        wait_until(loop.is_done)
        loop.write(100, 100)

        loop.run(instance="e", once=True)
        wait_until(loop.is_done)

    assert_each_once_and_in_order(loop.copied(), 200)


def test_whoever_is_asked_to_stop_leaves_the_group_at_once(loop):
    with loop.running():
        wait_until(lambda: loop.members() == 1, what="a member")

    assert loop.members() == 0


def test_another_with_the_same_name_is_noticed(loop):
    with loop.running("a"):
        wait_until(lambda: loop.members() == 1, what="a member")
        other = Transactor(loop.settings, f"harmony-{loop.stage}-{loop.stage}-a")
        loop.write(0, 1_000)
        wait_until(loop.is_done)
        other.discard()

    assert_each_once_and_in_order(loop.copied(), 1_000)


def test_a_member_that_lost_its_name_notices_though_nothing_comes_to_read(loop):
    first, second = (loop.reader(instance="a") for _ in range(2))
    try:
        wait_until(lambda: first.poll(100) is None or first.member is not None, what="the first to join")
        wait_until(lambda: second.poll(100) is None or second.member is not None, what="the second to take its name")

        with pytest.raises(Fenced):
            wait_until(lambda: first.poll(100) is None, what="the first to notice")
    finally:
        first.close()
        second.close()


def test_a_zombie_commits_nothing(loop):
    """While one sleeps beyond its session, another takes over; what the first then commits must be refused."""
    loop.write(0, 2_000)
    asleep, awake = threading.Event(), threading.Event()
    settings = loop.settings.model_copy(
        update={"client": {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 1_000, "max_poll_interval_ms": 6_000}}
    )
    slow = Loop(settings, loop.stage)

    def sleep_once(batch):
        if not asleep.is_set():
            asleep.set()
            assert awake.wait(180)
        return loop.copy(batch)

    with slow.running("a", decide=sleep_once):
        assert asleep.wait(180)
        with loop.running("b"):
            wait_until(loop.is_done)
            awake.set()
            loop.write(2_000, 1_000)
            wait_until(loop.is_done)

    assert_each_once_and_in_order(loop.copied(), 3_000)


def test_a_damaged_topic_is_named_with_partition_and_offset(loop, monkeypatch):
    loop.write(0, 10)

    def damaged(*_args, **_options):
        raise kafka.errors.CorruptRecordError("Record batch for partition 3 at offset 17 failed crc check")

    monkeypatch.setattr(kafka.KafkaConsumer, "poll", damaged)
    with pytest.raises(BadInput, match=r"damaged: .*partition 3 at offset 17"):
        loop.run()


def test_a_topic_that_is_not_there_is_named(loop):
    loop.source = f"{loop.source}.absent"

    with pytest.raises(Misconfigured, match=rf"{loop.source}.*harmony setup"):
        loop.run()


def test_offsets_in_a_transaction_that_is_not_decided_are_waited_for_and_said(loop, monkeypatch):
    monkeypatch.setattr(group_reader, "ANSWER_MS", 500)
    loop.write(0, 1_000)
    pending = {kafka.TopicPartition(loop.source, 0): OffsetAndMetadata(1, "", -1)}
    other = kafka.KafkaProducer(
        bootstrap_servers=loop.settings.bootstrap_servers, transactional_id=f"{loop.stage}-undecided"
    )
    other.init_transactions()
    other.begin_transaction()
    other.send_offsets_to_transaction(pending, loop.stage)
    other.flush()

    with capture_logs() as said, loop.running():
        wait_until(lambda: said, what="a warning")
        other.abort_transaction()
        other.close()
        wait_until(loop.is_done)

    assert "is not decided" in said[0]["because"]
    assert_each_once_and_in_order(loop.copied(), 1_000)


def test_the_lag_is_shown(loop, monkeypatch):
    monkeypatch.setattr(session, "LOOK_EVERY_S", 0.0)
    loop.write(0, 1_000)

    with loop.running():
        wait_until(lambda: loop.meter.states.get("lag") == 0)
