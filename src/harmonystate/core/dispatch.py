"""Many alerts to few messages: what waits, what goes into the next message, what is settled.

Order holds per partition, and so per drone: a message takes what waits in the order in which it came.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from enum import IntEnum
from itertools import accumulate, islice, takewhile
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.delivery import Posted
from harmonystate.core.record import Outgoing, Place
from harmonystate.core.wire import NotAReport

# How many alerts we know by id as told. A report that comes twice comes soon after.
REMEMBERED = 100_000


class Undelivered(Exception):
    """A message did not get through.

    Attributes:
        refused: what it holds was refused (400): the same again is refused again.
        unknown: it may have got through all the same: only the same message may follow, under the same nonce.
        wait_s: wait at least so long before the next try, seconds; None = whoever tries decides.
    """

    def __init__(
        self, reason: str, *, refused: bool = False, unknown: bool = False, wait_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.refused = refused
        self.unknown = unknown
        self.wait_s = wait_s


class Form(IntEnum):
    """How an alert is told; one that is refused takes the next form."""

    CARD = 0
    CARD_ALONE = 1
    TEXT = 2


class Message(NamedTuple):
    """One message to be posted.

    Attributes:
        alerts: never empty, in the order in which they came.
        form: CARD, or TEXT when cards were refused; CARD_ALONE and TEXT hold one alert.
    """

    alerts: tuple[RaisedAlert, ...]
    form: Form

    @property
    def nonce(self) -> str:
        """What makes Discord take the same message only once: at most 25 characters.

        Another form is another message: one that was taken and shows no ids must not be returned for it.
        """
        first = urlsafe_b64encode(UUID(self.alerts[0].alert_id).bytes).rstrip(b"=").decode()
        return first + "T" if self.form is Form.TEXT else first


class Waiting(Struct):
    """A record of the topic alert that was read and is not committed.

    Attributes:
        raised: None when it is no alert.
        bury: makes its dead letter, for the reason given.
        outgoing: what is written in the transaction that commits its offset.
        settled: nothing has to be posted for it (any more).
        unproved: somebody may have told of it before it came to us, and nobody has looked yet.
    """

    place: Place
    raised: RaisedAlert | None
    bury: Callable[[NotAReport], Outgoing]
    form: Form = Form.CARD
    outgoing: Outgoing | None = None
    settled: bool = False
    unproved: bool = False


class Settled(NamedTuple):
    """What one transaction is to hold.

    Attributes:
        offsets: the next offset to read, by topic and partition.
    """

    outgoings: list[Outgoing]
    offsets: dict[tuple[str, int], int]


class Proofs(NamedTuple):
    """What is known to be told already.

    Attributes:
        since: what was raised from then on is covered; None covers nothing.
        recorded: ids of alerts that have their delivery record.
        posted: the message in which an alert stands, by the alert's id.
    """

    since: datetime | None
    recorded: Set[str]
    posted: Mapping[str, Posted]


class Backlog:
    """What was read of the topic alert and is not committed yet, in the order in which it came."""

    def __init__(self, record_of: Callable[[RaisedAlert, Posted], Outgoing]) -> None:
        """Start empty; `record_of` writes the delivery record of an alert that stands in a message."""
        self._record_of = record_of
        self._waiting: list[Waiting] = []
        self._proofs = Proofs(None, frozenset(), {})
        self._told: dict[str, None] = {}  # a set that forgets its oldest first

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, item: Waiting) -> None:
        """Take in a record."""
        self._waiting.append(item)
        if item.raised is not None:
            self._judge(item, item.raised)

    def unproved_since(self) -> datetime | None:
        """Return when the first alert was raised of which somebody may have told already; None when there is none."""
        return min((raised.raised_at for item, raised in self._open() if item.unproved), default=None)

    def prove(self, proofs: Proofs) -> None:
        """Settle what was told before it came to us, now and as more comes in."""
        self._proofs = proofs
        for item, raised in self._open():
            self._judge(item, raised)

    def next_message(self, fit: Callable[[Sequence[RaisedAlert]], int]) -> Message | None:
        """Choose what to tell next; None when nothing waits.

        Args:
            fit: how many of these alerts, from the first on and at least one, a message can hold.
        """
        first = next(self._open(), None)
        if first is None:
            return None
        form = first[0].form
        if form is not Form.CARD:
            return Message((first[1],), form)
        # What comes behind an alert that has to stand alone waits for it, so that order holds.
        cards = takewhile(lambda waiting: waiting[0].form is Form.CARD, self._open())
        alerts = tuple({raised.alert_id: raised for _, raised in cards}.values())
        return Message(alerts[: fit(alerts)], form)

    def deliver(self, posted: Iterable[Posted]) -> int:
        """Settle the alerts that stand in these messages, and no others; return how many."""
        by_id = {alert_id: message for message in posted for alert_id in message.alert_ids}
        return sum(self._settle(item, raised, by_id) for item, raised in self._open())

    def refuse(self, message: Message, fault: NotAReport) -> None:
        """Let the alerts of a refused message try the next form; one that has none left becomes a dead letter."""
        ids = {raised.alert_id for raised in message.alerts}
        for item, raised in self._open():
            if raised.alert_id not in ids:
                continue
            if message.form is Form.TEXT:
                item.settled, item.outgoing = True, item.bury(fault)
            else:
                item.form = Form.CARD_ALONE if len(message.alerts) > 1 else Form.TEXT

    def take_settled(self) -> Settled:
        """Remove what is settled with all before it in its partition; it is to be committed in one transaction."""
        taken, left = Settled([], {}), []
        blocked: set[tuple[str, int]] = set()
        for item in self._waiting:
            partition = (item.place.topic, item.place.partition)
            if not item.settled or partition in blocked:
                blocked.add(partition)
                left.append(item)
                continue
            taken.offsets[partition] = item.place.offset + 1
            if item.outgoing:
                taken.outgoings.append(item.outgoing)
        self._waiting = left
        return taken

    def _open(self) -> Iterator[tuple[Waiting, RaisedAlert]]:
        """Yield what still has to be posted."""
        for item in self._waiting:
            if item.raised is not None and not item.settled:
                yield item, item.raised

    def _judge(self, item: Waiting, raised: RaisedAlert) -> None:
        """Settle an alert that was told already, as far as is known."""
        since, recorded, posted = self._proofs
        if item.unproved and since is not None and raised.raised_at >= since:
            item.unproved = False
            item.settled = raised.alert_id in recorded
        if not item.settled:
            self._settle(item, raised, posted)

    def _settle(self, item: Waiting, raised: RaisedAlert, posted: Mapping[str, Posted]) -> bool:
        """Settle an alert that stands in a message; say whether it was its first record, and so needs its proof."""
        if raised.alert_id in self._told:
            item.settled = True
            return False
        message = posted.get(raised.alert_id)
        if message is None:
            return False
        item.settled, item.outgoing = True, self._record_of(raised, message)
        self._told[raised.alert_id] = None
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
        return True


def prefix_within(sizes: Iterable[int], *, most: int, limit: int) -> int:
    """Count how many, from the first on, stay within `limit` together; at least one, at most `most`."""
    totals = accumulate(islice(sizes, most))
    return max(sum(1 for total in totals if total <= limit), 1)
