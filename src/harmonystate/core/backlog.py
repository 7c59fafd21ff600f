"""What was read of the topic alert and is not committed yet: what waits, what is settled, how far a partition is done.

Alerts are told in any order, but only the prefix of a partition that is settled is committed; what is told beyond it
has its delivery record, by which the next reader of that partition knows.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from datetime import datetime
from typing import NamedTuple

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.delivery import Posted
from harmonystate.core.message import Form
from harmonystate.core.record import Outgoing
from harmonystate.core.waiting import Waiting
from harmonystate.core.wire import NotAReport

# How many alerts we know by id as told. A report that comes twice comes soon after.
REMEMBERED = 100_000
# What may be in hand: a quarter of an hour without Discord at full load. A record may have 260 KiB; most have half of
# one, and take 1 KiB in memory.
MOST_RECORDS = 50_000
MOST_BYTES = 64 * 1024 * 1024

Partition = tuple[str, int]


class Settled(NamedTuple):
    """What one transaction is to hold.

    Attributes:
        offsets: the next offset to read, by topic and partition, of every partition that the outgoings come from: also
            where it has not moved, for it is the offsets that fence out a zombie.
    """

    outgoings: list[Outgoing]
    offsets: dict[Partition, int]


class Proofs(NamedTuple):
    """What a look into a channel has found.

    Attributes:
        since: what was raised from then on is covered.
        posted: the message in which an alert stands, by the alert's id.
    """

    since: datetime
    posted: Mapping[str, Posted]


class Backlog:
    """The records in hand."""

    def __init__(
        self,
        record_of: Callable[[RaisedAlert, Posted], Outgoing],
        letter_of: Callable[[Waiting, NotAReport], Outgoing],
    ) -> None:
        """Start empty.

        Args:
            record_of: writes the delivery record of an alert that stands in a message.
            letter_of: writes the dead letter of a record, and why.
        """
        self._record_of = record_of
        self._letter_of = letter_of
        self._partitions: dict[Partition, deque[Waiting]] = {}
        # What has to be told, by alert id in the order in which it came: the same alert may stand in several records.
        self._open: dict[str, list[Waiting]] = {}
        self._channels: dict[str, dict[str, Waiting]] = {}
        self._unproved: dict[str, dict[str, Waiting]] = {}
        self._proofs: dict[str, Proofs] = {}
        self._recorded: set[str] = set()
        self._told: dict[str, None] = {}  # a set that forgets its oldest first
        self._outgoings: list[Outgoing] = []
        self._touched: set[Partition] = set()
        self._records = self._bytes = 0

    def __len__(self) -> int:
        return self._records

    @property
    def is_full(self) -> bool:
        """Whether no more should be read for now."""
        return self._records >= MOST_RECORDS or self._bytes >= MOST_BYTES

    @property
    def channels(self) -> Collection[str]:
        """Where something has to be told."""
        return [channel for channel, waiting in self._channels.items() if waiting]

    def add(self, item: Waiting) -> None:
        """Take in a record."""
        self._partitions.setdefault(item.partition, deque()).append(item)
        self._records += 1
        self._bytes += item.size
        if item.fault is not None or item.alert_id in self._told or item.alert_id in self._recorded:
            self._settle(item)
        else:
            self._open.setdefault(item.alert_id, []).append(item)
            self._channels.setdefault(item.channel_id, {}).setdefault(item.alert_id, item)
            if item.unproved:
                self._unproved.setdefault(item.channel_id, {}).setdefault(item.alert_id, item)
            self._judge(item)

    def waiting(self, channel_id: str) -> Collection[Waiting]:
        """Return what has to be told in a channel, in the order in which it came."""
        return self._channels.get(channel_id, {}).values()

    def unproved_since(self, channel_id: str) -> datetime | None:
        """Return when the first alert was raised of which somebody may have told already; None when there is none."""
        return min((item.raised_at for item in self._unproved.get(channel_id, {}).values()), default=None)

    def note_recorded(self, alert_ids: Set[str]) -> None:
        """Settle what has its delivery record, now and as more comes in; the rest may be told all the same."""
        self._recorded |= alert_ids
        for alert_id in self._open.keys() & alert_ids:
            for item in self._close(alert_id):
                self._settle(item)

    def prove(self, channel_id: str, proofs: Proofs) -> None:
        """Settle what was told in a channel before it came to us, now and as more comes in."""
        self._proofs[channel_id] = proofs
        for item in list(self.waiting(channel_id)):
            self._judge(item)

    def deliver(self, posted: Iterable[Posted]) -> int:
        """Settle the alerts that stand in these messages, and no others; return how many."""
        return sum(self._deliver(alert_id, message) for message in posted for alert_id in message.alert_ids)

    def refuse(self, alerts: Iterable[RaisedAlert], form: Form, fault: NotAReport) -> None:
        """Let alerts that were refused in this form take the next one; what has none left becomes a dead letter."""
        told_alone = form in (Form.CARD_ALONE, Form.TEXT)
        alerts = list(alerts)
        for raised in alerts:
            for item in self._open.get(raised.alert_id, ()):
                item.form = Form.TEXT if told_alone or (form is Form.CARD and len(alerts) == 1) else Form.CARD_ALONE
            if form is Form.TEXT:
                for item in self._close(raised.alert_id):
                    item.fault = fault
                    self._settle(item)

    def take_settled(self) -> Settled:
        """Give away what is to be committed in one transaction: the next one holds only what is settled from now on."""
        offsets = {partition: self._advance(partition) for partition in self._touched}
        taken = Settled(self._outgoings, offsets)
        self._outgoings, self._touched = [], set()
        return taken

    def _advance(self, partition: Partition) -> int:
        """Drop the settled prefix of a partition; return the offset behind it.

        Dead letters are written only now: nothing else tells the next reader that there is one.
        """
        waiting = self._partitions[partition]
        next_offset = waiting[0].place.offset
        while waiting and waiting[0].settled:
            item = waiting.popleft()
            next_offset = item.place.offset + 1
            self._records -= 1
            if item.fault is not None:
                self._bytes -= item.size
                self._outgoings.append(self._letter_of(item, item.fault))
        if not waiting:
            del self._partitions[partition]
        return next_offset

    def _judge(self, item: Waiting) -> None:
        """Settle an alert that was told already, as far as is known."""
        proofs = self._proofs.get(item.channel_id)
        if proofs is None:
            return
        if item.unproved and item.raised_at < proofs.since:
            # A message from after the look's beginning may hold it, and its record may be from before: look again.
            return
        self._unproved.get(item.channel_id, {}).pop(item.alert_id, None)
        if message := proofs.posted.get(item.alert_id):
            self._deliver(item.alert_id, message)

    def _deliver(self, alert_id: str, message: Posted) -> bool:
        """Settle an alert that stands in a message; say whether it waited."""
        if any(alert_id in unproved for unproved in self._unproved.values()):
            return False  # its record may be there already: it waits for the look
        items = self._close(alert_id)
        if not items:
            return False
        raised = items[0].raised
        for item in items:
            self._settle(item)
        self._outgoings.append(self._record_of(raised, message))
        return True

    def _close(self, alert_id: str) -> list[Waiting]:
        """Take an alert out of what has to be told; return its records."""
        items = self._open.pop(alert_id, [])
        for item in items:
            self._channels[item.channel_id].pop(alert_id, None)
            self._unproved.get(item.channel_id, {}).pop(alert_id, None)
        if items:
            self._told[alert_id] = None
            if len(self._told) > REMEMBERED:
                del self._told[next(iter(self._told))]
        return items

    def _settle(self, item: Waiting) -> None:
        """Note that nothing has to be told for a record (any more); its offset may have to wait for others."""
        item.settled = True
        self._touched.add(item.partition)
        if item.fault is None:
            self._bytes -= item.size
            item.key, item.value, item.headers = None, None, ()
