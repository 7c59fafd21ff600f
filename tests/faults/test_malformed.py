"""R8: reports among records that are none: each of those is a dead letter once per stage, and no report is lost.

R18: reports of more versions than one; what a later one adds does no harm, and a version above ours is a dead letter.
"""

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pyarrow as pa
import pytest

from harmonystate.commands.stream_alerts import sort_out
from harmonystate.config import Topics
from harmonystate.core.dead_letter import read_burial
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.kafka.records import place_of
from harmonystate.frames.report_batch import decode_batches
from tests.support.account import Account, compare, is_sad, printed
from tests.support.harmony import run_all
from tests.support.kafka import write
from tests.support.malformed import MALFORMED
from tests.support.proofs import account_of, counted
from tests.support.stored import rows_in, rows_of
from tests.support.versions import in_versions

STAGES = ("stream-alerts", "ingest")
AT_ONCE = 5_000
LARGE_ONES = 2_000
# Of the records that are too large each stands there once.
LARGE = {value for value in MALFORMED.values() if value and len(value) > 10_000}


def mix(chance, lines, malformed):
    """Return the reports among records that are none, with keys; the reports keep their order, as a drone's do."""
    small = [value for value in MALFORMED.values() if value not in LARGE]
    others = [*LARGE, *small, *chance.choices(small, k=malformed - len(LARGE) - len(small))]
    chance.shuffle(others)
    reports = iter([(b"%d" % json.loads(line)["droneId"], line) for line in lines])
    is_report = [True] * len(lines) + [False] * malformed
    chance.shuffle(is_report)
    return [next(reports) if this else (b"%d" % chance.randrange(100), others.pop()) for this in is_report]


@pytest.mark.parametrize(
    ("reports", "malformed"),
    [
        pytest.param(18_000, 2_000, marks=pytest.mark.services, id="quick"),
        pytest.param(90_000, 10_000, marks=pytest.mark.faults, id="full"),
    ],
)
def test_r8_each_record_that_is_no_report_is_buried_once_by_each_stage_and_no_report_is_lost(
    reports, malformed, chance, everything, report
):
    lines = printed("--seed", chance.randrange(10**6), "--count", reports, "--start", "12h")

    verdicts = both_stages(*everything, mix(chance, lines, malformed), lines)

    report("R8", f"{malformed:,} of {reports + malformed:,} malformed, two stages", *verdicts)


@pytest.mark.faults
def test_r8_records_of_a_mebibyte_are_more_than_ingest_has_memory_for_and_each_is_buried_once(everything, report):
    config, path = everything
    topics, at_once = config.kafka.topics, 5
    for first in range(0, LARGE_ONES, at_once):
        numbers = range(first, first + at_once)
        write(config.kafka, [Outgoing(topics.global2, b"%d" % n, os.urandom(10**6)) for n in numbers])
    there = Counter(place_of(record) for record in read_all(config.kafka, topics.global2))

    ended = run_all({"ingest": (path, ("ingest", "--once"))})["ingest"]

    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)
    buried = (read_burial(record.headers).place for record in read_all(config.kafka, topics.dead_letter))
    report("R8", f"{LARGE_ONES:,} records of 1 MB, ingest of 1 GiB", counted(there, buried))


def test_r18_both_stages_read_what_is_added_and_refuse_another_version(chance, report):
    mixed = list(in_versions(printed("--seed", chance.randrange(10**6), "--count", 2_000, "--start", "12h")))
    records = [Record(number, value) for number, (value, _) in enumerate(mixed)]
    ours, sad = (
        [at for at, (value, is_ours) in enumerate(mixed) if is_ours and like(value)] for like in (bool, is_sad)
    )

    raised = list(sort_out(records, threshold=2, topics=Topics(), now=lambda: datetime.now(UTC)))
    good, dead = decode_batches([as_arrow(records)], shards=4, keep=timedelta(days=30), now=datetime.now(UTC))

    others = set(range(len(mixed))) - set(ours)
    verdicts = [
        counted(Counter(ids(mixed[at][0] for at in sad)), ids(out.value for out in raised if out.topic == "alert")),
        counted(Counter(others), (read_burial(out.headers).place.offset for out in raised if out.topic != "alert")),
        counted(Counter(ids(mixed[at][0] for at in ours)), good.column("reportid").to_pylist()),
        counted(Counter(others), dead.column("offset").to_pylist()),
    ]
    report("R18", f"four ways to write {len(mixed):,} reports, two stages", *verdicts)


@pytest.mark.faults
def test_r18_among_a_hundred_thousand_each_of_another_version_is_buried_once_by_each_stage(chance, everything, report):
    mixed = list(in_versions(printed("--seed", chance.randrange(10**6), "--count", 100_000, "--start", "12h")))
    records = [(b"%d" % json.loads(value)["droneId"], value) for value, _ in mixed]

    verdicts = both_stages(*everything, records, [value for value, is_ours in mixed if is_ours])

    report("R18", f"four ways to write {len(mixed):,} reports, two stages", *verdicts)


class Record(NamedTuple):
    """A record as it is consumed."""

    offset: int
    value: bytes
    topic: str = "global1"
    partition: int = 0
    timestamp: int = 0
    key: bytes = b"7"
    headers: tuple[()] = ()


def as_arrow(records):
    """Return records as Spark hands them to the validator."""
    columns = {name: [getattr(record, name) for record in records] for name in ("partition", "offset", "key", "value")}
    types = {"partition": pa.int32(), "offset": pa.int64(), "key": pa.binary(), "value": pa.binary()}
    arrays = {name: pa.array(column, types[name]) for name, column in columns.items()}
    return pa.RecordBatch.from_pydict(arrays | {"timestamp": pa.array([0] * len(records), pa.timestamp("us", "UTC"))})


def ids(values):
    return [json.loads(value)["reportId"] for value in values]


def both_stages(config, path, records, lines):
    """Let both stages work on records, of which `lines` are the reports, and hold what they made against the truth."""
    topics = config.kafka.topics
    for first in range(0, len(records), AT_ONCE):
        some = records[first : first + AT_ONCE]
        write(config.kafka, [Outgoing(topic, *one) for one in some for topic in (topics.global1, topics.global2)])

    ended = run_all({stage: (path, (stage, "--once")) for stage in STAGES})

    assert {stage: done.returncode for stage, done in ended.items()} == dict.fromkeys(STAGES, 0)
    burials = [read_burial(record.headers) for record in read_all(config.kafka, topics.dead_letter)]
    verdicts = [
        counted(
            places_of_others(config, topic, set(lines)), (burial.place for burial in burials if burial.stage == stage)
        )
        for stage, topic in zip(STAGES, (topics.global1, topics.global2), strict=True)
    ]
    alerts = Account(line for line in lines if is_sad(line))
    verdicts.append(compare(alerts.order, account_of(config, topics.alert).order))
    verdicts.append(counted(Counter(rows_of(lines)), rows_in(config)))
    return verdicts


def places_of_others(config, topic, of_reports):
    """Return where the records stand that are no reports, told by what was written and not by what is read."""
    records = read_all(config.kafka, topic)
    return Counter(place_of(record) for record in records if record.value not in of_reports)
