"""One channel's part of the work: at most one request on its way, and what to do about its answer."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from math import ceil
from typing import NamedTuple

import structlog

from harmonystate import crash
from harmonystate.commands.alert_bot.prover import Prover
from harmonystate.commands.alert_bot.sink import Answer, Sink
from harmonystate.core.backlog import Backlog
from harmonystate.core.backoff import backoff
from harmonystate.core.delivery import Posted
from harmonystate.core.dispatch import Dispatch
from harmonystate.core.message import Edit, Message, Undelivered
from harmonystate.core.silence import Mute, Silence
from harmonystate.core.waiting import Waiting
from harmonystate.core.wire import NotAReport
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka.alerts import AlertFeed

# Where nobody answers, we try again so often that the first alert gets through half a minute after Discord is back: an
# answer that does not come takes 12 s of it. Where Discord answers that it is too much, waits grow to a minute.
LONGEST_UNANSWERED_S = 15.0
SHORTEST_S = 1.0
# Discord counts over five seconds: where two instances tell one channel, each hears now and then that it has to wait
# for the rest of them. That is no trouble to wake anybody for.
EVERYDAY_S = 5.0
# The group answers within milliseconds of being asked; by then it is known whose the alerts are.
UNCONFIRMED_S = 0.05
# Discord knows a nonce for "a few minutes"; beyond that, only the channel itself tells what stands in it.
NONCE_HOLDS_S = 120.0

Clock = Callable[[], datetime]


class Tools(NamedTuple):
    """What all lanes work with.

    Attributes:
        meter: counts what is told.
        now: the clock.
        passed_s: seconds of a clock that nobody can set, and that goes on while the machine sleeps: for waits.
        silences: returns those that are active at a moment.
    """

    meter: Meter
    now: Clock
    passed_s: Callable[[], float]
    silences: Callable[[datetime], Sequence[Silence]]


class Lane:
    """Tells one channel of its alerts.

    Attributes:
        on_its_way: the request that has not been answered yet.
        not_before: when the next one may be sent, by the clock that nobody can set; None = at once.
        trouble: why nothing gets through at present; None = all is well.
    """

    def __init__(
        self,
        channel_id: str,
        sink: Sink,
        backlog: Backlog,
        *,
        feed: AlertFeed,
        tools: Tools,
    ) -> None:
        """Start idle.

        Args:
            channel_id: of the channel.
            sink: where it is.
            backlog: what waits.
            feed: where the alerts come from.
            tools: what all lanes share.
        """
        self.channel_id = channel_id
        self.on_its_way: Answer | None = None
        self.not_before: float | None = None
        self.trouble: str | None = None
        self._sink = sink
        self._backlog = backlog
        self._dispatch = Dispatch(sink)
        self._prover = Prover(channel_id, backlog, feed)
        self._feed = feed
        self._meter, self._now, self._passed_s, self._silences = tools
        self._mute = Mute()
        self._log = structlog.get_logger("harmony.alert-bot")
        # What the answer is for, and what was sent, if it was no question.
        self._use: Callable[[list[Posted]], None] = self._deliver
        self._sent: Message | Edit | None = None
        # What may stand in the channel without our knowing, and when it was first tried: until that is known, nothing
        # else is told here. When anything was tried last is beside it.
        self._unanswered: tuple[Message | Edit, float] | None = None
        self._tried_at = float("-inf")
        self._has_looked = False
        self._waits: Iterator[float] | None = None
        self._has_complained = False

    def step(self) -> None:
        """Use an answer that has come, and send the next request when there is one and it may be sent.

        Raises:
            HarmonyError: when the process is to end.
        """
        self.use_answer()
        if self.on_its_way is None and (self.not_before is None or self._passed_s() >= self.not_before):
            self.not_before = None
            self._begin()
            self.use_answer()

    def use_answer(self) -> None:
        """Use an answer that has come."""
        if self.on_its_way is None or not self.on_its_way.done():
            return
        answer, self.on_its_way = self.on_its_way, None
        try:
            posted = answer.result()
        except Undelivered as fault:
            self._bear(fault)
            return
        self._use(posted)
        # A channel that can be read may take nothing all the same.
        if self.trouble is not None and self._unanswered is None:
            if self._has_complained:
                self._log.warning("Discord is back", channel=self.channel_id)
            self._waits = self.trouble = None
            self._has_complained = False

    def _begin(self) -> None:
        if (since := self._prover.since()) is not None:
            self._look(since, lambda found: self._prover.prove(since, found))
        elif self._unanswered is not None:
            self._try_again(*self._unanswered)
        elif (waiting := self._audible()) and self._may_send():
            told = self._dispatch.choose(waiting, self._now())
            if told is not None and self._may_send(told):
                self._tell(told)

    def _audible(self) -> Collection[Waiting]:
        """Return what is to be told here, once the silenced are settled; nothing is unproved or unanswered by now."""
        waiting, now = self._backlog.waiting(self.channel_id), self._now()
        for muted in self._mute.among(waiting, self._silences(now)):
            self._meter.add(silenced=self._backlog.deliver([muted.posted(now)]))
        return waiting

    def _may_send(self, told: Message | Edit | None = None) -> bool:
        """Ask for a token; without one, wait for it, and choose anew by then.

        Wait, too, while the alerts may be another's by now: either they are not, or the next poll says so.
        """
        wait_s = self._sink.wait_s(self.channel_id, told) if self._feed.may_tell() else UNCONFIRMED_S
        self.not_before = self._passed_s() + ceil(wait_s * 1000) / 1000 if wait_s else None
        return not wait_s

    def _try_again(self, told: Message | Edit, tried_at: float) -> None:
        """Send what was not answered once more; a message so old that its nonce is forgotten is looked for first."""
        if isinstance(told, Message) and not self._has_looked and self._passed_s() - tried_at > NONCE_HOLDS_S:
            since = min(raised.raised_at for raised in told.alerts)
            is_stale = self._passed_s() - self._tried_at > NONCE_HOLDS_S
            self._look(since, lambda found: self._find(told, found, is_stale=is_stale))
        elif self._may_send(told):
            self._tell(told)

    def _look(self, since: datetime, use: Callable[[list[Posted]], None]) -> None:
        self._sent, self._use = None, use
        self.on_its_way = self._sink.posted_since(self.channel_id, since)

    def _tell(self, told: Message | Edit) -> None:
        crash.passing("before-post")
        self._sent, self._use, self._has_looked = told, self._deliver, False
        self._tried_at = self._passed_s()
        self.on_its_way = self._sink.tell(self.channel_id, told)

    def _find(self, told: Message | Edit, found: Sequence[Posted], *, is_stale: bool) -> None:
        """Deliver a message that is found in the channel; one that is not may be sent again.

        After a long time without Discord no try of it can still get there, so its alerts are chosen anew: they are
        fresh no more, and others are.
        """
        if not any(_shows_any(message, told) for message in found):
            self._has_looked = True
            if is_stale:
                self._unanswered = None
            return
        self._unanswered = None
        self._meter.add(alerts=self._backlog.deliver(found))

    def _deliver(self, posted: Sequence[Posted]) -> None:
        crash.passing("after-200")
        told, self._unanswered = self._sent, None
        if told is not None and all(_shows_all(message, told) for message in posted):
            self._dispatch.note(told, posted[0].message_id, self._now())
        self._meter.add(alerts=self._backlog.deliver(posted), messages=0 if isinstance(told, Edit) else len(posted))
        for raised in told.alerts if told else ():
            self._meter.observe(age_s=(self._now() - raised.alert.report.time).total_seconds())

    def _bear(self, fault: Undelivered) -> None:
        """Take what was refused for something else; keep what may have got through; wait before the next try."""
        told = self._sent
        if told is not None and fault.refused:
            self._unanswered = None
            self._take_back(told, fault)
            return
        if told is not None and fault.unknown and self._unanswered is None:
            self._unanswered = (told, self._tried_at)
        self._meter.add(retries=1)
        wait_s = self._wait_after(fault)
        self.not_before = self._passed_s() + wait_s
        self.trouble = str(fault)
        if fault.wait_s is None or wait_s > EVERYDAY_S:
            self._log.warning("waiting for Discord", because=self.trouble, channel=self.channel_id, wait_s=wait_s)
            self._has_complained = True

    def _take_back(self, told: Message | Edit, fault: Undelivered) -> None:
        self._log.warning("telling it in another form", because=str(fault), channel=self.channel_id)
        if isinstance(told, Edit):
            self._dispatch.forget(told)
        else:
            self._backlog.refuse(told.alerts, told.form, NotAReport(str(fault)))

    def _wait_after(self, fault: Undelivered) -> float:
        """Return how long to wait: as long as Discord says, which is back when it says so, or else longer each time."""
        if fault.wait_s is not None:
            self._waits = None
            return max(fault.wait_s, SHORTEST_S)
        self._waits = self._waits or backoff(SHORTEST_S)
        wait_s = next(self._waits)
        return min(wait_s, LONGEST_UNANSWERED_S) if fault.unknown else wait_s


def _shows_any(message: Posted, told: Message | Edit) -> bool:
    return any(raised.alert_id in message.alert_ids for raised in told.alerts)


def _shows_all(message: Posted, told: Message | Edit) -> bool:
    return all(raised.alert_id in message.alert_ids for raised in told.alerts)
