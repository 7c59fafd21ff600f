import io
import json
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from harmonystate.commands import stream_alerts
from harmonystate.commands.stream_alerts import sort_out, sort_out_lines
from harmonystate.config import Topics
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.offsets import committed, lag
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.kafka.transaction import Transactor
from harmonystate.edges.local.stop import Stop
from tests.support.groups import members
from tests.support.kafka import await_readable, read, wait_until, write
from tests.support.malformed import MALFORMED, WELL_FORMED, document, person, raw
from tests.support.services import child_environment

TOPICS = Topics()
NOW = datetime(2026, 11, 24, 16, 38, 18, tzinfo=UTC)
HARMONY = Path(sys.executable).with_name("harmony")


class Row(NamedTuple):
    """A record as Kafka's client would give it."""

    value: bytes | None
    key: bytes | None = b"7"
    offset: int = 0
    topic: str = "global1"
    partition: int = 0
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def report(*scores, drone=7, number=0):
    """Return a report of persons with these scores, in wire form."""
    persons = [person(firstname=f"P{place}", harmonyscore=score) for place, score in enumerate(scores)]
    return raw(document(reportId=f"0190a2f0-0000-4000-8000-{number:012d}", droneId=drone, persons=persons))


def sorted_out(*rows, threshold=2):
    return list(sort_out(rows, threshold=threshold, topics=TOPICS, now=lambda: NOW))


def test_one_unreadable_record_does_not_silence_the_drones_behind_it():
    broken, calm, sad = Row(b"{"), Row(report(5)), Row(report(1, 8))

    sent = sorted_out(broken, calm, sad)

    assert [outgoing.topic for outgoing in sent] == ["dead-letter", "alert"]
    assert sent[0].value == b"{"


def test_an_alert_is_the_report_s_own_text_and_when_it_was_raised():
    (alert,) = sorted_out(Row(report(1, 8)))

    told = json.loads(alert.value)
    assert alert.value.startswith(report(1, 8)[:-1])
    assert (told["threshold"], told["raisedAt"]) == (2, "2026-11-24T16:38:18.000Z")


def test_an_alert_s_key_is_the_drone_whatever_the_record_s_was():
    (alert,) = sorted_out(Row(report(0, drone=4711), key=None))

    assert alert.key == b"4711"


@pytest.mark.parametrize(
    ("threshold", "scores", "alerts"),
    [(2, [2, 10], 0), (2, [1, 10], 1), (2, [], 0), (0, [0], 0), (11, [10], 1), (3, [2, 10], 1)],
)
def test_sad_is_strictly_below_the_threshold(threshold, scores, alerts):
    assert len(sorted_out(Row(report(*scores)), threshold=threshold)) == alerts


def test_a_dead_letter_says_where_the_record_stood_and_that_it_was_found_here():
    (letter,) = sorted_out(Row(b"{", key=b"12", offset=99))

    headers = dict(letter.headers)
    assert (letter.topic, letter.key, letter.value) == ("dead-letter", b"12", b"{")
    assert (headers["__streams.errors.topic"], headers["__streams.errors.offset"]) == (b"global1", b"99")
    assert (headers["harmony.stage"], headers["harmony.time"]) == (b"stream-alerts", b"2026-11-24T16:38:18.000Z")


def test_every_malformed_record_becomes_one_dead_letter():
    written = {name: [(out.topic, out.value) for out in sorted_out(Row(value))] for name, value in MALFORMED.items()}

    assert written == {
        name: [("dead-letter", None if value is None else value[: 1024 * 1024])] for name, value in MALFORMED.items()
    }


def test_no_odd_but_valid_report_does():
    topics = {name: {outgoing.topic for outgoing in sorted_out(Row(value))} for name, value in WELL_FORMED.items()}

    assert [name for name, written in topics.items() if not written <= {"alert"}] == []


def filtered(text):
    alerts, faults = io.BytesIO(), io.StringIO()
    lines = stream_alerts._lines(io.BytesIO(text), Stop())
    code = sort_out_lines(lines, threshold=2, now=lambda: NOW, alerts=alerts, faults=faults)
    return code, alerts.getvalue().splitlines(), [json.loads(line) for line in faults.getvalue().splitlines()]


def test_lines_lead_to_the_same_alerts_as_records():
    texts = [report(1, number=1), report(5, number=2), report(0, 9, number=3)]

    code, alerts, faults = filtered(b"\n".join(texts))

    assert (code, faults) == (0, [])
    assert alerts == [outgoing.value for outgoing in sorted_out(*map(Row, texts))]


def test_lines_that_are_no_reports_are_named_and_the_rest_is_handled():
    code, alerts, faults = filtered(b"{\n" + report(1) + b"\n\n" + report(1))

    assert code == 65
    assert len(alerts) == 2
    assert [fault["line"] for fault in faults] == [1, 3]
    assert all(set(fault) == {"line", "fault"} and fault["fault"] for fault in faults)


def test_a_line_without_end_is_not_kept_in_memory():
    code, alerts, faults = filtered(b"x" * 3_000_000 + b"\n" + report(1) + b"\n" + b"y" * 600_000)

    assert code == 65
    assert len(alerts) == 1
    assert [fault["line"] for fault in faults] == [1, 3]
    assert all("larger" in fault["fault"] for fault in faults)


def test_a_report_of_the_largest_size_is_one_line():
    largest = report(1)[:-1] + b',"x":"' + b"x" * (256 * 1024 - len(report(1)) - 7) + b'"}'

    assert len(largest) == 256 * 1024
    assert filtered(largest + b"\n")[0] == 0
    assert filtered(largest)[0] == 0
    assert filtered(largest[:-2] + b'x"}' + b"\n")[0] == 65


def test_nothing_in_nothing_out():
    assert filtered(b"") == (0, [], [])


COUNT = 20_000
DRONES = 200


def mixed(number, topic):
    """Return record `number` of a run: every 20th sad, every 100th (plus 7) no report."""
    key = b"%d" % (number % DRONES)
    if number % 100 == 7:
        return Outgoing(topic, key, b'{"number": %d}' % number)
    return Outgoing(topic, key, report(1 if number % 20 == 0 else 6, 8, drone=number % DRONES, number=number))


@pytest.fixture
def write_on(config):
    """Write the next 500 records of the run into global1; return how many there are."""
    create_topics(config.kafka)
    topic = config.kafka.topics.global1
    transactor = Transactor(config.kafka, topic)
    starts = iter(range(0, COUNT, 500))

    def write_next():
        start = next(starts)
        transactor.commit([mixed(number, topic) for number in range(start, start + 500)])
        return start + 500

    yield write_next
    transactor.close()


@pytest.fixture
def start(config_file):
    """Start the stage; what still runs at the end of the test is killed."""
    children = []

    def start_one(*options):
        command = [HARMONY, "stream-alerts", "--config", config_file, "-q", *options]
        children.append(subprocess.Popen(command, env=child_environment(), stderr=subprocess.PIPE))
        return children[-1]

    yield start_one
    for child in children:
        child.kill()
        child.wait()
        child.stderr.close()


def progress(config):
    return sum(offset for offset, _ in committed(config.kafka, "stream-alerts", config.kafka.topics.global1).values())


def unexpected(config, said):
    """Return what a stage has said beside what a busy broker, or one of its kind that was killed, makes it say."""
    kafka = f"Kafka at {config.kafka.bootstrap_servers}"
    legal = {"aborting what another has left open", f"waiting for {kafka}", f"{kafka} is back"}
    return [line for line in said.splitlines() if json.loads(line)["event"] not in legal]


def has_gone_on(config, before):
    return progress(config) != before


def numbers_of(records):
    return [int(json.loads(record.value)["reportId"][-12:]) for record in records]


def assert_nothing_lost_doubled_or_out_of_order(config):
    alerts = read(config.kafka, config.kafka.topics.alert)
    numbers = numbers_of(alerts)
    assert Counter(numbers) == Counter(n for n in range(COUNT) if n % 20 == 0 and n % 100 != 7)
    by_drone = defaultdict(list)
    for record, number in zip(alerts, numbers, strict=True):
        by_drone[record.key].append(number)
    assert all(numbers == sorted(numbers) for numbers in by_drone.values())
    letters = read(config.kafka, config.kafka.topics.dead_letter)
    assert Counter(letter.value for letter in letters) == Counter(b'{"number": %d}' % n for n in range(7, COUNT, 100))


@pytest.mark.services
@pytest.mark.parametrize("instances", [1, 2])
def test_killed_in_the_middle_it_loses_and_doubles_nothing(config, start, write_on, instances):
    names = [f"{config.kafka.topics.global1}-{number}" for number in range(instances)]
    children = [start("--instance", name) for name in names]
    for kill_at in (5_000, 10_000, 15_000):
        # While what one that was killed had left open is not decided on, there is no answer.
        before = wait_until(lambda: [progress(config)], what="an answer to how far it is")[0]
        while write_on() < kill_at:
            pass
        wait_until(partial(has_gone_on, config, before), what="progress")
        children[0].kill()
        children[0].communicate()
        children[0] = start("--instance", names[0])
    while write_on() < COUNT:
        pass
    await_readable(config.kafka, config.kafka.topics.global1)  # what cannot be read yet is no lag
    wait_until(lambda: lag(config.kafka, "stream-alerts", config.kafka.topics.global1) == 0, what="the end of the lag")
    # Whoever was started again last may not have come to it yet, and could not be asked to leave.
    wait_until(lambda: members(config.kafka, "stream-alerts") == set(names), what="everybody in the group")
    for child in children:
        child.terminate()

    ends = [(unexpected(config, child.communicate(timeout=25)[1]), child.returncode) for child in children]
    assert ends == [([], 0)] * instances
    assert_nothing_lost_doubled_or_out_of_order(config)


@pytest.mark.services
def test_once_does_what_is_there_and_ends(config, start, write_on):
    write_on()
    write_on()
    await_readable(config.kafka, config.kafka.topics.global1)

    for _ in range(2):
        child = start("--once", "--instance", config.kafka.topics.alert)
        assert (unexpected(config, child.communicate(timeout=300)[1]), child.returncode) == ([], 0)

    assert sorted(numbers_of(read(config.kafka, config.kafka.topics.alert))) == list(range(0, 1_000, 20))
    assert len(read(config.kafka, config.kafka.topics.dead_letter)) == 10


@pytest.mark.services
def test_every_malformed_record_is_buried_once_with_its_place_also_when_asked_again(config, start):
    create_topics(config.kafka)
    topics = config.kafka.topics
    write(config.kafka, [Outgoing(topics.global1, b"1", value) for value in MALFORMED.values()])

    for _ in range(2):
        child = start("--once", "--instance", topics.alert)
        assert (unexpected(config, child.communicate(timeout=300)[1]), child.returncode) == ([], 0)

    stood = {(str(r.partition).encode(), str(r.offset).encode()): r.value for r in read(config.kafka, topics.global1)}
    letters = read(config.kafka, topics.dead_letter)
    buried = {}
    for letter in letters:
        headers = dict(letter.headers)
        assert headers["__streams.errors.topic"] == topics.global1.encode()
        buried[headers["__streams.errors.partition"], headers["__streams.errors.offset"]] = letter.value
    assert len(letters) == len(MALFORMED)
    assert buried == {place: None if value is None else value[: 1024 * 1024] for place, value in stood.items()}


@pytest.mark.services
def test_without_topics_it_names_setup(start):
    child = start("--once")
    _, said = child.communicate(timeout=300)

    assert child.returncode == 78
    assert said.count(b"\n") == 1
    assert b"harmony setup" in said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_asked_to_leave_it_has_handled_the_lines_that_came_and_not_half_a_line(number, code, tmp_path):
    with subprocess.Popen(
        [HARMONY, "stream-alerts", "--input", "-", "--output", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(PYTHONUNBUFFERED=""),
        cwd=tmp_path,
    ) as child:
        child.stdin.write(b"no report\n" + report(1) + b"\n" + report(0)[:20])
        child.stdin.flush()
        assert json.loads(child.stderr.readline())["line"] == 1
        # At once: the next line may be an hour away.
        assert child.stdout.readline().startswith(report(1)[:-1])

        child.send_signal(number)

        assert child.wait(180) == code
        assert (child.stdout.read(), child.stderr.read()) == (b"", b"")
