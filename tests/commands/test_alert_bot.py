"""The bot's loop, driven by lists: a feed that knows what was committed, a sink that does as it is told."""

import json
import logging
import sys
import threading
from collections import deque
from concurrent.futures import Future
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from harmonystate.commands import alert_bot
from harmonystate.commands.alert_bot import teller as tellers
from harmonystate.commands.alert_bot.lane import Tools
from harmonystate.commands.alert_bot.teller import Teller
from harmonystate.config import Topics
from harmonystate.core import backlog as backlogs
from harmonystate.core.matchers import parse_matchers
from harmonystate.core.message import Edit, Form, Undelivered
from harmonystate.core.routes import Route, Target, target_of
from harmonystate.core.silence import Silence, active_at
from harmonystate.edges.console import meter as meters
from harmonystate.edges.console.cards import ConsoleSink
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.errors import Misconfigured
from tests.support.alerts import HEARD, Row, raised, row
from tests.support.kafka import wait_until
from tests.support.waiting import HERE, Rules, ids, posted

UNKNOWN = Undelivered("no answer", unknown=True)
FORBIDDEN = Undelivered("403", wait_s=60)
REFUSED = Undelivered("Discord refuses it (400, code 50035)", refused=True)


class Feed:
    """A topic as a list of polls, and what was committed of it."""

    is_member = True

    def __init__(self, *polls, told=(), unproved=False, unconfirmed=0):
        self.polls = deque(polls)
        self.unconfirmed = unconfirmed
        self.told = set(told)
        self.unproved = unproved
        self.asked_since = []
        self.polled = 0
        self.outgoings = []
        self.offsets = {}
        self.first_offsets = {}
        self.called = False
        self.stayed = []

    def poll(self, _timeout_s, *, hold=False, stay=False):
        self.polled += 1
        self.stayed.append(stay)
        polled = self.polls.popleft() if self.polls and not hold else []
        if isinstance(polled, Exception):
            raise polled
        return polled

    def is_unproved(self, _record):
        return self.unproved

    def is_called_away(self):
        return self.called

    def may_tell(self):
        self.unconfirmed -= 1
        return self.unconfirmed < 0

    def has_caught_up(self):
        return True

    def told_since(self, moment):
        self.asked_since.append(moment)
        return self.told

    def commit(self, settled):
        self.outgoings += settled.outgoings
        self.offsets |= settled.offsets
        self.first_offsets = self.first_offsets or settled.offsets

    def commit_positions(self):
        pass

    def has_reached(self, _goal):
        return not self.polls

    def keys(self, topic="delivery"):
        return [outgoing.key.decode() for outgoing in self.outgoings if outgoing.topic == topic]


class Sink(Rules):
    """Channels; `answers` are exceptions to raise, or how many alerts of the message are taken (None = all)."""

    def __init__(self, *answers, standing=(), routes=(), **rules):
        super().__init__(**rules)
        self.answers = deque(answers)
        self.posts = []
        self.edits = []
        self.looks = []
        self.standing = list(standing)
        self.routes = routes

    def target_of(self, raised):
        return target_of(raised, self.routes, Target(HERE))

    def wait_s(self, _channel_id, _told=None):
        return 0.0

    def tell(self, channel_id, told):
        answer = self.answers.popleft() if self.answers else None
        if isinstance(told, Edit):
            self.edits.append(told)
            return done(answer or [posted(*told.alerts, number=told.message_id, channel=channel_id)])
        self.posts.append(told)
        number = str(len(self.posts))
        return done(
            answer
            if isinstance(answer, Exception)
            else [posted(*told.alerts[:answer], number=number, channel=channel_id)]
        )

    def posted_since(self, _channel_id, moment):
        self.looks.append(moment)
        return done(self.standing)


class Clock:
    """Time that passes only while the bot waits, and the stop that it waits on."""

    def __init__(self, stop_after_s=float("inf")):
        self.waited_s = 0.0
        self.stop_after_s = stop_after_s

    def now(self):
        return HEARD + timedelta(seconds=2 + self.waited_s)

    def passed_s(self):
        return self.waited_s

    def is_set(self):
        return self.waited_s >= self.stop_after_s

    def wait(self, seconds):
        self.waited_s += seconds
        return self.is_set()


def done(answer):
    future = Future()
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
    return future


def run(feed, sink, clock=None, goal=None, silences=lambda _: (), inherits=False):
    clock = clock or Clock()
    tools = Tools(Meter("alert-bot"), clock.now, clock.passed_s, silences)
    teller = Teller(feed, sink, topics=Topics(), stop=clock, tools=tools, inherits=inherits)
    return teller.run({} if goal is None else goal)


def test_what_waits_is_told_in_as_few_messages_as_fit_and_each_alert_has_its_record():
    told = [raised(number) for number in range(23)]
    feed, sink = Feed([row(alert, offset) for offset, alert in enumerate(told)]), Sink()

    assert run(feed, sink)
    assert [len(message.alerts) for message in sink.posts] == [10, 10, 3]
    assert sorted(feed.keys()) == sorted(ids(*told))
    assert feed.offsets == {("alert", 0): 23}


def test_nothing_is_committed_before_the_answer():
    feed, sink = Feed([row(raised(1), 4)]), Sink(Misconfigured("401"))

    with pytest.raises(Misconfigured):
        run(feed, sink)

    assert (feed.outgoings, feed.offsets) == ([], {})


def test_an_unanswered_message_is_sent_again_as_it_was_before_anything_else():
    first, second = raised(1), raised(2)
    feed, sink = Feed([row(first, 0)], [row(second, 1)]), Sink(UNKNOWN, UNKNOWN)

    run(feed, sink)

    assert [ids(message) for message in sink.posts] == [ids(first)] * 3 + [ids(second)]
    assert len({message.nonce for message in sink.posts[:3]}) == 1
    assert feed.keys() == ids(first, second)


def test_an_unanswered_message_stays_so_when_the_next_try_is_refused_for_rate():
    first, second = raised(1), raised(2)
    feed, sink = Feed([row(first, 0)], [row(second, 1)]), Sink(UNKNOWN, Undelivered("429", wait_s=1), None)

    run(feed, sink)

    assert [ids(message) for message in sink.posts] == [ids(first)] * 3 + [ids(second)]


def test_what_was_refused_for_now_is_chosen_anew_with_what_came_meanwhile():
    first, second = raised(1), raised(2)
    feed, sink = Feed([row(first, 0)], [row(second, 1)]), Sink(Undelivered("429", wait_s=1))

    run(feed, sink)

    assert [ids(message) for message in sink.posts] == [ids(first), ids(first, second)]


def test_only_ids_in_the_returned_message_are_delivered_and_the_rest_goes_into_the_next():
    told = [raised(number) for number in range(3)]
    feed, sink = Feed([row(alert, offset) for offset, alert in enumerate(told)]), Sink(1)

    run(feed, sink)

    assert [ids(message) for message in sink.posts] == [ids(*told), ids(*told[1:])]
    assert sorted(feed.keys()) == sorted(ids(*told))


def test_beyond_two_minutes_the_channel_is_asked_before_the_message_is_sent_again():
    alert = raised(1)
    feed, sink, clock = Feed([row(alert, 0)]), Sink(*[UNKNOWN] * 100, standing=[posted(alert)]), Clock()

    assert run(feed, sink, clock)
    assert 120 < clock.waited_s <= 140
    assert sink.looks == [alert.raised_at]
    assert [outgoing.key.decode() for outgoing in feed.outgoings] == [alert.alert_id]
    assert len(sink.posts) == 12  # after 0, 1, 3, 7, 15, 30 .. 120 s; the next would be after 135 s


def test_beyond_two_minutes_it_is_sent_again_when_the_channel_does_not_show_it():
    alert = raised(1)
    feed, sink = Feed([row(alert, 0)]), Sink(*[UNKNOWN] * 13)

    assert run(feed, sink)
    assert len(sink.looks) == 2
    assert len(sink.posts) == 14
    assert feed.keys() == ids(alert)


def test_back_after_a_long_time_what_was_not_answered_is_chosen_anew_and_is_fresh_no_more():
    """Ten minutes in which neither posts nor looks are answered: the channel does not show it, and others are fresh."""
    early, late = raised(1), raised(2, drone=8, heard=HEARD + timedelta(minutes=10))
    feed, clock = Feed([row(early, 0)], [row(late, 1)]), Clock()
    sink = AwayFor(clock, 600)

    assert run(feed, sink, clock)
    assert [ids(message) for message in sink.posts[-2:]] == [ids(late), ids(early)]
    assert [message.form for message in sink.posts[-2:]] == [Form.CARD, Form.DIGEST]
    assert sorted(feed.keys()) == sorted(ids(early, late))


def test_a_channel_that_can_be_read_and_takes_nothing_is_tried_no_more_often_than_one_that_is_away():
    feed, clock = Feed([row(raised(1), 0)]), Clock()
    sink = AwayFor(clock, 3600, can_be_read=True)

    with capture_logs() as lines:
        assert run(feed, sink, clock)

    assert len(sink.posts) <= 250  # after 0, 1, 3, 7, 15, 30 .. 3600 s
    assert feed.keys() == ids(raised(1))
    assert [line["event"] for line in lines if line["event"] != "waiting for Discord"] == ["Discord is back"]


class AwayFor(Sink):
    """A Discord that answers nobody for a while, or only those who read."""

    def __init__(self, clock, away_s, *, can_be_read=False):
        super().__init__()
        self._clock, self._away_s = clock, away_s
        self._unread_s = 0 if can_be_read else away_s

    def tell(self, channel_id, told):
        self.answers = deque([UNKNOWN] * (self._clock.waited_s < self._away_s))
        return super().tell(channel_id, told)

    def posted_since(self, channel_id, moment):
        return done(UNKNOWN) if self._clock.waited_s < self._unread_s else super().posted_since(channel_id, moment)


def test_waits_grow_to_a_minute_and_the_bot_stays_in_its_group():
    feed, sink, clock = Feed([row(raised(1), 0)]), Sink(*[Undelivered("429")] * 9), Clock()

    run(feed, sink, clock)

    assert clock.waited_s == pytest.approx(1 + 2 + 4 + 8 + 16 + 32 + 60 + 60 + 60)
    assert feed.polled >= clock.waited_s


def test_a_discord_that_says_how_long_is_back_and_waits_begin_anew():
    feed, clock = Feed([row(raised(1), 0)]), Clock()
    sink = Sink(*[UNKNOWN] * 5, Undelivered("429", wait_s=1), UNKNOWN)

    run(feed, sink, clock)

    assert clock.waited_s == pytest.approx(1 + 2 + 4 + 8 + 15 + 1 + 1)


def test_where_discord_says_how_long_that_long_and_at_least_a_second():
    feed, clock = Feed([row(raised(1), 0)]), Clock()
    faults = [Undelivered("429", wait_s=wait_s) for wait_s in (0.05, 0.05, 0.05, 7.0, 0.05)]

    assert run(feed, Sink(*faults), clock)

    assert clock.waited_s == pytest.approx(1 + 1 + 1 + 7 + 1)


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([Undelivered("429", wait_s=0.3), Undelivered("429", wait_s=5.0)], []),
        ([Undelivered("429", wait_s=5.1)], ["waiting for Discord", "Discord is back"]),
        ([Undelivered("502")], ["waiting for Discord", "Discord is back"]),
        (
            [UNKNOWN, Undelivered("429", wait_s=1), UNKNOWN],
            ["waiting for Discord", "waiting for Discord", "Discord is back"],
        ),
    ],
    ids=["the rest of five seconds", "longer", "a fault", "both"],
)
def test_to_wait_for_the_rest_of_five_seconds_is_everyday_and_nothing_to_warn_of(faults, said):
    with capture_logs() as lines:
        assert run(Feed([row(raised(1), 0)]), Sink(*faults), Clock())

    assert [line["event"] for line in lines if line["log_level"] == "warning"] == said


def test_a_clock_that_is_set_back_keeps_nobody_waiting():
    feed, sink, clock = Feed([row(raised(1), 0)]), Sink(Undelivered("429", wait_s=10)), SetBack(after_s=5)

    assert run(feed, sink, clock)

    assert clock.waited_s == pytest.approx(10)


def test_a_clock_that_is_set_back_makes_no_nonce_young_again():
    alert = raised(1)
    feed, sink, clock = Feed([row(alert, 0)]), Sink(*[UNKNOWN] * 100, standing=[posted(alert)]), SetBack(after_s=100)

    assert run(feed, sink, clock)

    assert 120 < clock.waited_s <= 140
    assert sink.looks == [alert.raised_at]


def test_a_nonce_ages_from_when_it_was_sent_also_while_a_laptop_sleeps_over_the_answer():
    alert = raised(1)
    sink = Sink(UNKNOWN, standing=[posted(alert)])

    class Sleeps(Clock):
        """An hour goes by before the answer to the first message is there."""

        def passed_s(self):
            return super().passed_s() + 3600 * bool(sink.posts)

    assert run(Feed([row(alert, 0)]), sink, Sleeps())

    assert len(sink.posts) == 1
    assert sink.looks == [alert.raised_at]


class SetBack(Clock):
    """A clock that is set back by five minutes while the bot waits."""

    def __init__(self, after_s):
        super().__init__()
        self._after_s = after_s

    def now(self):
        return super().now() - timedelta(minutes=5 * (self.waited_s > self._after_s))


def test_who_may_not_enter_tries_once_a_minute_and_commits_nothing():
    feed, sink, clock = Feed([row(raised(1), 0)]), Sink(*[FORBIDDEN] * 100), Clock(stop_after_s=600)

    assert not run(feed, sink, clock)
    assert len(sink.posts) == 10
    assert feed.offsets == {}


def test_while_discord_is_away_alerts_are_taken_in_until_there_are_enough(monkeypatch):
    monkeypatch.setattr(backlogs, "MOST_RECORDS", 20)
    more = [[row(raised(number), number)] for number in range(30)]
    feed, sink, clock = Feed(*more), Sink(*[FORBIDDEN] * 9), Clock(stop_after_s=120)

    run(feed, sink, clock)

    assert len(feed.polls) == 10


def test_what_came_while_discord_was_away_is_told_fresh_and_grave_first_and_the_rest_in_digests():
    older = [raised(number, drone=number, heard=HEARD - timedelta(minutes=number % 9)) for number in range(40)]
    fresh = [raised(number, number % 2, drone=number, heard=HEARD + timedelta(seconds=310)) for number in range(40, 55)]
    grave, mild = fresh[::2], fresh[1::2]
    offsets = iter(range(100))
    feed = Feed([row(alert, next(offsets)) for alert in (*older, *fresh)])
    sink, clock = Sink(Undelivered("429", wait_s=305)), Clock()

    assert run(feed, sink, clock)

    assert [message.form for message in sink.posts[1:]] == [Form.CARD, Form.CARD, Form.DIGEST]
    assert ids(*sink.posts[1:3]) == ids(*grave, *mild[-2:], *mild[:-2])
    assert sorted(ids(sink.posts[3])) == sorted(ids(*older))
    assert sorted(feed.keys()) == sorted(ids(*older, *fresh))
    assert feed.offsets == {("alert", 0): 55}
    assert feed.first_offsets == {("alert", 0): 0}  # of the cards, which stand behind all the older ones


def test_a_longer_wait_that_discord_asks_for_is_kept():
    feed, sink, clock = Feed([row(raised(1), 0)]), Sink(Undelivered("429", wait_s=301)), Clock()

    run(feed, sink, clock)

    assert clock.waited_s == pytest.approx(301)


def test_a_stop_does_not_wait_for_discord():
    feed, sink, clock = Feed([row(raised(1), 0)]), Sink(*[FORBIDDEN] * 3), Clock(stop_after_s=0.5)

    assert not run(feed, sink, clock)
    assert clock.waited_s == 0.5


def test_what_discord_refuses_as_cards_and_as_text_becomes_a_dead_letter_and_the_rest_is_told():
    bad, good = raised(1), raised(2)
    feed, sink = Feed([row(bad, 0), row(good, 1)]), Sink(REFUSED, REFUSED, REFUSED)

    run(feed, sink)

    assert [(message.form, ids(message)) for message in sink.posts] == [
        (Form.CARD, ids(bad, good)),
        (Form.CARD_ALONE, ids(bad)),
        (Form.TEXT, ids(bad)),
        (Form.CARD_ALONE, ids(good)),
    ]
    (letter,) = [outgoing for outgoing in feed.outgoings if outgoing.topic == "dead-letter"]
    headers = dict(letter.headers)
    assert letter.value == row(bad).value
    assert headers["harmony.stage"] == b"alert-bot"
    assert headers["__streams.errors.message"] == b"Discord refuses it (400, code 50035)"
    assert feed.keys() == ids(good)
    assert feed.offsets == {("alert", 0): 2}


def test_a_record_that_is_no_alert_becomes_a_dead_letter_and_silences_nobody():
    told = raised(1)
    feed, sink = Feed([Row(b"{", 0), row(told, 1), Row(None, 2)]), Sink()

    run(feed, sink)

    assert sorted(outgoing.topic for outgoing in feed.outgoings) == ["dead-letter", "dead-letter", "delivery"]
    letters = [dict(outgoing.headers) for outgoing in feed.outgoings if outgoing.topic == "dead-letter"]
    assert [letter["__streams.errors.offset"] for letter in letters] == [b"0", b"2"]
    assert feed.offsets == {("alert", 0): 3}


def test_what_stood_there_at_the_start_is_looked_up_first_and_told_only_if_nobody_has():
    recorded, in_channel, untold = (raised(n, heard=HEARD + timedelta(minutes=n)) for n in range(3))
    polled = [row(alert, offset) for offset, alert in enumerate((recorded, in_channel, untold))]
    feed = Feed(polled, told=ids(recorded), unproved=True)
    sink = Sink(standing=[posted(in_channel, number="5")])

    run(feed, sink)

    assert [ids(message) for message in sink.posts] == [ids(untold)]
    assert feed.keys() == ids(in_channel, untold)
    assert b'"messageId":"5"' in feed.outgoings[0].value
    assert feed.asked_since == [recorded.raised_at, in_channel.raised_at]
    assert sink.looks == [in_channel.raised_at]
    assert feed.offsets == {("alert", 0): 3}


def test_a_history_too_long_to_be_read_keeps_nothing_waiting_where_what_is_old_has_its_record():
    recorded = [raised(number, heard=HEARD - timedelta(days=20)) for number in range(3)]
    untold = raised(9)
    polled = [row(alert, offset) for offset, alert in enumerate([*recorded, untold])]
    feed, sink = Feed(polled, told=ids(*recorded), unproved=True), TooLong(readable_since=HEARD)

    assert run(feed, sink, Clock(stop_after_s=400))

    assert [ids(message) for message in sink.posts] == [ids(untold)]
    assert feed.offsets == {("alert", 0): 4}


class TooLong(Sink):
    """A channel whose history can be read so far back and no further."""

    def __init__(self, readable_since):
        super().__init__()
        self._readable_since = readable_since

    def posted_since(self, channel_id, moment):
        answer = super().posted_since(channel_id, moment)
        return answer if moment >= self._readable_since else done(UNKNOWN)


def test_where_all_has_its_record_the_channel_is_not_looked_into():
    told = [raised(number) for number in range(3)]
    feed = Feed(*([row(alert, offset)] for offset, alert in enumerate(told)), told=ids(*told), unproved=True)
    sink = Sink()

    assert run(feed, sink)

    assert (sink.looks, sink.posts, feed.outgoings) == ([], [], [])
    assert feed.offsets == {("alert", 0): 3}
    assert feed.asked_since == [told[0].raised_at]  # once for all that come later


def test_what_another_has_recorded_while_we_looked_is_not_told_again():
    told, untold = raised(1), raised(2)
    feed = Feed([row(told, 0), row(untold, 1)], unproved=True)

    class Meanwhile(Sink):
        """Somebody posts as we read on, and records it before we are done."""

        def posted_since(self, channel_id, moment):
            feed.told.add(told.alert_id)
            return super().posted_since(channel_id, moment)

    sink = Meanwhile()
    assert run(feed, sink)

    assert [ids(message) for message in sink.posts] == [ids(untold)]
    assert feed.keys() == ids(untold)


def test_while_no_look_comes_to_anything_the_records_are_not_read_again_and_again():
    feed, clock = Feed([row(raised(1), 0)], unproved=True), Clock()

    assert run(feed, AwayFor(clock, 600), clock)

    assert len(feed.asked_since) == 2


def test_what_comes_fresh_is_told_without_a_look():
    feed, sink = Feed([row(raised(1), 0)]), Sink()

    run(feed, sink)

    assert (sink.looks, feed.asked_since) == ([], [])


def test_nothing_is_told_while_the_group_has_not_confirmed_that_it_is_ours_to_tell():
    feed, sink = Feed([row(raised(1), 0)], [], TransactionFailed("thrown out"), unconfirmed=10), Sink()

    with pytest.raises(TransactionFailed):
        run(feed, sink)

    assert sink.posts == []
    feed = Feed([row(raised(1), 0)], unconfirmed=10)
    assert run(feed, sink)
    assert [ids(message) for message in sink.posts] == [ids(raised(1))]


@pytest.mark.parametrize("inherits", [False, True])
def test_memory_is_given_back_once_what_a_torn_feed_left_or_what_has_piled_up_is_told(inherits, monkeypatch):
    given = []
    monkeypatch.setattr(tellers, "give_back", lambda: given.append(len(feed.keys())))
    feed = Feed([], *([row(raised(number), number)] for number in range(10)), [])
    feed.polls.append([row(raised(number), number) for number in range(10, 10 + 2 * tellers.PILE)])

    run(feed, Sink(), inherits=inherits)

    assert given == [0] * inherits + [10 + 2 * tellers.PILE], "not after each of the ten"


def test_a_rebalance_while_discord_has_not_answered_waits_for_the_answer():
    """What the answer delivers is found in the channel by whoever reads on: it must stand there by then."""
    feed, clock = Feed([row(raised(1), 0)]), Clock()
    late = Future()

    class Late(Sink):
        def tell(self, _channel_id, _message):
            return late

    def poll(timeout_s, **_wishes):
        if feed.polled:
            threading.Timer(0.05, late.set_result, [[posted(raised(1))]]).start()
            raise TransactionFailed("the group has rebalanced")
        return Feed.poll(feed, timeout_s)

    feed.poll = poll

    with pytest.raises(TransactionFailed):
        run(feed, Late(), clock)

    assert late.done()
    assert feed.offsets == {}


class Slow(Sink):
    """A Discord that takes its time; `on_post` is what happens meanwhile."""

    def __init__(self, on_post):
        super().__init__()
        self.answer, self._on_post = Future(), on_post

    def tell(self, _channel_id, message):
        self.posts.append(message)
        self._on_post()
        return self.answer

    def arrive(self):
        self.answer.set_result([posted(*self.posts[0].alerts)])


def test_called_away_it_goes_when_its_message_stands_in_the_channel_and_is_committed():
    feed, gone = Feed([row(raised(1), 0), row(raised(2), 0, partition=1)]), []

    def call():
        feed.called = True
        threading.Timer(0.05, sink.arrive).start()

    def poll(timeout_s, **wishes):
        if feed.called:
            gone.append((sink.answer.done(), sorted(feed.keys()), wishes["stay"]))
            raise TransactionFailed("the group rebalances")
        return Feed.poll(feed, timeout_s, **wishes)

    sink, feed.poll = Slow(call), poll

    with pytest.raises(TransactionFailed):
        run(feed, sink)

    assert gone == [(True, sorted(ids(raised(1), raised(2))), False)]
    assert feed.offsets == {("alert", 0): 1, ("alert", 1): 1}


def test_a_call_that_comes_just_before_a_poll_is_not_followed_while_a_message_is_on_its_way():
    feed, sink = Feed([row(raised(1), 0)], [], [], []), Slow(lambda: None)

    def poll(timeout_s, **wishes):
        if feed.polled == 2:
            sink.arrive()
        return Feed.poll(feed, timeout_s, **wishes)

    feed.poll = poll

    assert run(feed, sink)
    assert feed.stayed == [False, True, True, False]


def test_who_is_called_away_waits_for_no_answer_that_does_not_come(monkeypatch):
    monkeypatch.setattr(tellers, "LAST_ANSWER_S", 0.01)
    feed = Feed([row(raised(1), 0)], TransactionFailed("the group rebalances"))

    def call():
        feed.called = True

    with pytest.raises(TransactionFailed):
        run(feed, Slow(call))

    assert feed.stayed == [False, False]
    assert feed.offsets == {}


def test_each_channel_has_its_alerts_and_one_that_refuses_keeps_no_other_waiting():
    grave, mild = raised(1, 0), raised(2, 1, drone=8)
    feed = Feed([row(grave, 0), row(mild, 1)])
    sink = Sink(FORBIDDEN, routes=[Route(Target("7", role=9), max_score=0)])
    clock = Clock(stop_after_s=30)

    assert not run(feed, sink, clock)

    assert [(ids(message), message.roles) for message in sink.posts] == [(ids(grave), (9,)), (ids(mild), ())]
    assert feed.keys() == ids(mild)
    assert feed.offsets == {("alert", 0): 0}
    assert b'"channelId":"42"' in feed.outgoings[0].value


def test_a_channel_that_refuses_for_good_keeps_the_others_waiting_only_once_enough_lies_behind_its_first(monkeypatch):
    monkeypatch.setattr(backlogs, "MOST_RECORDS", 20)
    grave, mild = raised(0, 0), [raised(number, 1, drone=8) for number in range(1, 60)]
    feed = Feed(*([row(alert, offset)] for offset, alert in enumerate([grave, *mild])))
    clock = Clock()
    sink = Forbidding("7", clock, until_s=400, routes=[Route(Target("7"), max_score=0)])

    assert run(feed, sink, clock)

    assert sink.told_elsewhere == 19
    assert sorted(feed.keys()) == sorted(ids(grave, *mild))


class Forbidding(Sink):
    """One of its channels lets nobody in for a while."""

    def __init__(self, channel_id, clock, until_s, **more):
        super().__init__(**more)
        self._channel_id, self._clock, self._until_s = channel_id, clock, until_s

    def tell(self, channel_id, told):
        if channel_id == self._channel_id and self._clock.waited_s < self._until_s:
            self.told_elsewhere = sum(len(message.alerts) for message in self.posts)
            return done(FORBIDDEN)
        return super().tell(channel_id, told)


def test_whoever_is_seen_again_is_counted_on_the_card_and_has_a_delivery_with_its_message():
    first, again = raised(1), raised(2, heard=HEARD + timedelta(seconds=1))
    feed, sink = Feed([row(first, 0)], [row(again, 1)]), Sink(repeat_interval=timedelta(minutes=10))

    assert run(feed, sink)

    (edit,) = sink.edits
    assert [ids(message) for message in sink.posts] == [ids(first)]
    assert (edit.message_id, edit.again) == ("1", {first.alert_id: (again,)})
    deliveries = [json.loads(outgoing.value) for outgoing in feed.outgoings]
    assert [(each["alertId"], each["messageId"], each["kind"]) for each in deliveries] == [
        (first.alert_id, "1", "card"),
        (again.alert_id, "1", "card"),
    ]


def test_an_unanswered_count_is_tried_again_before_anything_else():
    first, again, other = raised(1), raised(2, heard=HEARD + timedelta(seconds=1)), raised(3, drone=9)
    feed = Feed([row(first, 0)], [row(again, 1)], [row(other, 2)])
    sink = Sink(None, UNKNOWN, UNKNOWN, repeat_interval=timedelta(minutes=10))

    assert run(feed, sink)

    assert [edit.adds for edit in sink.edits] == [(again,)] * 3
    assert [ids(message) for message in sink.posts] == [ids(first), ids(other)]
    assert feed.keys() == ids(first, again, other)


def test_whoever_cannot_be_counted_on_a_card_that_is_gone_is_told_anew():
    first, again = raised(1), raised(2, heard=HEARD + timedelta(seconds=1))
    feed = Feed([row(first, 0)], [row(again, 1)])
    sink = Sink(None, REFUSED, repeat_interval=timedelta(minutes=10))

    assert run(feed, sink)

    assert [ids(message) for message in sink.posts] == [ids(first), ids(again)]
    assert feed.keys() == ids(first, again)


def test_a_stop_waits_for_the_answer_that_is_on_its_way_and_commits_it():
    late, clock, feed = Future(), Clock(stop_after_s=0), Feed([row(raised(1), 0)])

    class Late(Sink):
        def tell(self, _channel_id, message):
            clock.waited_s = 1.0
            clock.stop_after_s = 1.0
            threading.Timer(0.05, late.set_result, [[posted(*message.alerts)]]).start()
            return late

    clock.stop_after_s = 0.5
    assert not run(feed, Late(), clock)

    assert feed.keys() == ids(raised(1))
    assert feed.offsets == {("alert", 0): 1}


def silences(*typed):
    silence = Silence("quiet", parse_matchers(typed), HEARD, HEARD + timedelta(hours=1), "ada")
    return lambda now: active_at(now, [silence])


def deliveries(feed):
    records = [json.loads(outgoing.value) for outgoing in feed.outgoings if outgoing.topic == "delivery"]
    return {each["alertId"]: (each["kind"], each["channelId"], each["messageId"]) for each in records}


def test_the_silenced_are_recorded_and_told_to_nobody():
    muted, audible = raised(1, 0, drone=7), raised(2, 1, drone=8)
    feed, sink = Feed([row(muted, 0), row(audible, 1)]), Sink()

    assert run(feed, sink, silences=silences("drone=7"))

    assert [ids(message) for message in sink.posts] == [ids(audible)]
    assert deliveries(feed) == {
        muted.alert_id: ("silenced", "silence", "quiet"),
        audible.alert_id: ("card", HERE, "1"),
    }
    assert feed.offsets == {("alert", 0): 2}


def test_what_waits_when_a_silence_is_made_is_muted_too():
    alert, made = raised(1), []
    feed, sink = Feed([row(alert, 0)]), Sink(Undelivered("429", wait_s=1))

    class Later(Clock):
        def wait(self, seconds):
            made.append(True)
            return super().wait(seconds)

    assert run(feed, sink, Later(), silences=lambda now: silences("drone=7")(now) if made else ())

    assert len(sink.posts) == 1
    assert deliveries(feed) == {alert.alert_id: ("silenced", "silence", "quiet")}


def test_a_message_that_may_stand_in_the_channel_is_not_silenced_any_more():
    alert, made = raised(1), []
    feed, sink = Feed([row(alert, 0)]), Sink(UNKNOWN)

    class Later(Clock):
        def wait(self, seconds):
            made.append(True)
            return super().wait(seconds)

    assert run(feed, sink, Later(), silences=lambda now: silences("drone=7")(now) if made else ())

    assert len(sink.posts) == 2
    assert deliveries(feed) == {alert.alert_id: ("card", HERE, "2")}


def test_what_stands_in_the_channel_already_is_found_there_before_it_is_silenced():
    told, untold = raised(1), raised(2)
    feed = Feed([row(told, 0), row(untold, 1)], unproved=True)
    sink = Sink(standing=[posted(told, number="5")])

    assert run(feed, sink, silences=silences("drone=7"))

    assert sink.posts == []
    assert deliveries(feed) == {
        told.alert_id: ("card", HERE, "5"),
        untold.alert_id: ("silenced", "silence", "quiet"),
    }


def test_once_a_silence_has_ended_alerts_are_told_again():
    alert = raised(1)
    feed, sink, clock = Feed([row(alert, 0)]), Sink(), Clock()
    clock.waited_s = 3600

    assert run(feed, sink, clock, silences=silences("drone=7"))

    assert deliveries(feed) == {alert.alert_id: ("card", HERE, "1")}


@pytest.fixture
def cards_on_a_terminal(monkeypatch, caplog):
    """Cards go to a terminal, and a line is due at once."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(meters, "LINE_EVERY_S", 0.01)
    caplog.set_level(logging.INFO, logger="harmony")
    return ConsoleSink(now=lambda: HEARD)


def test_cards_on_a_terminal_do_not_keep_lines_from_a_log_elsewhere(cards_on_a_terminal, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)

    with capture_logs() as lines, alert_bot._meter(cards_on_a_terminal) as meter:
        meter.add(alerts=3)
        wait_until(lambda: any(line.get("alerts") == 3 for line in lines), what="a line")


def test_no_live_table_tears_cards_on_the_same_terminal(cards_on_a_terminal, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with alert_bot._meter(cards_on_a_terminal):
        assert "meter" not in [thread.name for thread in threading.enumerate()]
