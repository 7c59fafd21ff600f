"""What the screen is told, of records in plain lists."""

import itertools

import msgspec

from harmonystate.commands.demo.watch import Watch
from harmonystate.config import Config
from harmonystate.core.wire import encode_report
from harmonystate.edges.console.screen import AlertLine
from tests.support.alerts import Row, encoded, raised


class Looks:
    """A topic as its tail gives it: what each look finds."""

    def __init__(self, *looks):
        self._looks = itertools.chain(looks, itertools.repeat([]))

    def new(self):
        return next(self._looks)


def heard(*reports):
    return [Row(encode_report(one.alert.report)) for one in reports]


def told(alert, age_ms):
    return Row(msgspec.json.encode({"alertId": alert.alert_id, "ageMs": age_ms}))


def watch_of(reports=(), alerts=(), deliveries=(), rows=0):
    return Watch(
        Config(), reports=Looks(*reports), alerts=Looks(*alerts), deliveries=Looks(*deliveries), count_rows=lambda: rows
    )


def test_lag_is_what_a_stage_has_yet_to_handle():
    one, two, three = (raised(number, 1, 7) for number in range(3))
    fine = raised(3, 5, threshold=6)
    watch = watch_of(
        reports=[[*heard(one, two, three, fine), Row(b"no report")]],
        alerts=[[Row(encoded(one)), Row(encoded(two))]],
        deliveries=[[told(one, 40)]],
        rows=4,
    )

    watch.look()

    stages = {row.name: (row.done, row.lag) for row in watch.view("live", "here").stages}
    assert stages == {"produce": (5, None), "stream-alerts": (2, 1), "alert-bot": (1, 1), "ingest": (4, 1)}


def test_counts_that_overtake_each_other_are_no_negative_lag():
    one = raised(1)
    watch = watch_of(alerts=[[Row(encoded(one))]], deliveries=[[told(one, 40)]], rows=9)

    watch.look()

    assert [row.lag for row in watch.view("live", "here").stages] == [None, 0, 0, 0]


def test_an_alert_is_shown_once_it_is_delivered_the_newest_first():
    one, two = raised(1, 1, 0, 7, 8, drone=5), raised(2, 0, drone=6)
    watch = watch_of(alerts=[[Row(encoded(one)), Row(encoded(two))]], deliveries=[[told(one, 1_800)], [told(two, 40)]])

    watch.look()
    assert [line.drone for line in watch.view("live", "here").alerts] == [5]

    watch.look()
    newest, before = watch.view("live", "here").alerts
    assert newest.drone == 6
    assert before == AlertLine("16:38:17", 5, "First0 Last0 (1), First1 Last1 (0)", 2, "1.8 s")


def test_the_screen_has_room_for_six_alerts():
    alerts = [raised(number, drone=number) for number in range(9)]
    watch = watch_of(alerts=[[Row(encoded(one)) for one in alerts]], deliveries=[[told(one, 40) for one in alerts]])

    watch.look()

    assert [line.drone for line in watch.view("live", "here").alerts] == [8, 7, 6, 5, 4, 3]


def test_a_rate_is_what_came_since_the_look_before():
    watch = watch_of(reports=[heard(raised(1)), heard(raised(2))])

    watch.look()
    assert watch.view("live", "here").stages[0].rate == 0.0

    watch.look()
    assert watch.view("live", "here").stages[0].rate > 0.0
