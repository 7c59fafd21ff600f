from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harmonystate.core import dispatch as dispatches
from harmonystate.core.digest import area_of, span_of
from harmonystate.core.dispatch import FRESH, Dispatch, by_urgency, prefix_within
from harmonystate.core.message import Edit, Form, Message
from harmonystate.core.repeats import MOST_STANDING
from tests.support.alerts import HEARD, as_raised, raised
from tests.support.waiting import HERE, Rules, backlog_of, ids, posted, waiting

NOW = HEARD + timedelta(seconds=2)
LATER = HEARD + FRESH


def in_hand(*alerts):
    return backlog_of(*(waiting(alert, offset) for offset, alert in enumerate(alerts)))


def chosen(alerts, now=NOW, **rules):
    return Dispatch(Rules(**rules)).choose(in_hand(*alerts).waiting(HERE), now)


def test_nothing_waits_nothing_is_told():
    assert chosen([]) is None


def test_up_to_ten_cards_go_into_a_message_the_worst_first_and_else_as_they_came():
    alerts = [raised(number, number % 2, drone=number) for number in range(10)]

    message = chosen(alerts)

    assert message == Message((*alerts[::2], *alerts[1::2]), Form.CARD)


def test_where_not_all_fit_the_worst_go_first_then_the_newest():
    alerts = [raised(number, int(number > 0), drone=number) for number in range(30)]

    assert chosen(alerts) == Message((alerts[0], *alerts[21:]), Form.CARD)


def test_of_one_drone_the_older_goes_first_and_no_drone_keeps_others_waiting():
    flood = [raised(number, 0, drone=1) for number in range(30)]
    others = [raised(number, 0, drone=number) for number in range(2, 7)]

    message = chosen([*flood[:15], *others, *flood[15:]])

    assert set(ids(message)) == {*ids(*flood[:5]), *ids(*others)}


def test_what_is_five_minutes_old_goes_into_digests_by_area_and_five_minutes():
    def somewhere(number, latitude, minutes):
        return raised(number, heard=HEARD - timedelta(minutes=minutes), drone=number, latitude=latitude)

    # HEARD is 16:38:17, so 16:35 to 16:40 and 16:30 to 16:35.
    alerts = [somewhere(1, 48.861, 0), somewhere(2, 48.859, 4), somewhere(3, 48.9, 1), somewhere(4, 48.862, 3)]

    message = chosen(alerts, now=LATER)

    assert message == Message((alerts[1], alerts[0], alerts[3], alerts[2]), Form.DIGEST)


def test_fresh_ones_go_before_older_ones():
    older = [raised(number, drone=number) for number in range(30)]
    fresh = [raised(number, drone=number, heard=LATER) for number in range(30, 45)]
    backlog, dispatch, forms = in_hand(*older, *fresh), Dispatch(Rules()), []

    while message := dispatch.choose(backlog.waiting(HERE), LATER):
        forms.append((message.form, len(message.alerts)))
        dispatch.note(message, "1", LATER)
        backlog.deliver([posted(*message.alerts)])

    assert forms == [(Form.CARD, 10), (Form.CARD, 5), (Form.DIGEST, 30)]


def test_a_flood_of_fresh_ones_leaves_digests_their_turn(monkeypatch):
    def forms_of(most):
        monkeypatch.setattr(dispatches, "MANY", most)
        backlog, dispatch, forms = (
            in_hand(*[raised(number, drone=number) for number in range(12)]),
            Dispatch(Rules()),
            [],
        )
        for number in range(100, 125):
            backlog.add(waiting(raised(number, drone=number, heard=LATER), number))
            message = dispatch.choose(backlog.waiting(HERE), LATER)
            dispatch.note(message, "1", LATER)
            forms.append(message.form)
        return forms

    assert forms_of(1000) == [*[Form.CARD] * 20, Form.DIGEST, *[Form.CARD] * 4]
    assert forms_of(10)[:4] == [Form.CARD, Form.DIGEST] * 2


def test_a_message_that_was_refused_has_taken_nobody_s_turn(monkeypatch):
    monkeypatch.setattr(dispatches, "MANY", 10)
    older = [raised(number, drone=number) for number in range(12)]
    backlog = in_hand(*older, *[raised(number, drone=number, heard=LATER) for number in range(12, 40)])
    dispatch, told = Dispatch(Rules()), []

    for _ in range(4):
        refused = [dispatch.choose(backlog.waiting(HERE), LATER) for _ in range(3)]
        message = dispatch.choose(backlog.waiting(HERE), LATER)
        assert refused == [message] * 3
        dispatch.note(message, "1", LATER)
        backlog.deliver([posted(*message.alerts[:5])])
        told.append(message.form)

    assert told == [Form.CARD, Form.DIGEST, Form.CARD, Form.CARD]


def test_what_has_to_stand_alone_goes_first():
    alerts = [raised(number) for number in range(3)]
    backlog = in_hand(*alerts)
    list(backlog.waiting(HERE))[1].form = Form.TEXT

    assert Dispatch(Rules()).choose(backlog.waiting(HERE), NOW) == Message((alerts[1],), Form.TEXT)


def test_a_message_mentions_the_roles_of_its_cards_and_a_digest_none():
    items = [waiting(raised(number, drone=number), number, role=role) for number, role in enumerate((8, None, 9, 8))]

    assert Dispatch(Rules()).choose(items, NOW).roles == (8, 9)
    assert Dispatch(Rules()).choose(items, LATER).roles == ()


def test_without_a_limit_all_are_cards_in_the_order_in_which_they_came():
    alerts = [raised(number, number % 2) for number in range(30)]
    rules = Rules(most=200)
    rules.limited = False

    assert Dispatch(rules).choose(in_hand(*alerts).waiting(HERE), LATER) == Message(tuple(alerts), Form.CARD)


_reports = st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 400), st.integers(0, 3))


@settings(max_examples=200)
@given(st.lists(_reports, max_size=60), st.integers(1, 10), st.integers(1, 30), st.integers(0, 20), st.data())
def test_each_alert_is_in_exactly_one_message_and_cards_of_a_drone_keep_their_order(
    reports, most, most_ids, at_once, data
):
    """Draw drone, score, age and place; records come in while others are told, time passes, and some are refused."""
    alerts = [
        raised(number, score, drone=drone, heard=HEARD - timedelta(seconds=age), threshold=3, latitude=48 + place / 100)
        for number, (drone, score, age, place) in enumerate(reports)
    ]
    backlog, dispatch, now = in_hand(*alerts[:at_once]), Dispatch(Rules(most, most_ids)), NOW
    coming = [waiting(alert, offset) for offset, alert in enumerate(alerts)][at_once:]
    told = []
    while backlog.waiting(HERE) or coming:
        for item in coming[: data.draw(st.integers(0 if backlog.waiting(HERE) else 1, 5))]:
            coming.remove(item)
            backlog.add(item)
        message = dispatch.choose(backlog.waiting(HERE), now)
        assert len(message.alerts) <= (most_ids if message.form is Form.DIGEST else most)
        shown = data.draw(st.integers(1, len(message.alerts)))
        told.append(Message(message.alerts[:shown], message.form))
        backlog.deliver([posted(*message.alerts[:shown])])
        now += timedelta(seconds=data.draw(st.integers(0, 60)))

    assert Counter(alert_id for message in told for alert_id in ids(message)) == Counter(ids(*alerts))
    number_of = {alert.alert_id: number for number, alert in enumerate(alerts)}
    cards = defaultdict(list)
    for message in told:
        for alert in message.alerts:
            if message.form is Form.CARD:
                cards[alert.alert.report.drone_id, alert.alert.sad[0].score].append(number_of[alert.alert_id])
            else:
                assert now - alert.alert.report.time >= FRESH
    assert all(numbers == sorted(numbers) for numbers in cards.values())


@given(st.lists(_reports, max_size=40))
def test_digests_of_a_message_are_whole(reports):
    alerts = [
        raised(number, score, drone=drone, heard=HEARD - timedelta(seconds=age), threshold=3, latitude=48 + place / 100)
        for number, (drone, score, age, place) in enumerate(reports)
    ]

    message = chosen(alerts, now=LATER, most_ids=1000)

    if message:
        groups = [(span_of(alert.alert.report), area_of(alert.alert.report)) for alert in message.alerts]
        assert len(list(dict.fromkeys(groups))) == sum(a != b for a, b in zip([None, *groups], groups, strict=False))


def test_urgency_is_an_order_of_all():
    items = [waiting(raised(number, number % 2, drone=number % 3), number) for number in range(20)]

    assert sorted(map(id, by_urgency(items))) == sorted(map(id, items))


TEN_MINUTES = timedelta(minutes=10)


def seen(number, *names, drone=7, after_s=0, score=1):
    """Return an alert about persons of these names."""
    alert = raised(number, *[score] * len(names), drone=drone, heard=HEARD + timedelta(seconds=after_s))
    people = tuple(type(alert.alert.sad[0])(name, name, score) for name in names)
    report = alert.alert.report
    fields = {name: getattr(report, name) for name in report.__struct_fields__} | {"persons": people}
    return as_raised(type(report)(**fields), 2)


def repeating(*alerts, **rules):
    """Return a dispatch that has told these in message 1, and what waits then."""
    dispatch = Dispatch(Rules(repeat_interval=TEN_MINUTES, **rules))
    dispatch.note(Message(tuple(alerts), Form.CARD), "1", NOW)
    return dispatch


def test_whoever_the_same_drone_sees_again_is_counted_on_the_card():
    first, other = seen(1, "Ada", "Bob"), seen(2, "Cid", drone=8)
    again, once_more = seen(3, "Ada", after_s=60), seen(4, "Bob", after_s=90)
    dispatch = repeating(first, other)

    edit = dispatch.choose(in_hand(again, once_more).waiting(HERE), NOW)

    assert edit == Edit("1", Message((first, other), Form.CARD), NOW, {first.alert_id: (again, once_more)}, edit.adds)
    assert edit.adds == (again, once_more)
    dispatch.note(edit, "1", NOW)
    third = seen(5, "Ada", "Bob", after_s=100)
    edit = dispatch.choose(in_hand(third).waiting(HERE), NOW)
    assert (edit.again, edit.adds) == ({first.alert_id: (again, once_more, third)}, (third,))


@pytest.mark.parametrize(
    "alert",
    [
        seen(3, "Ada", drone=9),
        seen(3, "Ada", "Eve"),
        seen(3, "Ada", after_s=601),
    ],
    ids=["another drone", "somebody else too", "too late"],
)
def test_whoever_is_not_the_same_in_time_is_told_anew(alert):
    dispatch = repeating(seen(1, "Ada"))

    assert dispatch.choose(in_hand(alert).waiting(HERE), NOW) == Message((alert,), Form.CARD)


def test_without_an_interval_everybody_is_told_anew():
    dispatch = Dispatch(Rules())
    dispatch.note(Message((seen(1, "Ada"),), Form.CARD), "1", NOW)

    assert dispatch.choose(in_hand(seen(2, "Ada")).waiting(HERE), NOW).form is Form.CARD


def test_two_sightings_that_wait_together_are_a_card_and_then_a_count():
    first, again = seen(1, "Ada"), seen(2, "Ada", after_s=30)
    backlog, dispatch = in_hand(first, again), Dispatch(Rules(repeat_interval=TEN_MINUTES))

    message = dispatch.choose(backlog.waiting(HERE), NOW)
    assert message == Message((first,), Form.CARD)
    dispatch.note(message, "5", NOW)
    backlog.deliver([posted(first)])

    assert dispatch.choose(backlog.waiting(HERE), NOW).adds == (again,)


def test_a_full_or_deleted_message_is_counted_on_no_more():
    again = [seen(number, "Ada", after_s=number) for number in range(2, 5)]
    dispatch = repeating(seen(1, "Ada"), most_again=2)
    backlog = in_hand(*again)

    edit = dispatch.choose(backlog.waiting(HERE), NOW)
    assert edit.adds == tuple(again[:2])
    dispatch.note(edit, "1", NOW)
    backlog.deliver([posted(*edit.adds)])
    assert dispatch.choose(backlog.waiting(HERE), NOW) == Message((again[2],), Form.CARD)

    dispatch = repeating(seen(1, "Ada"))
    dispatch.forget(dispatch.choose(in_hand(again[0]).waiting(HERE), NOW))
    assert dispatch.choose(in_hand(again[0]).waiting(HERE), NOW) == Message((again[0],), Form.CARD)


def test_where_the_newest_card_is_full_an_older_one_is_counted_on():
    dispatch = repeating(seen(1, "Ada"), most_again=1)
    dispatch.note(Message((seen(2, "Ada", "Eve"),), Form.CARD), "2", NOW)
    again = [seen(number, "Ada", after_s=number) for number in (3, 4, 5)]
    backlog, chosen_for = in_hand(*again), []

    while told := dispatch.choose(backlog.waiting(HERE), NOW):
        chosen_for.append((told.message_id if isinstance(told, Edit) else "new", ids(*newly_told(told))))
        dispatch.note(told, getattr(told, "message_id", "3"), NOW)
        backlog.deliver([posted(*newly_told(told))])

    assert chosen_for == [("2", ids(again[0])), ("1", ids(again[1])), ("new", ids(again[2]))]


def test_of_5000_messages_the_newest_are_counted_on_and_the_others_are_forgotten():
    dispatch, again = Dispatch(Rules(repeat_interval=TEN_MINUTES)), []
    for number in range(5_000):
        dispatch.note(Message((seen(number, "Ada", drone=number),), Form.CARD), str(number), NOW)
        again.append(seen(10_000 + number, "Ada", drone=number, after_s=1))

    known = [alert for alert in again if isinstance(dispatch.choose(in_hand(alert).waiting(HERE), NOW), Edit)]

    assert known == again[-MOST_STANDING:]


_names = st.sets(st.sampled_from(["Ada", "Eve"]), min_size=1)


@given(
    st.lists(st.tuples(_names, st.integers(0, 400)), max_size=25),
    st.integers(1, 3),
    st.integers(0, 3),
    st.data(),
)
def test_with_repeats_too_each_alert_is_told_or_counted_once(sightings, most, most_again, data):
    """Draw names and age; records come in while others are told; a message may be gone, or full after some."""
    alerts = [seen(number, *sorted(names), after_s=-age) for number, (names, age) in enumerate(sightings)]
    backlog, told = in_hand(), []
    coming = [waiting(alert, offset) for offset, alert in enumerate(alerts)]
    dispatch = Dispatch(Rules(most=most, repeat_interval=TEN_MINUTES, most_again=most_again))

    while backlog.waiting(HERE) or coming:
        for item in coming[: data.draw(st.integers(0 if backlog.waiting(HERE) else 1, 2))]:
            coming.remove(item)
            backlog.add(item)
        choice = dispatch.choose(backlog.waiting(HERE), NOW)
        if isinstance(choice, Edit) and data.draw(st.booleans()):
            dispatch.forget(choice)
            continue
        assert newly_told(choice)
        told += newly_told(choice)
        dispatch.note(choice, getattr(choice, "message_id", str(len(told))), NOW)
        backlog.deliver([posted(*newly_told(choice))])

    assert Counter(ids(*told)) == Counter(ids(*alerts))


def newly_told(choice):
    return choice.adds if isinstance(choice, Edit) else choice.alerts


def test_counts_and_new_cards_take_turns():
    dispatch = repeating(seen(1, "Ada"))
    backlog = in_hand(seen(2, "Ada", after_s=2), seen(3, "Eve", after_s=3))

    kinds = [type(dispatch.choose(backlog.waiting(HERE), NOW)) for _ in range(4)]

    assert kinds == [Edit, Message, Edit, Message]


@pytest.mark.parametrize(
    ("sizes", "count"), [([], 1), ([10], 1), ([7000], 1), ([2000] * 5, 3), ([1] * 50, 10), ([3000, 3001, 1], 1)]
)
def test_a_message_holds_no_more_than_fits_and_at_least_one(sizes, count):
    assert prefix_within(sizes, most=10, limit=6000) == count
