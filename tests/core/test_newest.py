from datetime import timedelta

from harmonystate.core.newest import GONE_AFTER, LIT_FOR, MOST_DELIVERIES, Drones, NewestAlerts, glow
from tests.support.alerts import HEARD, raised

SECOND = timedelta(seconds=1)


def test_the_newest_alerts_stay_whatever_order_they_come_in():
    alerts = NewestAlerts(most=3)
    made = [raised(number, heard=HEARD + number * SECOND) for number in range(6)]

    for number in (4, 1, 5, 0, 3, 2):
        alerts.note_alert(made[number])

    assert [told.raised for told in alerts.newest()] == [made[5], made[4], made[3]]


def test_an_alert_that_is_read_twice_is_shown_once():
    alerts = NewestAlerts()
    alerts.note_alert(raised(1))
    alerts.note_alert(raised(1))

    assert len(alerts.newest()) == 1


def test_a_delivery_belongs_to_its_alert_even_when_it_is_read_first_and_the_first_one_counts():
    alerts, alert = NewestAlerts(), raised(1)
    alerts.note_delivery(alert.alert_id, HEARD + SECOND)
    alerts.note_alert(alert)
    alerts.note_delivery(alert.alert_id, HEARD + 9 * SECOND)

    assert [told.delivered_at for told in alerts.newest()] == [HEARD + SECOND]


def test_an_alert_that_is_silenced_is_told_nowhere():
    alerts, muted, told = NewestAlerts(), raised(1), raised(2)
    for one in (muted, told):
        alerts.note_alert(one)
    alerts.note_delivery(muted.alert_id, None)

    assert [one.raised for one in alerts.newest()] == [told]


def test_deliveries_that_nobody_asks_for_are_let_go():
    alerts = NewestAlerts()
    for number in range(3 * MOST_DELIVERIES):
        alerts.note_delivery(str(number), HEARD)

    assert len(alerts._delivered) == MOST_DELIVERIES


def test_each_drone_is_where_it_was_heard_last_and_remembers_its_last_alert():
    drones, report = Drones(), raised(1).alert.report
    drones.note(report, HEARD, sad=True)
    drones.note(report, HEARD + SECOND, sad=False)

    (one,) = drones.heard(HEARD + SECOND)
    assert (one.drone_id, one.at, one.sad_at) == (report.drone_id, HEARD + SECOND, HEARD)


def test_the_drones_that_were_silent_longest_go():
    drones = Drones(most=2)
    for number in (1, 2, 1, 3):
        drones.note(raised(number, drone=number).alert.report, HEARD, sad=False)

    assert [one.drone_id for one in drones.heard(HEARD)] == [1, 3]
    assert drones.heard(HEARD + GONE_AFTER) == ()


def test_the_light_of_an_alert_fades():
    drones = Drones()
    drones.note(raised(1).alert.report, HEARD, sad=True)
    (one,) = drones.heard(HEARD)

    assert [glow(one, HEARD + part * LIT_FOR) for part in (-1, 0, 0.5, 1, 2)] == [1, 1, 0.5, 0, 0]
    assert glow(one._replace(sad_at=None), HEARD) == 0
