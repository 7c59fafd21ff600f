"""The records of the topic alert: the report's own JSON, and what makes it an alert."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core import ids
from harmonystate.core.alert import RaisedAlert, alert_from
from harmonystate.core.wire import MAX_ALERT_BYTES, NotAReport, decode_alert, decode_report, encode_alert
from tests.support.malformed import (
    LEGACY,
    MALFORMED,
    REPORT_ID,
    WELL_FORMED,
    document,
    person,
    raw,
    sized,
    with_unknown,
)
from tests.support.oracle import without_doubles
from tests.support.strategies import documents

RAISED_AT = datetime(2026, 11, 24, 16, 38, 18, 900000, tzinfo=UTC)
RAISED = "2026-11-24T16:38:18.900Z"
MARK = {"alertId": ids.alert_id(REPORT_ID), "threshold": 2, "raisedAt": RAISED}

spellings: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{"ensure_ascii": False}, {"ensure_ascii": True}, {"indent": 1}, {"separators": (",", ":")}]
)


def raised(original: bytes, *, threshold: int = 2) -> bytes:
    """Return the alert that `original`, a report with somebody below `threshold`, leads to."""
    alert = alert_from(decode_report(original), threshold=threshold)
    assert alert is not None
    return encode_alert(alert, original, threshold=threshold, raised_at=RAISED_AT)


def read(value: bytes) -> dict[str, Any]:
    parsed = json.loads(value, object_pairs_hook=without_doubles)
    assert isinstance(parsed, dict)
    return parsed


def test_an_alert_is_the_report_s_own_bytes_and_three_keys_more():
    original = raw(document())

    assert raised(original) == original[:-1] + (
        b',"alertId":"3e0eebde-2da5-580c-a488-ac3171e413ab","threshold":2,"raisedAt":"2026-11-24T16:38:18.900Z"}'
    )


def test_a_report_without_an_id_gets_the_one_it_is_known_by():
    written = raised(LEGACY)
    report_id = decode_report(LEGACY).report_id

    assert written.startswith(LEGACY[:-1])
    assert read(written) == json.loads(LEGACY) | {
        "reportId": report_id,
        "alertId": ids.alert_id(report_id),
        "threshold": 2,
        "raisedAt": RAISED,
    }


@given(documents(), spellings, st.booleans(), st.sampled_from(["", " ", "\n", "\r\n\t "]))
def test_an_alert_keeps_what_the_report_said(whole: dict[str, Any], spelling: Any, upper: bool, space: str):
    whole["persons"].append(person(harmonyscore=0))
    if upper and "reportId" in whole:
        whole["reportId"] = whole["reportId"].upper()
    original = (space + json.dumps(whole, **spelling) + space).encode()

    report = decode_report(original)
    written = raised(original)

    assert read(written) == whole | MARK | {"reportId": report.report_id, "alertId": ids.alert_id(report.report_id)}
    assert decode_report(written, max_bytes=MAX_ALERT_BYTES) == report


ODD = {
    "reportId in escapes": raw(document()).replace(b'"reportId"', rb'"report\u0049d"'),
    "upper-case reportId in escapes": raw(document(reportId=REPORT_ID.upper())).replace(
        b'"reportId"', rb'"report\u0049d"'
    ),
    "alertId in escapes": with_unknown(b'0,"alert\\u0049d":7'),
    "an alert sent round again": raised(raw(document())),
    "the id as a word": raw(document(reportId=REPORT_ID.upper(), words=["reportId", REPORT_ID])),
    "the id in an unknown field": raw({"envelope": {"reportId": REPORT_ID}, **document(reportId=REPORT_ID.upper())}),
    "keys as words": raw(document(words=["alertId", "threshold", "raisedAt", "reportId"])),
    "a number too large to parse": with_unknown(b'1e400,"reportId":"%b"' % REPORT_ID.upper().encode()),
    "an integer too long to parse": with_unknown(b"9" * 5000 + b',"threshold":null'),
}


@pytest.mark.parametrize("original", [pytest.param(value, id=name) for name, value in (ODD | WELL_FORMED).items()])
def test_the_alert_of_an_odd_report_names_no_key_twice_and_is_read_back(original: bytes):
    report = decode_report(original)
    if not report.persons:
        return
    written = raised(original, threshold=11)

    # Numbers as they are spelt: they are the report's own.
    parsed = json.loads(written, object_pairs_hook=lambda pairs: pairs, parse_int=str, parse_float=str)
    keys = [key for key, _ in parsed]
    assert len(set(keys)) == len(keys)
    assert dict(parsed)["reportId"] == report.report_id
    assert decode_alert(written) == RaisedAlert(
        alert_from(report, threshold=11), alert_id=ids.alert_id(report.report_id), threshold=11, raised_at=RAISED_AT
    )


def test_values_stay_as_they_were_spelt_also_where_a_key_is_replaced():
    original = with_unknown(b'[1.0,1e400,"\\u0041", 9007199254740993]').replace(b"0190a2f0", b"0190A2F0")

    assert b'"weather":[1.0,1e400,"\\u0041", 9007199254740993]' in raised(original)


def test_a_report_is_read_again_by_a_reader_that_knows_no_alerts():
    assert decode_report(raised(raw(document()))) == decode_report(raw(document()))


def test_the_alert_of_the_largest_report_is_read_and_a_larger_record_is_not():
    largest = raised(sized(256 * 1024))
    padded = largest + b" " * (260 * 1024 - len(largest))

    assert len(largest) > 256 * 1024
    assert decode_alert(padded) == decode_alert(largest)
    with pytest.raises(NotAReport, match="larger"):
        decode_alert(padded + b" ")


def is_alert(value: bytes | None) -> bool:
    try:
        decode_alert(value)
    except NotAReport:
        return False
    return True


def test_what_is_not_a_report_is_no_alert_either():
    marked = {
        name: value[:-1] + b"," + raw(MARK)[1:] if value is not None and value.endswith(b"}") else value
        for name, value in MALFORMED.items()
    }

    # An alert may be 4 KiB larger than a report.
    assert [name for name, value in marked.items() if is_alert(value)] == ["a byte too large"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"alertId": None}, "alertId"),
        ({"alertId": "7"}, "alertId"),
        ({"alertId": MARK["alertId"] + "\n"}, "alertId"),
        ({"threshold": None}, "threshold"),
        ({"threshold": -1}, "threshold"),
        ({"threshold": 12}, "threshold"),
        ({"threshold": 2.0}, "threshold"),
        ({"threshold": "2"}, "threshold"),
        ({"threshold": True}, "threshold"),
        ({"raisedAt": None}, "raisedAt"),
        ({"raisedAt": "2026-11-24T16:38:18"}, "raisedAt"),
        ({"raisedAt": "1999-11-24T16:38:18Z"}, "raisedAt"),
        ({"raisedAt": 1795538297123}, "raisedAt"),
        ({"threshold": 1}, "persons"),
        ({"persons": []}, "persons"),
    ],
)
def test_what_is_no_alert_is_refused_by_the_field_s_name(changes: dict[str, Any], field: str):
    with pytest.raises(NotAReport, match=rf"\$\.{field}"):
        decode_alert(raw({**document(), **MARK, **changes}))


@pytest.mark.parametrize("missing", MARK)
def test_a_bare_report_is_no_alert(missing: str):
    record = {key: value for key, value in (document() | MARK).items() if key != missing}

    with pytest.raises(NotAReport, match=missing):
        decode_alert(raw(record))


def test_an_alert_is_read_whatever_else_it_holds():
    value = raw(
        {
            "note": [1],
            **document(),
            **MARK,
            "alertId": MARK["alertId"].upper(),
            "raisedAt": "2026-11-24T18:38:18.9+02:00",
        }
    )

    assert decode_alert(value) == decode_alert(raised(raw(document())))


@given(st.binary())
def test_arbitrary_bytes_are_no_alert_and_nothing_worse(value: bytes):
    with pytest.raises(NotAReport):
        decode_alert(value)
