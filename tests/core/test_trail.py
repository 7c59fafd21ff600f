import json
from datetime import timedelta

import pytest

from harmonystate.core import ids
from harmonystate.core.trail import Step, Trail, Wanted
from harmonystate.core.wire import encode_report
from tests.support.alerts import HEARD, encoded, raised

ALERT, OTHER = raised(1), raised(2)
REPORT = ALERT.alert.report
DELIVERY = {"alertId": ALERT.alert_id, "reportId": REPORT.report_id, "channelId": "12", "messageId": "34", "x": 1}


@pytest.mark.parametrize("identity", [REPORT.report_id, REPORT.report_id.upper(), ALERT.alert_id])
def test_a_report_is_found_by_its_own_id_and_by_that_of_its_alert(identity: str):
    wanted = Wanted(identity)

    assert wanted.take_alert(encoded(OTHER)) is None
    assert wanted.take_alert(encoded(ALERT)) == ALERT
    assert wanted.take_report(encode_report(OTHER.alert.report)) is None
    assert wanted.take_report(encode_report(REPORT)) == REPORT
    note = wanted.take_delivery(json.dumps(DELIVERY).encode())
    assert note is not None
    assert note.message_id == "34"
    assert wanted.take_delivery(json.dumps({**DELIVERY, "alertId": OTHER.alert_id}).encode()) is None


def test_a_report_that_brought_no_id_is_found_by_that_of_its_text():
    text = encode_report(REPORT).replace(b'"reportId":"%b",' % REPORT.report_id.encode(), b"")
    found = Wanted(ids.id_of_text(text.decode())).take_report(text)

    assert found is not None
    assert found.time == REPORT.time


def test_an_id_in_upper_case_or_behind_an_escape_is_found_too():
    text = encode_report(REPORT)
    upper = text.replace(REPORT.report_id.encode(), REPORT.report_id.upper().encode())
    escaped = text.replace(
        REPORT.report_id.encode(), b"\\u%04x" % ord(REPORT.report_id[0]) + REPORT.report_id[1:].encode()
    )

    assert Wanted(REPORT.report_id).take_report(upper) == REPORT
    assert Wanted(REPORT.report_id).take_report(escaped) == REPORT


@pytest.mark.parametrize("value", [None, b"", b"{", b"\\"])
def test_what_is_no_report_is_passed_over(value):
    wanted = Wanted(REPORT.report_id)

    assert (wanted.take_alert(value), wanted.take_report(value), wanted.take_delivery(value)) == (None, None, None)
    assert not wanted.mentions(value)


@pytest.mark.parametrize("broken", [b'"kind":"\xff"}', b'"x":' + b"[" * 100_000], ids=["no UTF-8", "too deep"])
def test_what_names_the_alert_and_is_no_delivery_is_passed_over(broken: bytes):
    value = b'{"alertId":"%b",%b' % (ALERT.alert_id.encode(), broken)

    assert Wanted(REPORT.report_id).take_delivery(value) is None


LOST = "0041a2f0-0000-5000-8000-00000000000d"


@pytest.mark.parametrize("spelt", ["%s", "\\%s", "\\u%s"])
def test_what_is_no_report_mentions_an_id_that_it_holds_whatever_stands_before(spelt: str):
    letter = b"\xff" + (spelt % LOST.upper()).encode()

    assert Wanted(LOST).mentions(letter)
    assert not Wanted(REPORT.report_id).mentions(letter)


def test_what_is_no_report_mentions_an_id_that_it_spells_with_escapes():
    letter = '{"reportId":"' + LOST.replace("a", "\\u0041").replace("d", "\\u0064")

    assert Wanted(LOST).mentions(letter.encode())
    assert not Wanted(LOST).mentions(letter.replace("\\", "\\\\").encode())
    assert not Wanted(REPORT.report_id).mentions(letter.encode())


def test_what_is_no_uuid_is_refused():
    with pytest.raises(ValueError, match="UUID"):
        Wanted("Ada Byron")


def test_ages_count_from_what_was_heard():
    trail = Trail(REPORT.report_id, ALERT.alert_id, REPORT, [])

    assert trail.age_s(Step("alert", "", HEARD + timedelta(milliseconds=40))) == 0.04
    assert trail.age_s(Step("alert", "")) is None
    assert Trail("", "", None, []).age_s(Step("alert", "", HEARD)) is None
