import json
from datetime import timedelta

import pytest

from harmonystate.core.delivery import Posted, delivery_record
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
