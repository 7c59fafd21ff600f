from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from harmonystate.core import ids
from harmonystate.core.audit import Extent
from harmonystate.core.findings import Remedy
from harmonystate.core.forgotten import Forgetting, id_of_name, name_of
from harmonystate.core.moments import to_ms
from harmonystate.core.record import Place
from harmonystate.core.windows import Window, floor_to_hour
from tests.support.audits import NOW, WRITTEN, Stage, alert, report, told

MINUTE = timedelta(minutes=1)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def todo(stage: Stage) -> dict[Remedy, set[Place]]:
    return dict(stage.judged().findings.todo)


def test_where_all_agree_nothing_is_wrong(stage: Stage):
    findings = stage.judged().findings

    assert (findings.total, findings.waiting.total(), findings.mendable) == (0, 0, 0)


@pytest.mark.parametrize("written_ms", [to_ms(WRITTEN) * 1000, 2**62, -1])
def test_a_record_whose_timestamp_is_no_time_is_judged_all_the_same(stage: Stage, written_ms: int):
    stage.written_ms = written_ms

    assert told(stage.judged()) == []


def test_a_row_that_is_gone_is_missing_and_stored_again_from_global2(stage: Stage):
    stage.rows.remove(stage.calm)

    assert told(stage.judged()) == [("missing", "table report", stage.calm.report_id)]
    assert todo(stage) == {Remedy("store", "table report"): {Place("global2", 0, 1)}}


def test_an_alert_that_was_not_raised_is_missing_and_raised_from_global1(stage: Stage):
    stage.alerts, stage.deliveries = [], []

    assert told(stage.judged()) == [("missing", "alert", ids.alert_id(stage.sad.report_id))]
    assert todo(stage) == {Remedy("raise", "alert"): {Place("global1", 0, 0)}}


def test_a_report_in_one_global_topic_only_is_copied_into_the_other(stage: Stage):
    stage.global2.append(report(9))
    stage.global1.append(report(8))
    stage.rows.append(report(9))
    stage.reached |= {"stream-alerts": 4, "ingest": 4}

    assert set(told(stage.judged())) == {
        ("missing", "global1", report(9).report_id),
        ("missing", "global2", report(8).report_id),
    }
    assert todo(stage) == {
        Remedy("copy", "global1"): {Place("global2", 0, 3)},
        Remedy("copy", "global2"): {Place("global1", 0, 3)},
    }


def test_a_copy_that_would_raise_an_alert_twice_is_not_made(stage: Stage):
    stage.global1[0] = report(8)
    stage.global2.append(report(8))
    stage.rows.append(report(8))
    stage.reached["ingest"] = 4

    (case,) = stage.judged().findings.cases()

    assert (case.store, case.id, todo(stage)) == ("global1", stage.sad.report_id, {})
    assert "cannot be mended" in case.detail


def test_what_was_written_a_moment_ago_may_not_be_seen_in_both_topics_yet(stage: Stage):
    stage.global1.append(report(8))
    stage.now = WRITTEN + timedelta(seconds=59)

    assert told(stage.judged()) == []


@pytest.mark.parametrize(("name", "topic"), [("stream-alerts", "global1"), ("ingest", "global2")])
def test_a_malformed_record_without_its_dead_letter_is_named_by_its_place(stage: Stage, name: str, topic: str):
    stage.letters = [letter for letter in stage.letters if letter[0] != name]

    (case,) = stage.judged().findings.cases()

    assert (case.kind, case.store, case.places) == ("missing", "dead-letter", (Place(topic, 0, 2),))
    assert todo(stage) == {Remedy("bury", name): {Place(topic, 0, 2)}}


def test_an_alert_without_a_delivery_is_looked_for_in_the_channel_and_not_sure_to_be_found(stage: Stage):
    stage.deliveries = []

    findings = stage.judged().findings

    (case,) = findings.cases()
    assert (case.kind, case.store, case.id) == ("missing", "delivery", ids.alert_id(stage.sad.report_id))
    assert dict(findings.todo) == {Remedy("record", "delivery"): {Place("alert", 0, 0)}}
    assert findings.mendable == 0


def test_an_alert_that_discord_refused_has_a_dead_letter_for_a_delivery(stage: Stage):
    stage.deliveries = []
    stage.letters.append(("alert-bot", Place("alert", 0, 0)))

    assert told(stage.judged()) == []


def test_a_silenced_alert_has_its_delivery_and_is_not_missing(stage: Stage):
    stage.silenced = set(stage.deliveries)

    findings = stage.judged().findings

    assert (findings.total, findings.silenced) == (0, 1)


def test_whatever_stands_twice_is_doubled(stage: Stage):
    stage.global1.append(stage.calm)
    stage.global2.append(stage.sad)
    stage.alerts *= 2
    stage.deliveries *= 2
    stage.letters += stage.letters[:1]
    stage.rows += stage.rows[:1]
    alert_id = ids.alert_id(stage.sad.report_id)

    assert set(told(stage.judged())) == {
        ("doubled", "global1", stage.calm.report_id),
        ("doubled", "global2", stage.sad.report_id),
        ("doubled", "alert", alert_id),
        ("doubled", "delivery", alert_id),
        ("doubled", "dead-letter", ""),
        ("doubled", "table report", stage.sad.report_id),
    }
    assert todo(stage) == {}


def test_other_content_under_the_same_id_disagrees(stage: Stage):
    other = report(1, 1, 9)
    stage.global2[0], stage.alerts, stage.rows[1] = other, [alert(other)], report(2, 5, words=("queue",))

    assert set(told(stage.judged())) == {
        ("disagreeing", "global2", stage.sad.report_id),
        ("disagreeing", "alert", ids.alert_id(stage.sad.report_id)),
        ("disagreeing", "table report", stage.calm.report_id),
    }


def test_a_row_of_other_content_is_stored_again_from_global2(stage: Stage):
    stage.rows[1] = report(2, 5, words=("queue",))

    assert todo(stage) == {Remedy("store", "table report"): {Place("global2", 0, 1)}}


@pytest.mark.parametrize("changes", [{"time": WRITTEN + MINUTE}, {"drone_id": 8}])
def test_a_row_under_another_key_than_its_report_s_is_not_overwritten(stage: Stage, changes):
    stage.rows[1] = msgspec.structs.replace(stage.calm, **changes)

    (case,) = stage.judged().findings.cases()

    assert (case.kind, case.store, todo(stage)) == ("disagreeing", "table report", {})
    assert "cannot be mended" in case.detail


def test_a_row_of_which_two_reports_disagree_is_not_overwritten_by_either(stage: Stage):
    stage.global2[1] = stage.rows[1] = report(2, 5, words=("queue",))

    assert set(told(stage.judged())) == {
        ("disagreeing", "global2", stage.calm.report_id),
        ("disagreeing", "table report", stage.calm.report_id),
    }
    assert todo(stage) == {}


def test_a_dead_letter_of_a_report_disagrees(stage: Stage):
    stage.letters.append(("ingest", Place("global2", 0, 1)))

    assert told(stage.judged()) == [("disagreeing", "dead-letter", "")]


def test_a_report_that_was_buried_by_mistake_and_sent_back_stands_once(stage: Stage):
    stage.letters.append(("stream-alerts", Place("global1", 0, 0)))
    stage.global1.append(stage.sad)
    stage.returned = {Place("global1", 0, 3)}
    stage.reached["stream-alerts"] = 4

    assert told(stage.judged()) == []

    stage.alerts, stage.deliveries = [], []
    assert todo(stage) == {Remedy("raise", "alert"): {Place("global1", 0, 3)}}


def test_an_alert_that_was_refused_and_sent_back_must_be_told(stage: Stage):
    stage.letters.append(("alert-bot", Place("alert", 0, 0)))
    stage.alerts *= 2
    stage.returned = {Place("alert", 0, 1)}
    stage.reached["alert-bot"] = 2

    assert told(stage.judged()) == []

    stage.deliveries = []
    assert told(stage.judged()) == [("missing", "delivery", ids.alert_id(stage.sad.report_id))]


def test_what_nothing_led_to_is_stray_where_all_of_its_source_was_read(stage: Stage):
    odd = report(9, 0)
    stage.alerts.append(alert(odd))
    stage.deliveries += [ids.alert_id(odd.report_id), ids.alert_id("nobody's")]
    stage.rows.append(odd)

    assert set(told(stage.judged())) == {
        ("stray", "alert", ids.alert_id(odd.report_id)),
        ("stray", "delivery", ids.alert_id("nobody's")),
        ("stray", "table report", odd.report_id),
    }


def test_above_the_committed_offsets_all_wait_and_are_late_after_five_minutes(stage: Stage):
    stage.alerts, stage.deliveries, stage.letters, stage.rows = [], [], [], []
    stage.reached = {}
    late = Counter({("late", "stream-alerts"): 3, ("late", "ingest"): 3})

    assert Counter((kind, store) for kind, store, _ in told(stage.judged())) == late

    stage.now = WRITTEN + 5 * MINUTE
    findings = stage.judged().findings

    assert (findings.total, findings.waiting) == (0, Counter({"stream-alerts": 3, "ingest": 3}))


def test_an_alert_that_the_bot_has_not_come_to_waits(stage: Stage):
    stage.deliveries, stage.reached["alert-bot"], stage.now = [], 0, WRITTEN + MINUTE

    assert stage.judged().findings.waiting == Counter({"alert-bot": 1})


@pytest.mark.parametrize(
    ("event", "keep"),
    [
        (NOW - timedelta(days=30) + 5 * MINUTE, timedelta(days=30)),
        (NOW - timedelta(days=90), timedelta(days=30)),
        (NOW + timedelta(days=2), timedelta(minutes=15)),
    ],
)
def test_a_row_whose_time_is_over_is_not_missing(stage: Stage, event, keep):
    stage.global1[1] = stage.global2[1] = report(2, 5, time=event)
    stage.rows.remove(stage.calm)

    assert ("missing", "table report", stage.calm.report_id) not in told(stage.judged(keep=keep))


@pytest.mark.parametrize(
    ("topic", "emptied"),
    [("global1", "global1"), ("global2", "global2"), ("alert", "alerts"), ("delivery", "deliveries")],
)
def test_what_retention_took_is_not_missing(stage: Stage, topic: str, emptied: str):
    stage.extents[topic] = Extent(round(WRITTEN.timestamp() * 1000), {0: (500, 501)})
    setattr(stage, emptied, [])
    stage.letters = [(name, place) for name, place in stage.letters if place.topic != topic]

    assert told(stage.judged()) == []


def test_a_letter_is_missing_where_retention_took_only_what_was_written_before_its_record(stage: Stage):
    stage.extents["dead-letter"] = Extent(round(WRITTEN.timestamp() * 1000) - 1, {0: (500, 501)})
    stage.letters = stage.letters[:1]

    assert told(stage.judged()) == [("missing", "dead-letter", "")]


def test_a_window_leaves_out_reports_of_other_hours_and_all_they_lead_to(stage: Stage):
    hour = timedelta(hours=1)
    start = floor_to_hour(WRITTEN)
    stage.alerts, stage.rows, stage.deliveries, stage.letters = [], [], [], []

    assert len(told(stage.judged(window=Window(start, start + hour)))) == 5
    assert told(stage.judged(window=Window(start - hour, start))) == []
    assert told(stage.judged(window=Window(start + hour, start + 2 * hour))) == []


def test_a_person_who_is_to_be_forgotten_may_be_absent_from_a_row(stage: Stage):
    *others, first = stage.sad.persons
    stage.rows[0] = msgspec.structs.replace(stage.sad, persons=tuple(others))
    forgotten = {id_of_name(name_of(first)): Forgetting(NOW)}

    assert told(stage.judged()) == [("disagreeing", "table report", stage.sad.report_id)]
    assert told(stage.judged(forgotten=forgotten)) == []


def test_a_row_that_still_names_a_person_who_is_to_be_forgotten_is_stored_again(stage: Stage):
    name = id_of_name(name_of(stage.sad.persons[0]))

    findings = stage.judged(forgotten={name: Forgetting(NOW)}).findings

    # A First0 Last is in both reports.
    assert {case.detail for case in findings.cases()} == {"names somebody who is to be forgotten"}
    assert findings.todo == {Remedy("store", "table report"): {Place("global2", 0, 0), Place("global2", 0, 1)}}
    assert stage.judged(forgotten={name: Forgetting(WRITTEN)}).findings.total == 0


def test_a_case_of_each_kind_is_named_before_a_second_of_any(stage: Stage):
    stage.rows, stage.deliveries = [], []

    audit = stage.judged(limit=2)

    assert audit.findings.total == 3
    assert {store for _, store, _ in told(audit)} == {"table report", "delivery"}
