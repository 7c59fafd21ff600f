import json
from datetime import timedelta

import pytest

from harmonystate.core.delivery import Posted, delivery_record, is_silenced, read_note
from tests.support.alerts import HEARD, raised


def test_a_delivery_says_which_alert_where_and_how_old_it_was():
    alert = raised(1)
    posted = Posted("42", "77", HEARD + timedelta(milliseconds=1834), frozenset([alert.alert_id]))

    record = delivery_record(alert, posted, topic="delivery")

    assert (record.topic, record.key) == ("delivery", alert.alert_id.encode())
    assert json.loads(record.value) == {
        "alertId": alert.alert_id,
        "reportId": alert.alert.report.report_id,
        "channelId": "42",
        "messageId": "77",
        "kind": "card",
        "deliveredAt": "2026-11-24T16:38:18.957Z",
        "ageMs": 1834,
    }


@pytest.mark.parametrize("ahead_s", [0.5, 86400 * 365])
def test_an_alert_from_the_future_is_never_younger_than_nothing(ahead_s):
    alert = raised(1, heard=HEARD + timedelta(seconds=ahead_s))

    record = delivery_record(alert, Posted("console", "1", HEARD, frozenset()), topic="delivery")

    assert json.loads(record.value)["ageMs"] == 0


@pytest.mark.parametrize(("kind", "silenced"), [("card", False), ("digest", False), ("silenced", True)])
def test_a_delivery_says_whether_nobody_was_told(kind, silenced):
    record = delivery_record(raised(1), Posted("42", "1", HEARD, frozenset(), kind), topic="delivery")

    assert is_silenced(record.value) is silenced


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"\xff", b'{"kind": 7}', b"{}"])
def test_what_is_no_delivery_silences_nobody(value):
    assert not is_silenced(value)


@pytest.mark.parametrize(
    ("said", "told_at"),
    [
        ("2026-11-24T16:38:19.000Z", HEARD.replace(second=19, microsecond=0)),
        ("yesterday", None),
        ("", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("0001-01-01T00:00:00+01:00", None),
    ],
)
def test_a_note_says_when_the_alert_was_told_where_it_is_one_of_ours(said, told_at):
    value = json.dumps({"alertId": "a", "deliveredAt": said}).encode()

    assert read_note(value).told_at() == told_at


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"[" * 100_000, b"{}", b"7"])
def test_what_is_no_delivery_is_no_note(value):
    assert read_note(value) is None
