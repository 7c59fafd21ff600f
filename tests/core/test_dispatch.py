import base64
import uuid
from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.delivery import Posted
from harmonystate.core.dispatch import Backlog, Form, Message, Proofs, Waiting, prefix_within
from harmonystate.core.record import Outgoing, Place
from harmonystate.core.wire import NotAReport
from tests.support.alerts import HEARD, raised

FAULT = NotAReport("Discord refuses it")


def record_of(alert, posted):
    return Outgoing("delivery", alert.alert_id.encode(), posted.message_id.encode())


def letter_of(place):
    return lambda fault: Outgoing("dead-letter", None, f"{place.offset}: {fault}".encode())


def waiting(alert, offset=0, partition=0, **more):
    place = Place("alert", partition, offset)
    return Waiting(place, alert, letter_of(place), **more)


def backlog_of(*items):
    backlog = Backlog(record_of)
    for item in items:
        backlog.add(item)
    return backlog


def posted(*alerts, number="1"):
    return Posted(number, HEARD, frozenset(alert.alert_id for alert in alerts))


def fit(most):
    return lambda alerts: min(len(alerts), most)


def test_what_waits_goes_into_one_message_in_the_order_in_which_it_came():
    first, second, third = (raised(number) for number in range(3))
    backlog = backlog_of(waiting(first, 5, 1), waiting(second, 0, 0), waiting(third, 6, 1))

    message = backlog.next_message(fit(2))

    assert message == Message((first, second), Form.CARD)


def test_nothing_waits_nothing_is_told():
    assert backlog_of().next_message(fit(10)) is None


def test_what_stands_in_the_returned_message_is_settled_and_nothing_else():
    told, other = raised(1), raised(2)
    backlog = backlog_of(waiting(told, 3), waiting(other, 4))

    count = backlog.deliver([posted(told)])

    settled = backlog.take_settled()
    assert count == 1
    assert settled.outgoings == [Outgoing("delivery", told.alert_id.encode(), b"1")]
    assert settled.offsets == {("alert", 0): 4}
    assert backlog.next_message(fit(10)) == Message((other,), Form.CARD)


def test_no_offset_is_committed_beyond_an_alert_that_is_not_told():
    first, second, elsewhere = raised(1), raised(2), raised(3)
    backlog = backlog_of(waiting(first, 3), waiting(second, 4), waiting(elsewhere, 9, 1))

    backlog.deliver([posted(second, elsewhere)])

    assert backlog.take_settled().offsets == {("alert", 1): 10}
    backlog.deliver([posted(first)])
    settled = backlog.take_settled()
    assert settled.offsets == {("alert", 0): 5}
    assert [outgoing.key for outgoing in settled.outgoings] == [first.alert_id.encode(), second.alert_id.encode()]


def test_a_record_that_is_no_alert_is_buried_with_its_offset():
    letter = Outgoing("dead-letter", None, b"{")
    bad = Waiting(Place("alert", 0, 1), None, lambda _: letter, outgoing=letter, settled=True)
    backlog = backlog_of(waiting(raised(1), 0), bad)

    assert backlog.take_settled() == ([], {})
    backlog.deliver([posted(raised(1))])
    settled = backlog.take_settled()

    assert [outgoing.topic for outgoing in settled.outgoings] == ["delivery", "dead-letter"]
    assert settled.offsets == {("alert", 0): 2}


def test_an_alert_that_comes_twice_is_told_and_recorded_once():
    alert = raised(1)
    backlog = backlog_of(waiting(alert, 0), waiting(alert, 1))

    message = backlog.next_message(fit(10))
    backlog.deliver([posted(alert)])
    backlog.add(waiting(alert, 2))

    settled = backlog.take_settled()
    assert message.alerts == (alert,)
    assert len(settled.outgoings) == 1
    assert settled.offsets == {("alert", 0): 3}


def test_a_refused_message_is_tried_card_by_card_then_as_text_then_buried():
    first, second = raised(1), raised(2)
    backlog = backlog_of(waiting(first, 0), waiting(second, 1))
    seen = []
    for _ in range(3):
        message = backlog.next_message(fit(10))
        seen.append((message.form, message.alerts))
        backlog.refuse(message, FAULT)

    settled = backlog.take_settled()
    assert seen == [(Form.CARD, (first, second)), (Form.CARD_ALONE, (first,)), (Form.TEXT, (first,))]
    assert settled.outgoings == [Outgoing("dead-letter", None, b"0: Discord refuses it")]
    assert backlog.next_message(fit(10)) == Message((second,), Form.CARD_ALONE)


def test_a_lone_card_that_is_refused_is_told_as_text_at_once():
    alert = raised(1)
    backlog = backlog_of(waiting(alert))

    backlog.refuse(backlog.next_message(fit(10)), FAULT)

    assert backlog.next_message(fit(10)) == Message((alert,), Form.TEXT)


def test_what_comes_behind_an_alert_that_has_to_stand_alone_waits_for_it():
    first, second = raised(1), raised(2)
    backlog = backlog_of(waiting(first, 0, form=Form.TEXT), waiting(second, 1))

    assert backlog.next_message(fit(10)).alerts == (first,)
    backlog.deliver([posted(first)])
    assert backlog.next_message(fit(10)).alerts == (second,)


def test_the_nonce_is_the_first_alert_s_id_and_another_form_has_another():
    alert = raised(1)
    card, text = Message((alert, raised(2)), Form.CARD), Message((alert,), Form.TEXT)

    assert base64.urlsafe_b64decode(card.nonce + "==") == uuid.UUID(alert.alert_id).bytes
    assert len(card.nonce) == 22
    assert card.nonce == Message((alert,), Form.CARD_ALONE).nonce != text.nonce
    assert len(text.nonce) <= 25


def at(number, minutes):
    return raised(number, heard=HEARD + timedelta(minutes=minutes))


def test_what_another_may_have_told_is_looked_up_from_its_first_alert_on():
    late, early, proved = at(1, 5), at(2, 3), at(3, 1)
    backlog = backlog_of(waiting(late, 0, unproved=True), waiting(early, 1, unproved=True), waiting(proved, 2))

    assert backlog.unproved_since() == early.raised_at


def test_what_has_a_record_needs_nothing_and_what_stands_in_the_channel_needs_its_record():
    recorded, in_channel, untold = at(1, 1), at(2, 2), at(3, 3)
    alerts = (recorded, in_channel, untold)
    backlog = backlog_of(*(waiting(alert, offset, unproved=True) for offset, alert in enumerate(alerts)))
    message = posted(recorded, in_channel, number="77")
    by_id = dict.fromkeys(message.alert_ids, message)

    backlog.prove(Proofs(recorded.raised_at, {recorded.alert_id}, by_id))

    settled = backlog.take_settled()
    assert backlog.unproved_since() is None
    assert settled.outgoings == [Outgoing("delivery", in_channel.alert_id.encode(), b"77")]
    assert settled.offsets == {("alert", 0): 2}
    assert backlog.next_message(fit(10)).alerts == (untold,)


def test_what_comes_after_the_look_is_judged_by_it_and_what_is_older_calls_for_another():
    covered, older = at(1, 5), at(2, 3)
    backlog = backlog_of()
    backlog.prove(Proofs(at(0, 4).raised_at, {covered.alert_id, older.alert_id}, {}))

    backlog.add(waiting(covered, 0, unproved=True))
    assert backlog.unproved_since() is None
    assert backlog.take_settled() == ([], {("alert", 0): 1})
    backlog.add(waiting(older, 1, unproved=True))

    assert backlog.unproved_since() == older.raised_at


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40), st.data())
def test_whatever_is_told_when_each_alert_is_recorded_once_and_in_order_per_partition(records, data):
    """Draw partitions and whether a record repeats the one before it; tell by and by, however much Discord takes."""
    backlog, offsets, alerts = backlog_of(), defaultdict(int), []
    for number, (partition, repeats) in enumerate(records):
        alert = alerts[-1][0] if repeats and alerts else raised(number)
        alerts.append((alert, partition))
        backlog.add(waiting(alert, offsets[partition], partition))
        offsets[partition] += 1
    outgoings, committed = [], {}
    while message := backlog.next_message(fit(data.draw(st.integers(1, 10)))):
        shown = data.draw(st.integers(1, len(message.alerts)))
        backlog.deliver([posted(*message.alerts[:shown])])
        settled = backlog.take_settled()
        outgoings += settled.outgoings
        assert all(committed.get(where, 0) < offset for where, offset in settled.offsets.items())
        committed |= settled.offsets

    assert committed == {("alert", partition): offset for partition, offset in offsets.items()}
    assert [outgoing.key.decode() for outgoing in outgoings] == list(dict.fromkeys(a.alert_id for a, _ in alerts))
    assert not backlog


@pytest.mark.parametrize(
    ("sizes", "count"), [([], 1), ([10], 1), ([7000], 1), ([2000] * 5, 3), ([1] * 50, 10), ([3000, 3001, 1], 1)]
)
def test_a_message_holds_no_more_than_fits_and_at_least_one(sizes, count):
    assert prefix_within(sizes, most=10, limit=6000) == count
