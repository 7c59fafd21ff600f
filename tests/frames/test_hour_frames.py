"""Report rows to rollups, in Spark, against a count in plain Python."""

import zlib
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import functions as F  # noqa: N812 - the name that Spark's own guide gives it

from harmonystate.core.retention import seconds_to_keep
from harmonystate.frames.answer_frames import saddest
from harmonystate.frames.hour_frames import minutes, person_hours, person_minutes, with_ttl
from tests.support.analysis import expected_answers, some_reports

pytestmark = pytest.mark.services

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
ROWS = "hour timestamp, time timestamp, persons array<struct<firstname: string, lastname: string, harmonyscore: int>>"
REPORTS = some_reports(1, start=START, hours=2, each=300)
NOBODY = [report for report in REPORTS if not report.persons]


@pytest.fixture
def report_rows(spark):
    """Return a function that makes report rows, as the table report holds them."""

    def make(reports):
        rows = [(_hour(r.time), r.time, [(p.firstname, p.lastname, p.score) for p in r.persons]) for r in reports]
        return spark.createDataFrame(rows, ROWS)

    return make


def test_minutes_hold_what_plain_python_counts(report_rows):
    rows = minutes(person_minutes(report_rows(REPORTS), threshold=2))

    found = rows.select(F.date_format("minute", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"), *rows.columns[1:]).collect()

    expected = expected_answers(REPORTS, threshold=2)
    assert {p["time"]: p["value"] for p in expected["persons"]} == {row[0]: row.persons for row in found}
    assert {p["time"]: p["value"] for p in expected["badpersons"]} == {row[0]: row.sad for row in found}
    means = {row[0]: row.score_sum / row.sightings for row in found if row.sightings}
    assert {p["time"]: p["value"] for p in expected["harmonyscores"]} == means


def test_a_minute_whose_reports_name_nobody_is_there_with_zeros(report_rows):
    found = minutes(person_minutes(report_rows(NOBODY[:1]), threshold=2)).collect()

    assert [tuple(row[1:]) for row in found] == [(0, 0, 0, 0)]


@pytest.mark.parametrize("threshold", [0, 2, 11])
def test_persons_of_an_hour_hold_what_plain_python_counts(report_rows, threshold):
    seen, sad = Counter(), Counter()
    for report in REPORTS:
        for person in report.persons:
            key = (_hour(report.time).timestamp(), person.lastname, person.firstname)
            seen[key] += 1
            sad[key] += person.score < threshold

    rows = person_hours(person_minutes(report_rows(REPORTS), threshold=threshold), shards=7).collect()

    assert seen == {(r.hour.timestamp(), r.lastname, r.firstname): r.sightings for r in rows}
    assert +sad == +Counter({(r.hour.timestamp(), r.lastname, r.firstname): r.sad for r in rows})
    assert all(r.shard == zlib.crc32((r.lastname + r.firstname).encode()) % 7 for r in rows)


def test_nobody_leaves_no_person(report_rows):
    assert person_hours(person_minutes(report_rows(NOBODY), threshold=2), shards=7).collect() == []


def test_spark_finds_the_saddest_that_the_contract_ranks(report_rows):
    parts = defaultdict(list)
    for report in REPORTS:
        parts[_hour(report.time)].append(report)
    rollups = [person_hours(person_minutes(report_rows(part), threshold=2), shards=4) for part in parts.values()]

    found = saddest(rollups, top=12).collect()

    expected = expected_answers(REPORTS, top=12)["saddest"]
    columns = ("firstname", "lastname", "sad", "sightings")
    assert [tuple(row[column] for column in columns) for row in expected] == [tuple(row) for row in found]


@pytest.mark.parametrize("keep", [timedelta(days=30), timedelta(hours=30)])
def test_a_ttl_is_that_of_the_core_and_what_is_over_is_left_out(report_rows, keep):
    now = START + timedelta(hours=1, seconds=7)
    hours = [now.replace(minute=0, second=0) - timedelta(hours=n) for n in (-100, -31, 0, 29, 30, 31, 800)]
    rows = report_rows([]).sparkSession.createDataFrame([(hour,) for hour in hours], "hour timestamp")

    found = {
        row[0]: row.ttl for row in with_ttl(rows, keep=keep, now=now).select(F.unix_seconds("hour"), "ttl").collect()
    }

    expected = {hour.timestamp(): seconds_to_keep(hour, keep=keep, now=now) for hour in hours}
    assert {hour: ttl for hour, ttl in expected.items() if ttl > 0} == found


def _hour(time):
    return time.replace(minute=0, second=0, microsecond=0)
