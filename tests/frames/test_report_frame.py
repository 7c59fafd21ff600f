from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.frames.report_frame import dead_between, dead_letters, dead_sizes, decode, storable
from tests.support.malformed import MALFORMED, WELL_FORMED, document, raw
from tests.support.oracle import read_report

pytestmark = pytest.mark.services

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
KAFKA = "key binary, value binary, topic string, partition int, offset long, timestamp timestamp, timestampType int"


def at(moment, number=0):
    """Return a report of this moment, in wire form."""
    return raw(document(time=moment, droneId=number))


@pytest.fixture
def decoded(spark):
    """Return a function that decodes values as if they stood in partition 0 from offset 0 on."""

    def decode_values(*values, keep=timedelta(days=30)):
        rows = [(b"7", value, "global2", 0, offset, NOW, 0) for offset, value in enumerate(values)]
        return decode(spark.createDataFrame(rows, KAFKA), shards=4, keep=keep, now=NOW, note=id).cache()

    return decode_values


def test_in_spark_the_verdicts_are_those_of_the_contract(decoded):
    values = [*MALFORMED.values(), *WELL_FORMED.values()]

    rows = decoded(*values, keep=timedelta(days=1826))
    dead = sorted(dead_between(dead_letters(rows), (0, 0), (0, len(values))).collect(), key=lambda row: row.offset)

    assert [row.offset for row in dead] == [place for place, value in enumerate(values) if read_report(value) is None]
    assert [None if row.value is None else bytes(row.value) for row in dead] == list(MALFORMED.values())
    good = sorted(row.reportid for row in rows.where("fault IS NULL").collect())
    assert good == sorted(read_report(value).report_id for value in WELL_FORMED.values())


def test_a_row_is_whole(decoded):
    (row,) = storable(decoded(at("2026-11-24T16:38:17.123Z", 7))).collect()

    assert row.asDict(recursive=True) | {"hour": None, "time": None} == {
        "hour": None,
        "shard": 3,
        "droneid": 7,
        "time": None,
        "reportid": "0190a2f0-7c1d-7b3a-8f00-0123456789ab",
        "latitude": 48.8566,
        "longitude": 2.3522,
        "persons": [
            {"firstname": "Ada", "lastname": "Byron", "harmonyscore": 1},
            {"firstname": "Zoë", "lastname": "Łuczak", "harmonyscore": 7},
        ],
        "words": ["queue", "tax"],
        "ttl": 30 * 86400 - 1303,
    }
    assert row.time.astimezone(UTC) == datetime(2026, 11, 24, 16, 38, 17, 123000, tzinfo=UTC)
    assert row.hour.astimezone(UTC) == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_a_report_whose_time_is_over_is_not_stored(decoded):
    rows = decoded(at("2026-10-25T16:00:00Z"), at("2026-11-24T16:00:00Z"), at("2026-11-24T16:59:59Z"), b"{", b"[]")

    assert storable(rows).count() == 2


def test_what_is_no_report_is_found_by_its_place(decoded):
    values = [at("2026-11-24T16:00:00Z") if place % 3 else b"{" * place for place in range(30)]
    values[0] = None
    letters = dead_letters(decoded(*values))

    sizes = sorted(tuple(row) for row in dead_sizes(letters).collect())
    some = sorted(dead_between(letters, (0, 3), (0, 12)).collect(), key=lambda row: row.offset)

    assert sizes == [(0, place, place) for place in range(0, 30, 3)]
    assert [(row.partition, row.offset, bytes(row.value)) for row in some] == [
        (0, place, b"{" * place) for place in (3, 6, 9, 12)
    ]
