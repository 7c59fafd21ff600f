"""R13 at its full size, in time that passes only while the bot waits; tests/faults/test_discord.py has it in ours."""

import random
from collections import Counter, deque
from concurrent.futures import Future
from datetime import timedelta

import pytest

from harmonystate.commands.alert_bot.lane import Tools
from harmonystate.commands.alert_bot.teller import Teller
from harmonystate.config import DiscordSettings, Topics
from harmonystate.core.delivery import Posted
from harmonystate.core.dispatch import FRESH
from harmonystate.core.message import Form, Undelivered
from harmonystate.core.rate_limits import Headers, Limits
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.discord.connection import Connection
from harmonystate.edges.discord.sink import DiscordSink
from tests.support.alerts import HEARD, raised, row

pytestmark = pytest.mark.services

AWAY = timedelta(minutes=10)
ANSWERED_AFTER_S = 0.15


class Clock:
    """Time, and the stop that the bot waits on."""

    def __init__(self):
        self.passed_s = AWAY.total_seconds()

    def now(self):
        return HEARD + timedelta(seconds=self.passed_s)

    def is_set(self):
        return False

    def wait(self, seconds):
        self.passed_s += seconds
        return False


class Storm(DiscordSink):
    """A Discord of 5 messages in 5 s; 30 % of all are too many, 20 % fail, 10 % are taken and not answered."""

    def __init__(self, clock, chance):
        super().__init__(Connection(None, None), DiscordSettings(channel_id=42), None, clock.now)
        self.clock, self.chance = clock, chance
        self.limits, self.window = Limits(), deque()
        self.by_nonce, self.log, self.too_often = {}, [], 0

    def wait_s(self, channel_id, _told=None):
        return self.limits.wait_s("POST", channel_id, self.clock.passed_s)

    def tell(self, channel_id, message):
        self.limits.send("POST", channel_id, self.clock.passed_s)
        answer = Future()
        try:
            answer.set_result([self._answer(channel_id, message)])
        except Undelivered as fault:
            answer.set_exception(fault)
        self.clock.passed_s += ANSWERED_AFTER_S
        self.limits.finish("POST", channel_id, self.clock.passed_s)
        return answer

    def _answer(self, channel_id, message):
        draw, now = self.chance.random(), self.clock.passed_s
        if draw < 0.3:
            raise Undelivered("rate limit (429)", wait_s=0.3)
        if draw < 0.5:
            raise Undelivered("Discord answers 502", unknown=True)
        while self.window and now - self.window[0] >= 5:
            self.window.popleft()
        self.too_often += len(self.window) >= 5
        self.window.append(now)
        if message.nonce not in self.by_nonce:
            ids = frozenset(alert.alert_id for alert in message.alerts)
            self.by_nonce[message.nonce] = Posted(channel_id, str(len(self.log)), self.clock.now(), ids)
            self.log.append((now, message))
        if draw < 0.6:
            raise Undelivered("no answer", unknown=True)
        says = Headers("messages", 5, 5 - len(self.window), 5 - (now - self.window[0]))
        self.limits.learn("POST", channel_id, says, now)
        return self.by_nonce[message.nonce]


class Feed:
    """Four partitions that were filled while Discord was away, and a little afterwards."""

    is_member = True

    def __init__(self, rows):
        self.rows = deque(rows)
        self.keys, self.offsets = Counter(), {}

    def poll(self, _timeout_s, *, hold=False, **_):
        return [self.rows.popleft() for _ in range(0 if hold else min(len(self.rows), 200))]

    def is_unproved(self, _record):
        return False

    def commit(self, settled):
        self.keys.update(outgoing.key.decode() for outgoing in settled.outgoings)
        self.offsets |= settled.offsets

    def is_called_away(self):
        return False

    def may_tell(self):
        return True

    def has_caught_up(self):
        return not self.rows

    def told_since(self, _moment):
        return set()

    def commit_positions(self):
        pass

    def has_reached(self, _goal):
        return not self.rows


@pytest.mark.parametrize("seed", range(1))
def test_13_800_alerts_of_ten_minutes_without_discord_are_told_once_within_a_quarter_of_an_hour(seed):
    chance, clock, count = random.Random(seed), Clock(), 13_800
    alerts = [
        raised(
            number,
            chance.choice((0, 1, 1)),
            drone=chance.randrange(337_000),
            heard=HEARD + AWAY * number / count,
            latitude=48.75 + chance.random() * 0.21,
        )
        for number in range(count)
    ]
    offsets = Counter()
    rows = []
    for number, alert in enumerate(alerts):
        rows.append(row(alert, offsets[number % 4], number % 4))
        offsets[number % 4] += 1
    feed, sink = Feed(rows), Storm(clock, chance)

    tools = Tools(Meter("alert-bot"), clock.now, lambda: clock.passed_s, lambda _: ())
    teller = Teller(feed, sink, topics=Topics(), stop=clock, tools=tools)
    assert teller.run({})

    told = Counter(alert.alert_id for _, message in sink.log for alert in message.alerts)
    assert told == feed.keys == Counter(alert.alert_id for alert in alerts)
    assert feed.offsets == {("alert", partition): offset for partition, offset in offsets.items()}
    assert clock.passed_s - AWAY.total_seconds() <= 15 * 60
    first_at, first = sink.log[0]
    assert first_at - AWAY.total_seconds() <= 30
    assert first.form is Form.CARD
    for at, message in sink.log:
        ages = [at - (alert.alert.report.time - HEARD).total_seconds() for alert in message.alerts]
        assert message.form is Form.CARD or min(ages) >= FRESH.total_seconds()
    assert sink.too_often == 0
    print(f"told in {clock.passed_s - AWAY.total_seconds():.0f} s", Counter(m.form.value for _, m in sink.log))
