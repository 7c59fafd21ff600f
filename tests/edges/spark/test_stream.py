"""The stream on real Kafka, Cassandra and Spark; what it leads to beside rows goes into a list."""

import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
from kafka import TopicPartition

from harmonystate.core.record import Outgoing
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.offsets import end_offsets
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.spark.faults import RecordsGone
from harmonystate.edges.spark.session import forget_cassandra
from harmonystate.edges.spark.stall import StallClock
from harmonystate.edges.spark.stream import Stream
from harmonystate.errors import BadInput, Busy, Misconfigured, Unavailable
from tests.support.kafka import wait_until, write
from tests.support.malformed import document, raw

pytestmark = pytest.mark.services

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = NOW.replace(minute=0, second=0)


def report(number, time=NOW):
    name = f"0190a2f0-0000-4000-8000-{number:012d}"
    return raw(document(reportId=name, droneId=number, time=time.isoformat().replace("+00:00", "Z")))


class Outlet:
    """Keeps what it is given, and fails as told: (name of a method, which call of it) -> what it raises."""

    def __init__(self, failures=()):
        self.begun = 0
        self.hours = []
        self.commits = []
        self._failures = dict(failures)
        self._calls = {}

    def begin(self):
        self.begun += 1
        self._fail("begin")

    def mark_changed(self, hours, now):
        assert now >= NOW
        self._fail("mark_changed")
        self.hours.append(hours)

    def commit(self, dead, ends):
        self._fail("commit")
        self.commits.append((dead, dict(ends)))

    def _fail(self, name):
        self._calls[name] = self._calls.get(name, 0) + 1
        fault = self._failures.get((name, self._calls[name]))
        if fault is not None:
            raise fault

    @property
    def buried(self):
        return [letter for dead, _ in self.commits for letter in dead]


class Watch:
    """Counts batches; calls a function after each; says whether records wait."""

    def __init__(self, then=lambda: None, *, behind=False):
        self.outcomes = []
        self._then, self._behind = then, behind

    def stored(self, outcome):
        self.outcomes.append(outcome)
        self._then()

    def failed(self):
        pass

    def look(self, *, in_hand_s):
        assert in_hand_s >= 0
        return self._behind


@pytest.fixture
def place(config, tmp_path):
    """A config with topics and tables, batches of at most 100 offsets, and a checkpoint."""
    create_topics(config.kafka)
    schema.apply(config.cassandra)
    spark = config.spark.model_copy(update={"max_offsets_per_trigger": 100, "checkpoint": str(tmp_path / "checkpoint")})
    return config.model_copy(update={"spark": spark})


@pytest.fixture
def stream(spark, place):
    """Return a function that runs the stream to the end of what is there."""

    def run(outlet, watch=None, *, stop=None, once=True, clock=None, **settings):
        config = place.model_copy(update={"spark": place.spark.model_copy(update=settings)})
        checkpoint = str(config.spark.checkpoint)
        stop = stop or threading.Event()
        # The session of the run may have looked at the keyspaces just before ours was made.
        forget_cassandra(spark)
        clock = clock or StallClock(config.spark.stall_after.total_seconds())
        watch = watch or Watch()
        Stream(spark, config, checkpoint=checkpoint, outlet=outlet, watch=watch, clock=clock, stop=stop).run(once=once)
        return outlet

    return run


def fill(config, values):
    topic = config.kafka.topics.global2
    write(config.kafka, [Outgoing(topic, b"%d" % number, value) for number, value in enumerate(values)])


def stored(config):
    """Return the drones of all rows."""
    with open_session(config.cassandra) as session:
        return sorted(row.droneid for row in session.execute("SELECT droneid FROM report"))


def lives(config):
    """Return how long each row lives from the time of its event on, by drone."""
    with open_session(config.cassandra) as session:
        rows = list(session.execute("SELECT droneid, time, TTL(latitude) AS left FROM report"))
        now = datetime.now(UTC).replace(tzinfo=None)
    return {row.droneid: now + timedelta(seconds=row.left or 0) - row.time for row in rows}


def ends(config):
    topic = config.kafka.topics.global2
    return {(topic, partition): end for partition, end in end_offsets(config.kafka, topic).items()}


def test_rows_come_first_then_marks_then_letters_with_the_end(stream, place):
    earlier = timedelta(days=12)
    fill(place, [report(number, NOW - number % 2 * earlier) for number in range(50)] + [b"{", b"[]"])
    watch = Watch()

    outlet = stream(Outlet(), watch)

    assert stored(place) == list(range(50))
    # What is stored late does not live longer; but from `now` to its writing a busy machine takes its time.
    lifetimes = lives(place).values()
    assert [life for life in lifetimes if abs(life - place.cassandra.report_ttl) > timedelta(minutes=10)] == []
    assert outlet.hours == [[HOUR - earlier, HOUR]]
    assert sorted((letter.key, letter.value) for letter in outlet.buried) == [(b"50", b"{"), (b"51", b"[]")]
    assert outlet.commits[-1][1] == ends(place)
    (outcome,) = watch.outcomes
    assert (outcome.rows, outcome.dead_letters, outcome.expired) == (50, 2, 0)
    assert outcome.age_s >= 0


@pytest.mark.parametrize("method", ["begin", "mark_changed", "commit"])
def test_a_batch_whose_outlet_fails_comes_again(stream, place, method):
    fill(place, [report(number) for number in range(20)] + [b"{"])

    outlet = stream(Outlet({(method, 1): Unavailable("away for a moment")}))

    assert outlet.begun == 2
    assert stored(place) == list(range(20))
    assert [letter.value for letter in outlet.buried] == [b"{"]


@pytest.mark.parametrize("fault", [Misconfigured("fenced twice"), TypeError("a bug of ours")])
def test_what_trying_again_cannot_mend_ends_the_stream(stream, place, fault):
    fill(place, [report(0)])

    with pytest.raises(type(fault)) as raised:
        stream(Outlet({("commit", 1): fault}))

    assert raised.value is fault


def test_asked_to_stop_it_leaves_between_two_batches_and_goes_on_later(stream, place):
    fill(place, [report(number) for number in range(250)])
    stop = threading.Event()

    first = stream(Outlet(), Watch(stop.set), stop=stop, once=False)
    assert len(first.commits) == 1
    assert 0 < len(stored(place)) < 250

    second = stream(Outlet())
    assert stored(place) == list(range(250))
    assert first.commits[0][1] != second.commits[0][1]
    assert second.commits[-1][1] == ends(place)


def test_idle_it_leaves_when_asked_and_looks_for_more_at_the_configured_interval(spark, stream, place):
    stop = threading.Event()
    watch = Watch()
    settings = {"stop": stop, "once": False, "trigger_interval": timedelta(seconds=1.25)}
    fill(place, [report(0)])
    running = threading.Thread(target=stream, args=(Outlet(), watch), kwargs=settings)
    running.start()
    wait_until(lambda: watch.outcomes, what="the batch")
    (query,) = spark.streams.active
    assert query._jsq.streamingQuery().trigger().intervalMs() == 1_250

    stop.set()

    running.join(30)
    assert not running.is_alive()


def test_a_batch_that_never_gets_through_is_a_stall(stream, place):
    fill(place, [report(0)])
    away = {("commit", call): Unavailable("away") for call in range(1, 1000)}

    with pytest.raises(Busy, match=r"spark\.stall_after"):
        stream(Outlet(away), stall_after=datetime.resolution)


def test_a_query_that_never_reaches_a_batch_is_a_stall_where_records_wait(stream, place):
    fill(place, [report(0)])
    away = {("begin", call): Unavailable("away") for call in range(1, 1000)}

    with pytest.raises(Busy, match=r"spark\.stall_after"):
        stream(Outlet(away), Watch(behind=True), stall_after=timedelta(seconds=3))


def test_a_query_that_has_looked_and_found_nothing_is_no_stall(stream, place):
    stop, looks = threading.Event(), []
    fill(place, [report(0)])
    watch = Watch()

    def look(*, in_hand_s):
        looks.extend(watch.outcomes)
        if len(looks) == 10:
            stop.set()
        return bool(looks)

    watch.look = look
    # Four minutes from one look to the next, once the batch is stored; and always somebody says that records wait.
    stream(Outlet(), watch, stop=stop, once=False, clock=StallClock(900, clock=lambda: len(looks) * 240.0))

    assert len(watch.outcomes) == 1


def test_records_that_kafka_dropped_before_they_were_read_are_named(stream, place):
    topic = place.kafka.topics.global2
    write(place.kafka, [Outgoing(topic, b"7", report(number)) for number in range(20)])
    stream(Outlet())
    (read,) = [(partition, end) for (_, partition), end in ends(place).items() if end]
    write(place.kafka, [Outgoing(topic, b"7", report(number)) for number in range(20)])
    with open_admin(place.kafka) as admin:
        admin.delete_records({TopicPartition(topic, read[0]): read[1] + 10})

    with pytest.raises(RecordsGone) as raised:
        stream(Outlet())

    assert (raised.value.partition, raised.value.offset) == read


def test_without_its_checkpoint_it_writes_the_same_rows_again(stream, place):
    fill(place, [report(number) for number in range(30)] + [b"{"])
    first = stream(Outlet())
    shutil.rmtree(place.spark.checkpoint)

    second = stream(Outlet())

    assert stored(place) == list(range(30))
    assert [letter.place for letter in second.buried] == [letter.place for letter in first.buried]


def test_a_torn_checkpoint_is_named_with_its_file(stream, place, tmp_path):
    fill(place, [report(0)])
    stream(Outlet())
    (tmp_path / "checkpoint" / "offsets" / "0").write_text("")
    (tmp_path / "checkpoint" / "offsets" / ".0.crc").unlink()

    with pytest.raises(BadInput, match=r"offsets/0.*--repair-checkpoint.*/checkpoint"):
        stream(Outlet())
