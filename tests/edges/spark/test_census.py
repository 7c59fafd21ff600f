from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.core.moments import to_ms
from harmonystate.edges.spark.census import Census
from harmonystate.frames.contents import Contents
from harmonystate.frames.report_frame import decode
from tests.support.malformed import document, raw

pytestmark = pytest.mark.services

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
KAFKA = "key binary, value binary, partition int, offset long, timestamp timestamp"


def test_what_all_tasks_counted_is_there_when_the_job_has_ended(spark):
    census = Census(spark.sparkContext)
    values = [raw(document(time=f"2026-11-24T{15 + number % 2}:00:00Z", droneId=number)) for number in range(40)]
    rows = [(b"7", value, 0, offset, NOW) for offset, value in enumerate([*values, b"{", b"[]"])]
    frame = spark.createDataFrame(rows, KAFKA).repartition(5)
    hours = frozenset(datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in (15, 16))

    for _ in range(2):
        census.begin()
        decoded = decode(frame, shards=4, keep=timedelta(days=30), now=NOW, note=census.note)
        decoded.write.format("noop").mode("overwrite").save()

        assert census.found() == Contents(stored=40, dead=2, hours=hours, oldest_ms=to_ms(NOW))


def test_a_task_that_is_tried_again_counts_once(spark, tmp_path):
    census = Census(spark.sparkContext)
    rows = [(b"7", raw(document(time="2026-11-24T16:00:00Z")), 0, 0, NOW)]

    def failing_once(batches):
        yield from batches
        if not (tmp_path / "failed").exists():
            (tmp_path / "failed").touch()
            raise OSError("once")

    census.begin()
    decoded = decode(
        spark.createDataFrame(rows, KAFKA).coalesce(1), shards=4, keep=timedelta(days=30), now=NOW, note=census.note
    )
    decoded.mapInArrow(failing_once, decoded.schema).write.format("noop").mode("overwrite").save()

    assert (tmp_path / "failed").exists()
    assert census.found().stored == 1
