from collections import Counter, defaultdict
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core import backlog as backlogs
from harmonystate.core.backlog import Proofs, Settled
from harmonystate.core.message import Form
from harmonystate.core.record import Outgoing, Place
from harmonystate.core.waiting import Waiting
from harmonystate.core.wire import NotAReport
from tests.support.alerts import HEARD, raised
from tests.support.waiting import HERE, backlog_of, posted, record_of, waiting

FAULT = NotAReport("Discord refuses it")


def at(number, minutes):
    return raised(number, heard=HEARD + timedelta(minutes=minutes))


def left(backlog, channel=HERE):
    return [item.alert_id for item in backlog.waiting(channel)]


def test_what_stands_in_the_returned_message_is_settled_and_nothing_else():
    told, other = raised(1), raised(2)
    backlog = backlog_of(waiting(told, 3), waiting(other, 4))

    count = backlog.deliver([posted(told)])

    assert count == 1
    assert backlog.take_settled() == Settled([record_of(told, posted(told))], {("alert", 0): 4})
    assert left(backlog) == [other.alert_id]


def test_what_is_told_beyond_an_alert_that_is_not_is_recorded_at_once_and_no_offset_passes_the_gap():
    first, second, elsewhere = raised(1), raised(2), raised(3)
    backlog = backlog_of(waiting(first, 3), waiting(second, 4), waiting(elsewhere, 9, 1))

    backlog.deliver([posted(second, elsewhere)])

    settled = backlog.take_settled()
    assert {outgoing.key.decode() for outgoing in settled.outgoings} == {second.alert_id, elsewhere.alert_id}
    assert settled.offsets == {("alert", 0): 3, ("alert", 1): 10}
    backlog.deliver([posted(first)])
    assert backlog.take_settled() == Settled([record_of(first, posted(first))], {("alert", 0): 5})
    assert len(backlog) == 0


def test_nothing_settled_is_nothing_to_commit():
    assert backlog_of(waiting(raised(1))).take_settled() == Settled([], {})


def test_a_record_that_is_no_alert_is_buried_with_its_offset_and_not_before():
    bad = Waiting(Place("alert", 0, 1), b"7", b"{", fault=NotAReport("not JSON"))
    backlog = backlog_of(waiting(raised(1), 0), bad)

    assert backlog.take_settled() == Settled([], {("alert", 0): 0})
    backlog.deliver([posted(raised(1))])
    settled = backlog.take_settled()

    assert [outgoing.topic for outgoing in settled.outgoings] == ["delivery", "dead-letter"]
    assert settled.outgoings[1].value == b"1: not JSON"
    assert settled.offsets == {("alert", 0): 2}


def test_an_alert_that_comes_twice_is_told_and_recorded_once():
    alert = raised(1)
    backlog = backlog_of(waiting(alert, 0), waiting(alert, 1))

    assert left(backlog) == [alert.alert_id]
    backlog.deliver([posted(alert)])
    backlog.add(waiting(alert, 2))

    assert backlog.take_settled() == Settled([record_of(alert, posted(alert))], {("alert", 0): 3})


def test_a_refused_alert_is_told_alone_then_as_text_then_buried():
    first, second = raised(1), raised(2)
    backlog = backlog_of(waiting(first, 0), waiting(second, 1))

    forms = []
    backlog.refuse([first, second], Form.CARD, FAULT)
    for form in (Form.CARD_ALONE, Form.TEXT):
        forms.append([item.form for item in backlog.waiting(HERE)])
        backlog.refuse([first], form, FAULT)

    assert forms == [[Form.CARD_ALONE, Form.CARD_ALONE], [Form.TEXT, Form.CARD_ALONE]]
    assert backlog.take_settled().outgoings == [Outgoing("dead-letter", b"7", b"0: Discord refuses it")]
    assert left(backlog) == [second.alert_id]


def test_a_lone_card_that_is_refused_is_text_at_once_and_a_lone_digest_a_card():
    for form, next_form in ((Form.CARD, Form.TEXT), (Form.DIGEST, Form.CARD_ALONE)):
        backlog = backlog_of(waiting(raised(1)))

        backlog.refuse([raised(1)], form, FAULT)

        assert [item.form for item in backlog.waiting(HERE)] == [next_form]


def test_what_another_may_have_told_is_looked_up_from_its_first_alert_on():
    late, early, proved = at(1, 5), at(2, 3), at(3, 1)
    backlog = backlog_of(waiting(late, 0, unproved=True), waiting(early, 1, unproved=True), waiting(proved, 2))

    assert backlog.unproved_since(HERE) == early.raised_at
    assert backlog.unproved_since("elsewhere") is None


def test_what_has_a_record_needs_nothing_and_what_stands_in_the_channel_needs_its_record():
    recorded, in_channel, untold = at(1, 1), at(2, 2), at(3, 3)
    alerts = (recorded, in_channel, untold)
    backlog = backlog_of(*(waiting(alert, offset, unproved=True) for offset, alert in enumerate(alerts)))
    message = posted(recorded, in_channel, number="77")

    backlog.note_recorded({recorded.alert_id})
    assert backlog.unproved_since(HERE) == in_channel.raised_at
    backlog.prove(HERE, Proofs(in_channel.raised_at, dict.fromkeys(message.alert_ids, message)))

    assert backlog.unproved_since(HERE) is None
    assert backlog.take_settled() == Settled([record_of(in_channel, message)], {("alert", 0): 2})
    assert left(backlog) == [untold.alert_id]


def test_what_nobody_has_looked_up_is_not_recorded_by_a_message_that_shows_it():
    alert = at(1, 1)
    backlog = backlog_of(waiting(alert, 0, unproved=True))

    assert backlog.deliver([posted(alert)]) == 0
    assert backlog.take_settled() == Settled([], {})
    backlog.note_recorded({alert.alert_id})

    assert backlog.take_settled() == Settled([], {("alert", 0): 1})


def test_what_comes_after_the_look_is_judged_by_it_and_what_is_older_calls_for_another():
    recorded, covered, older = at(1, 5), at(2, 5), at(3, 3)
    backlog = backlog_of()
    backlog.note_recorded({recorded.alert_id})
    backlog.prove(HERE, Proofs(at(0, 4).raised_at, {}))

    backlog.add(waiting(recorded, 0, unproved=True))
    backlog.add(waiting(covered, 1, unproved=True))
    assert backlog.unproved_since(HERE) is None
    assert backlog.take_settled() == Settled([], {("alert", 0): 1})
    backlog.add(waiting(older, 2, unproved=True))

    assert backlog.unproved_since(HERE) == older.raised_at


def test_what_is_older_than_the_look_is_not_judged_by_a_later_message_that_holds_it():
    """Its record may stand before what the look has read: by the message alone, it would be recorded twice."""
    older, covered = at(1, 3), at(2, 5)
    message = posted(older, covered)
    backlog = backlog_of(waiting(covered, 0, unproved=True))
    backlog.note_recorded({covered.alert_id})
    backlog.prove(HERE, Proofs(covered.raised_at, dict.fromkeys(message.alert_ids, message)))

    backlog.add(waiting(older, 1, unproved=True))

    assert backlog.take_settled() == Settled([], {("alert", 0): 1})
    assert backlog.unproved_since(HERE) == older.raised_at


def test_a_full_backlog_says_so_and_what_is_told_beyond_a_gap_keeps_no_bytes(monkeypatch):
    monkeypatch.setattr(backlogs, "MOST_RECORDS", 3)
    one = waiting(raised(0))
    backlog = backlog_of(one)
    monkeypatch.setattr(backlogs, "MOST_BYTES", one.size + 1)
    assert not backlog.is_full

    backlog.add(waiting(raised(1), 1))
    assert backlog.is_full  # by bytes
    backlog.deliver([posted(raised(1))])
    assert not backlog.is_full
    backlog.add(waiting(raised(2), 2))
    backlog.deliver([posted(raised(2))])
    assert backlog.is_full  # by records, for the first is not told
    backlog.deliver([posted(raised(0))])
    backlog.take_settled()
    assert not backlog.is_full


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["new", "again", "bad"])), max_size=40),
    st.randoms(),
    st.data(),
)
def test_whatever_the_order_each_alert_is_recorded_once_and_no_offset_passes_one_that_is_not(records, chance, data):
    """Draw partitions, and records that repeat one before or are no alert; tell in any order, kill nowhere."""
    backlog, offsets, alerts, at_place = backlog_of(), defaultdict(int), [], {}
    for number, (partition, kind) in enumerate(records):
        place = Place("alert", partition, offsets[partition])
        offsets[partition] += 1
        if kind == "bad":
            backlog.add(Waiting(place, b"7", b"{", fault=NotAReport("bad")))
            continue
        alert = chance.choice(alerts) if kind == "again" and alerts else raised(number)
        alerts.append(alert)
        at_place[place] = alert.alert_id
        backlog.add(waiting(alert, place.offset, partition))
    recorded, buried, committed = [], [], {}

    def commit():
        settled = backlog.take_settled()
        recorded.extend(o.key.decode() for o in settled.outgoings if o.topic == "delivery")
        buried.extend(o for o in settled.outgoings if o.topic == "dead-letter")
        assert all(committed.get(where, 0) <= offset for where, offset in settled.offsets.items())
        committed.update(settled.offsets)
        for place, alert_id in at_place.items():
            if place.offset < committed.get((place.topic, place.partition), 0):
                assert alert_id in recorded

    while todo := [item.raised for item in backlog.waiting(HERE)]:
        chance.shuffle(todo)
        backlog.deliver([posted(*todo[: data.draw(st.integers(1, len(todo)))])])
        commit()
    commit()

    assert committed == {("alert", partition): offset for partition, offset in offsets.items()}
    assert Counter(recorded) == Counter({alert.alert_id: 1 for alert in alerts})
    assert len(buried) == sum(kind == "bad" for _, kind in records)
    assert len(backlog) == 0
