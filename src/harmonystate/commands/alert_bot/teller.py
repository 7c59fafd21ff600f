"""The loop of alert-bot: read, look up what was told before, tell, commit.

Post; Discord's 200; then the delivery records and the offsets of what stands in the returned message, in one
transaction begun only now. What a kill in between leaves behind, the next start finds in the topic delivery or in the
channel, and does not tell again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import Any, Protocol

import structlog

from harmonystate import crash
from harmonystate.config import Topics
from harmonystate.core.alert import RaisedAlert
from harmonystate.core.backoff import backoff
from harmonystate.core.dead_letter import bury
from harmonystate.core.delivery import Posted, delivery_record
from harmonystate.core.dispatch import Backlog, Message, Proofs, Undelivered, Waiting
from harmonystate.core.record import Outgoing
from harmonystate.core.wire import NotAReport, decode_alert
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka.alerts import AlertFeed
from harmonystate.edges.kafka.records import Record, place_of
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.edges.local.stop import Stop

STAGE = "alert-bot"
IDLE_S = 0.5
HOLD_S = 0.5
LAST_ANSWER_S = 30.0
MOST_WAITING = 1_000
# Discord knows a nonce for "a few minutes"; beyond that, only the channel itself tells what stands in it.
NONCE_HOLDS = timedelta(minutes=2)

Clock = Callable[[], datetime]


class Sink(Protocol):
    """Where alerts are told. What goes wrong comes as an Undelivered in the future."""

    @property
    def channel_id(self) -> str:
        """What delivery records name as the channel."""
        ...

    def fit(self, alerts: Sequence[RaisedAlert]) -> int:
        """Return how many of `alerts`, from the first on and at least one, a message can hold."""
        ...

    def post(self, message: Message) -> "Future[list[Posted]]":
        """Try once to post a message; what stands in the channel then may be an earlier one of the same nonce."""
        ...

    def posted_since(self, moment: datetime) -> "Future[list[Posted]]":
        """Look up our messages in the channel, back to `moment`."""
        ...


class Teller:
    """Tells of the alerts of one feed, in order."""

    def __init__(self, feed: AlertFeed, sink: Sink, *, topics: Topics, stop: Stop, meter: Meter, now: Clock) -> None:
        self._feed = feed
        self._sink = sink
        self._stop = stop
        self._meter = meter
        self._now = now
        self._log = structlog.get_logger(f"harmony.{STAGE}")
        self._bury = partial(_letter, topic=topics.dead_letter, now=now)
        self._backlog = Backlog(partial(delivery_record, channel_id=sink.channel_id, topic=topics.delivery))
        # The message whose answer we do not know, and when we first tried: until it is answered, no other is sent.
        self._unanswered: tuple[Message, datetime] | None = None
        self._waits: Iterator[float] | None = None
        meter.add(alerts=0)

    def run(self, goal: Mapping[Any, int] | None) -> bool:
        """Work until asked to stop, or until all up to `goal` is told (then True)."""
        while not self._stop.is_set():
            self._take_in(0 if self._backlog else IDLE_S)
            try:
                self._prove()
                self._tell()
            except Undelivered as fault:
                self._bear(fault)
            self._feed.commit(self._backlog.take_settled())
            if goal is not None and not self._backlog and self._feed.has_reached(goal):
                self._feed.commit_positions()
                return True
        return False

    def _take_in(self, timeout_s: float, *, hold: bool = False) -> None:
        """Take in what has come; held, or with enough in hand, only stay a member of the group."""
        records = self._feed.poll(timeout_s, hold=hold or len(self._backlog) >= MOST_WAITING)
        for record in records:
            self._backlog.add(self._read(record))
        if not records and not self._backlog:
            self._feed.commit_positions()

    def _read(self, record: Record) -> Waiting:
        place, letter = place_of(record), partial(self._bury, record)
        try:
            raised = decode_alert(record.value)
        except NotAReport as fault:
            self._meter.add(dead_letters=1)
            return Waiting(place, None, letter, outgoing=letter(fault), settled=True)
        return Waiting(place, raised, letter, unproved=self._feed.is_unproved(record))

    def _prove(self) -> None:
        """Find out what was told before it came to us: by another instance, or by us before a kill."""
        since = self._backlog.unproved_since()
        if since is None:
            return
        # In this order: whoever posts first and records then is found in one of the two.
        posted = self._patiently(self._sink.posted_since(since))
        recorded = self._feed.told_since(since)
        self._backlog.prove(Proofs(since, recorded, _by_id(posted)))

    def _tell(self) -> None:
        """Try once to post the next message, or the one that was not answered."""
        message, tried_at = self._unanswered or (self._backlog.next_message(self._sink.fit), self._now())
        if message is None:
            return
        if self._now() - tried_at > NONCE_HOLDS and self._found(message):
            return
        crash.passing("before-post")
        try:
            posted = self._patiently(self._sink.post(message))
        except Undelivered as fault:
            if fault.refused:
                self._unanswered = None
                self._backlog.refuse(message, NotAReport(str(fault)))
                return
            if fault.unknown:
                self._unanswered = (message, tried_at)
            raise
        crash.passing("after-200")
        self._count(posted)

    def _found(self, message: Message) -> bool:
        """Look for an unanswered message in the channel; say whether any of its alerts stands there."""
        posted = self._patiently(self._sink.posted_since(min(raised.raised_at for raised in message.alerts)))
        ids = {raised.alert_id for raised in message.alerts}
        if not any(ids & each.alert_ids for each in posted):
            return False
        self._count(posted)
        return True

    def _count(self, posted: Sequence[Posted]) -> None:
        self._unanswered = None
        self._meter.add(alerts=self._backlog.deliver(posted), messages=len(posted))
        if self._waits is not None:
            self._log.warning("Discord is back")
            self._meter.show(state=None)
        self._waits = None

    def _bear(self, fault: Undelivered) -> None:
        """Wait before the next try, and stay a member of the group meanwhile."""
        self._waits = self._waits or backoff()
        wait_s = max(next(self._waits), fault.wait_s or 0.0)
        self._log.warning("waiting for Discord", because=str(fault), wait_s=wait_s)
        self._meter.show(state=f"waiting for Discord: {fault}")
        for _ in range(ceil(wait_s / HOLD_S)):
            if self._stop.wait(HOLD_S):
                return
            self._take_in(0, hold=True)

    def _patiently(self, future: "Future[list[Posted]]") -> list[Posted]:
        """Wait for an answer, and stay a member of the group meanwhile."""
        try:
            while not wait([future], HOLD_S).done:
                self._take_in(0, hold=True)
        except TransactionFailed:
            # Whoever reads on from what is committed looks into the channel first: by then the answer must be there.
            wait([future], LAST_ANSWER_S)
            raise
        return future.result()


def _letter(record: Record, fault: NotAReport, *, topic: str, now: Clock) -> Outgoing:
    place, headers = place_of(record), record.headers
    return bury(place, record.key, record.value, fault, stage=STAGE, at=now(), topic=topic, headers=headers)


def _by_id(posted: Sequence[Posted]) -> dict[str, Posted]:
    return {alert_id: message for message in posted for alert_id in message.alert_ids}
