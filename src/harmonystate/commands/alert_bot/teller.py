"""The loop of alert-bot: read, let each channel's lane do its next step, commit.

Post; Discord's 200; then the delivery records of what stands in the returned message, with the offsets of what is done
without a gap, in one transaction begun only now. What a kill in between leaves behind, the next start finds in the
topic delivery or in the channel, and does not tell again.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from functools import partial
from typing import Any

from harmonystate.commands.alert_bot.lane import Clock, Lane, Tools
from harmonystate.commands.alert_bot.sink import Answer, Sink
from harmonystate.config import Topics
from harmonystate.core.backlog import Backlog
from harmonystate.core.dead_letter import bury
from harmonystate.core.delivery import delivery_record
from harmonystate.core.record import Outgoing
from harmonystate.core.waiting import Waiting, waiting_of
from harmonystate.core.wire import NotAReport
from harmonystate.edges.kafka.alerts import AlertFeed
from harmonystate.edges.kafka.memory import give_back
from harmonystate.edges.kafka.records import place_of
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.edges.local.stop import Stop

STAGE = "alert-bot"
# With nothing in hand, a poll waits for the next alert; with something in hand, it only looks.
IDLE_S = 0.5
# How long alerts may stay unread while answers or tokens are awaited.
TICK_S = 0.05
HOLD_S = 0.1
# An answer comes or is given up within this time; whoever goes away without it leaves a message without its record.
LAST_ANSWER_S = 14.0
# What piles up beyond that leaves holes in the heap once it is told.
PILE = 50


class Teller:
    """Tells of the alerts of one feed."""

    def __init__(
        self,
        feed: AlertFeed,
        sink: Sink,
        *,
        topics: Topics,
        stop: Stop,
        tools: Tools,
        inherits: bool = False,
    ) -> None:
        """`inherits`: a feed before this one was torn, and has left memory of its own."""
        self._feed = feed
        self._sink = sink
        self._stop = stop
        self._tools = tools
        self._meter, self._now = tools.meter, tools.now
        self._backlog = Backlog(
            partial(delivery_record, topic=topics.delivery), partial(_letter, topic=topics.dead_letter, now=self._now)
        )
        self._lanes: dict[str, Lane] = {}
        self._piled = inherits
        self._meter.add(alerts=0)

    def run(self, goal: Mapping[Any, int] | None, *, on_turn: Callable[[], object] = lambda: None) -> bool:
        """Work until asked to stop, or until all up to `goal` is told (then True).

        Args:
            goal: where the topic ended; None = work on.
            on_turn: told of each turn as a member of the group.
        """
        try:
            while not self._stop.is_set():
                self._take_in(0 if self._backlog else IDLE_S)
                if self._feed.is_member:
                    on_turn()
                if self._feed.has_caught_up() or self._backlog.is_full:  # else the fresh ones are still to come
                    self._step()
                self._commit()
                self._tidy()
                if goal is not None and not self._backlog and self._feed.has_reached(goal):
                    self._feed.commit_positions()
                    return True
                self._pause()
            self._last_answers()
        except TransactionFailed:
            # Whoever reads on from what is committed looks into the channel first: by then the answer must be there.
            wait(self._on_their_way(), LAST_ANSWER_S)
            raise
        return False

    def _take_in(self, timeout_s: float) -> None:
        """Take in what has come; with enough in hand, only stay a member of the group.

        Whoever gets our alerts looks whether they were told: by then what is on its way must be there.
        """
        if called := self._feed.is_called_away():
            self._last_answers()
        stay = not called and bool(self._on_their_way())
        records = self._feed.poll(timeout_s, hold=self._backlog.is_full, stay=stay)
        for record in records:
            unproved = self._feed.is_unproved(record)
            seen = Waiting(place_of(record), record.key, record.value, record.headers, unproved=unproved)
            item = waiting_of(seen, self._sink.target_of)
            self._meter.add(dead_letters=1) if item.fault else None
            self._backlog.add(item)
        if not records and not self._backlog:
            self._feed.commit_positions()

    def _step(self) -> None:
        for channel_id in self._backlog.channels:
            if channel_id not in self._lanes:
                self._lanes[channel_id] = self._open_lane(channel_id)
        for lane in self._lanes.values():
            lane.step()
        troubles = {lane.trouble for lane in self._lanes.values() if lane.trouble}
        self._meter.show(state=f"waiting for Discord: {', '.join(sorted(troubles))}" if troubles else None)

    def _open_lane(self, channel_id: str) -> Lane:
        return Lane(channel_id, self._sink, self._backlog, feed=self._feed, tools=self._tools)

    def _commit(self) -> None:
        self._feed.commit(self._backlog.take_settled())

    def _tidy(self) -> None:
        """Give memory back, once what has piled up is told."""
        if self._backlog:
            self._piled = self._piled or len(self._backlog) > PILE
        elif self._piled:
            self._piled = False
            give_back()

    def _pause(self) -> None:
        """Wait for an answer, or until a lane may send; alerts that come meanwhile are not kept waiting for long."""
        if answers := self._on_their_way():
            wait(answers, TICK_S, FIRST_COMPLETED)
            return
        now = self._tools.passed_s()
        waits = [lane.not_before - now for lane in self._lanes.values() if lane.not_before is not None]
        busy = len(waits) < len(self._backlog.channels)
        if waits and not busy:
            self._stop.wait(min(max(min(waits), 0.0), HOLD_S))

    def _on_their_way(self) -> list[Answer]:
        return [lane.on_its_way for lane in self._lanes.values() if lane.on_its_way]

    def _last_answers(self) -> None:
        """Wait for what is on its way, and commit it."""
        wait(self._on_their_way(), LAST_ANSWER_S)
        for lane in self._lanes.values():
            lane.use_answer()
        self._commit()


def _letter(item: Waiting, fault: NotAReport, *, topic: str, now: Clock) -> Outgoing:
    record = (item.place, item.key, item.value)
    return bury(*record, fault, stage=STAGE, at=now(), topic=topic, headers=item.headers)
