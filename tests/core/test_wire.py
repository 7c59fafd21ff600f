"""The wire format, against the contract's words and against a second reader of its rules."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.report import Person, Report
from harmonystate.core.wire import NotAReport, decode_report, encode_report, format_time, parse_time
from tests.support import malformed
from tests.support.malformed import MALFORMED, WELL_FORMED, document, raw
from tests.support.oracle import read_report, without_doubles
from tests.support.strategies import as_document, reports, times

EXAMPLE = Report(
    report_id="0190a2f0-7c1d-7b3a-8f00-0123456789ab",
    drone_id=7,
    time=datetime(2026, 11, 24, 16, 38, 17, 123000, tzinfo=UTC),
    latitude=48.8566,
    longitude=2.3522,
    persons=(Person("Zoë", "Łuczak 🙂", 1),),
    words=("queue", "tax"),
)
EXAMPLE_BYTES = (
    '{"reportId":"0190a2f0-7c1d-7b3a-8f00-0123456789ab","droneId":7,"time":"2026-11-24T16:38:17.123Z",'
    '"latitude":48.8566,"longitude":2.3522,'
    '"persons":[{"firstname":"Zoë","lastname":"Łuczak 🙂","harmonyscore":1}],"words":["queue","tax"],"schemaVersion":1}'
).encode()


def fault_of(value: bytes | None) -> str:
    with pytest.raises(NotAReport) as caught:
        decode_report(value)
    return str(caught.value)


def test_a_report_is_written_in_exactly_these_bytes():
    assert encode_report(EXAMPLE) == EXAMPLE_BYTES


def test_exactly_these_bytes_are_read_as_the_report():
    assert decode_report(EXAMPLE_BYTES) == EXAMPLE


@given(reports)
def test_what_is_written_is_read_back(report: Report):
    assert decode_report(encode_report(report)) == report


@given(reports)
def test_python_s_json_reads_what_is_written_in_the_contract_s_order(report: Report):
    written = json.loads(encode_report(report), object_pairs_hook=without_doubles)

    assert written == as_document(report)
    assert [list(written), *map(list, written["persons"])] == [
        list(document()),
        *(list(malformed.person()) for _ in report.persons),
    ]


@given(reports)
def test_nothing_is_escaped_that_need_not_be(report: Report):
    # floats apart: their shortest spellings are several, such as 1e-5 and 1e-05
    plain = Report(*report.__reduce__()[1][:3], 1.5, -2.5, report.persons, report.words)

    assert encode_report(plain) == raw(as_document(plain))


def test_a_report_of_the_system_before_ours_is_read():
    assert decode_report(malformed.LEGACY) == Report(
        report_id="2f382550-2465-52fa-adbd-2b27b05ac908",  # uuid5 of the record's text
        drone_id=12,
        time=datetime(2023, 6, 29, 14, 38, 17, tzinfo=UTC),
        latitude=50.63,
        longitude=3.06,
        persons=(Person("Ada", "Byron", 0),),
        words=("rain", "late"),
    )


def test_without_an_id_the_same_text_is_the_same_report_and_another_text_another():
    legacy = malformed.LEGACY

    assert decode_report(legacy).report_id == decode_report(bytes(bytearray(legacy))).report_id
    assert decode_report(legacy).report_id != decode_report(legacy + b" ").report_id


def test_a_report_id_is_in_lower_case_whatever_its_record_says():
    assert decode_report(WELL_FORMED["upper-case reportId"]).report_id == malformed.REPORT_ID


@pytest.mark.parametrize("name", WELL_FORMED)
def test_an_odd_report_is_read_as_the_contract_says(name: str):
    expected = read_report(WELL_FORMED[name])

    assert expected is not None
    assert decode_report(WELL_FORMED[name]) == expected


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_not_a_report(name: str):
    fault = fault_of(MALFORMED[name])

    assert read_report(MALFORMED[name]) is None
    assert "\n" not in fault
    assert not any(value in fault for value in ("Byron", "queue", "48.8", "2026", "0190a2f0", "report-7", "999"))


CANARY = "canary-4711"


@pytest.mark.parametrize("field", document())
@pytest.mark.parametrize("value", [CANARY * 40, [[CANARY]], {CANARY: CANARY}, {"firstname": CANARY}])
def test_a_fault_names_the_field_and_never_its_value(field: str, value: object):
    fault = fault_of(raw(document(**{field: value})))

    assert f"$.{field}" in fault
    assert "canary" not in fault


@pytest.mark.parametrize("field", malformed.person())
@pytest.mark.parametrize("value", [CANARY * 40, [CANARY], 4711, -4711, 47.11])
def test_a_fault_in_a_person_names_the_field_and_never_its_value(field: str, value: object):
    fault = fault_of(raw(document(persons=[malformed.person(**{field: value})])))

    assert f"$.persons[0].{field}" in fault
    assert CANARY not in fault
    assert "47" not in fault


@pytest.mark.parametrize("field", ["droneId", "time", "latitude", "longitude", "persons", "words"])
def test_a_fault_names_the_field_that_is_missing(field: str):
    assert field in fault_of(MALFORMED[f"{field} is missing"])


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    [b"[", b"{", b'{"a":', b'"', rb"\"", rb"\\", b'"\\', b'["', b'["\\"', b"[]", b'"[",', rb"\u0022[", b"9", b" "],
)
@pytest.mark.parametrize("start", [b"", b'"', b'{"a":"', b"[" * 200, b'{"time":"2026-11-24T16:38:17.'])
def test_no_record_within_the_bounds_takes_long_to_refuse(start: bytes, unit: bytes):
    value = (start + unit * malformed.MAX_BYTES)[: malformed.MAX_BYTES - 200] + b"[" * 200

    fault_of(value)


def test_the_verdict_does_not_hang_on_the_caller_s_stack():
    def deeper(frames: int) -> tuple[Report, str]:
        if frames:
            return deeper(frames - 1)
        return decode_report(malformed.nested(100)), fault_of(malformed.nested(101))

    assert deeper(500) == deeper(0)


@given(times, st.integers(0, 999), st.integers(-23 * 60 - 59, 23 * 60 + 59))
def test_a_time_is_kept_to_the_millisecond_in_utc(time: datetime, microseconds: int, offset: int):
    spelt = (time + timedelta(microseconds=microseconds)).astimezone(timezone(timedelta(minutes=offset)))

    assert parse_time(spelt.isoformat(timespec="microseconds")) == time
    assert parse_time(format_time(time)) == time


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2026, 11, 24, 16, 38, 17, tzinfo=UTC), "2026-11-24T16:38:17.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 6789, tzinfo=UTC), "2026-01-02T03:04:05.006Z"),
        (datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "2099-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_written_with_exactly_three_digits(time: datetime, text: str):
    assert format_time(time) == text
