"""A broker with one group, in memory, and the clients that the exactly-once loop uses; every call may go wrong.

It errs as kafka-python 3.0.12 and the transactions of the old protocol do: a batch that expires leaves its transaction
as it is, a new epoch inside a transaction goes unnoticed, and a commit without an identity is not fenced.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import IllegalGenerationError, KafkaTimeoutError, ProducerFencedError
from kafka.structs import MemberState

SOURCE = "global1"
AT_ONCE = 2
THEY_DO = 4


class Fate(Enum):
    """What happens to a call."""

    FINE = "it does what it should"
    FAILS = "it does nothing, and says that it failed"
    LOST = "it does what it should, and says that it failed"
    EXPIRES = "a record of this flush is given up"
    BUMP = "the producer gets a new epoch, and the broker has aborted what it wrote"
    FENCED = "another process takes over the transactional id"
    THROWN_OUT = "the group throws us out, and another member does some of our work"
    BACK = "the same, but we are a member again before we look"
    REBALANCE = "another member joins, gets the last partition and does some of it; or it leaves"
    KILLED = "the process dies"


class Killed(BaseException):
    """The process is gone."""


class Row(SimpleNamespace):
    """A record of the source; every fifth is sad."""


@dataclass
class World:
    """The broker and its one group.

    Attributes:
        fates: what happens to the next calls, one each; then all go well.
        written: what committed transactions wrote, as (partition, offset of the source).
        theirs: the partitions of another member, while both share the work.
        rebalances: how many wait for us to come.
    """

    counts: Mapping[int, int]
    fates: Iterator[Fate]
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    written: list[tuple[int, int]] = field(default_factory=list)
    epoch: int = 0
    generation: int = 0
    has_us: bool = False
    theirs: set[TopicPartition] = field(default_factory=set)
    rebalances: int = 0
    pending: list[tuple[int, int]] = field(default_factory=list)
    pending_offsets: dict[TopicPartition, int] = field(default_factory=dict)

    @property
    def ends(self) -> dict[TopicPartition, int]:
        return {TopicPartition(SOURCE, partition): count for partition, count in self.counts.items()}

    @property
    def is_done(self) -> bool:
        return all(self.committed.get(place, 0) >= end for place, end in self.ends.items())

    def next_fate(self) -> Fate:
        """Return what happens to this call; what happens to others meanwhile has happened."""
        fate = next(self.fates, Fate.FINE)
        if fate is Fate.KILLED:
            raise Killed
        if fate is Fate.FENCED:
            self.take_over()
        if fate in (Fate.THROWN_OUT, Fate.BACK):
            self.has_us = False
            self.generation += 1
            self.let_another_work(self.ends)
        if fate is Fate.REBALANCE:
            self.rebalances += 1
        return fate

    def rebalance(self) -> None:
        """Share the work anew; every member has come for that."""
        self.rebalances -= 1
        self.generation += 1
        self.theirs ^= {max(self.ends)}

    def take_over(self) -> int:
        """Open a producer of the transactional id: what was pending is aborted. Return its epoch."""
        self.epoch += 1
        self.abort()
        return self.epoch

    def abort(self) -> None:
        self.pending, self.pending_offsets = [], {}

    def commit(self) -> None:
        self.written += self.pending
        self.committed |= self.pending_offsets
        self.abort()

    def let_another_work(self, places: Iterable[TopicPartition], records: int = THEY_DO) -> None:
        """Another member reads where we committed, unless that is being decided; it does so many of each partition."""
        if self.pending_offsets:
            return
        for place in places:
            first = self.committed.get(place, 0)
            last = min(first + records, self.ends[place])
            self.written += [(place.partition, offset) for offset in range(first, last) if is_sad(offset)]
            self.committed[place] = last


def is_sad(offset: int) -> bool:
    return offset % 5 == 0


class Result:
    """The result of a transactional request; the broker acts on it once it is waited for."""

    def __init__(self, world: World, act: Callable[[], None]) -> None:
        self._world, self._act = world, act

    def wait(self, timeout_ms: float) -> bool:  # noqa: ARG002 - the client's signature
        fate = self._world.next_fate()
        if fate is Fate.FAILS:
            return False
        self._act()
        return fate is not Fate.LOST


class Future:
    def __init__(self) -> None:
        self.failed = False

    def succeeded(self) -> bool:
        return not self.failed

    def get(self, _timeout: float) -> None:
        raise KafkaTimeoutError("it has expired")


class Producer:
    """What `seam` and `Transactor` use of a KafkaProducer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._epoch = 0
        self._batch: list[tuple[Future, tuple[int, int]]] = []
        self._client = SimpleNamespace(await_ready=None)
        self._sender = SimpleNamespace(
            _client=self._client, wakeup=lambda: None, force_close=lambda: None, join=lambda _: None
        )
        self._accumulator = SimpleNamespace(append=self._append)
        self._transaction_manager = self

    @property
    def producer_id_and_epoch(self) -> SimpleNamespace:
        return SimpleNamespace(producer_id=1, epoch=self._epoch)

    def partitions_for(self, _topic: str) -> set[int]:
        return set(self._world.counts)

    def init_transactions(self) -> None:
        fate = self._world.next_fate()
        if fate is not Fate.FAILS:
            self._epoch = self._world.take_over()
        self._raise_if_failed(fate)

    def begin_transaction(self) -> None:
        self._batch = []

    def maybe_add_partition_to_transaction(self, _place: TopicPartition) -> None:
        """Cost nothing: the broker hears of it with the first batch."""

    def _append(self, *record: Any) -> tuple[Future, bool, bool, None]:
        partition, offset = map(int, record[3].split(b"/"))
        self._batch.append((Future(), (partition, offset)))
        return self._batch[-1][0], False, False, None

    def flush(self, timeout: float) -> None:  # noqa: ARG002
        fate = self._world.next_fate()
        self._raise_if_fenced()
        if fate is Fate.FAILS:
            raise KafkaTimeoutError
        for future, record in self._batch:
            if fate is Fate.EXPIRES and record == self._batch[0][1]:
                future.failed = True
            else:
                self._world.pending.append(record)
        if fate is Fate.BUMP:
            self._epoch = self._world.take_over()
        self._raise_if_failed(fate)

    def send_offsets_to_transaction(self, offsets: Mapping[TopicPartition, Any], member: Any) -> Result:
        def act() -> None:
            self._raise_if_fenced()
            nameless = member.generation_id < 0 and not member.member_id
            if not nameless and (not self._world.has_us or member.generation_id != self._world.generation):
                raise IllegalGenerationError
            self._world.pending_offsets |= {place: at.offset for place, at in offsets.items()}

        return Result(self._world, act)

    def begin_commit(self) -> Result:
        def act() -> None:
            self._raise_if_fenced()
            self._world.commit()

        return Result(self._world, act)

    def close(self, timeout: float) -> None:
        """Nothing is left to do."""

    def _raise_if_fenced(self) -> None:
        if self._epoch != self._world.epoch:
            raise ProducerFencedError

    @staticmethod
    def _raise_if_failed(fate: Fate) -> None:
        if fate in (Fate.FAILS, Fate.LOST):
            raise KafkaTimeoutError


class Consumer:
    """What `GroupReader` uses of a KafkaConsumer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._generation: int | None = None
        self._positions: dict[TopicPartition, int] = {}
        self._subscription = SimpleNamespace(request_offset_reset=None)
        self._coordinator = SimpleNamespace(stable=lambda: True, _heartbeat_enabled=True)
        self.config = KafkaConsumer.DEFAULT_CONFIG
        self._fetcher = SimpleNamespace()

    def partitions_for_topic(self, _topic: str) -> set[int]:
        return set(self._world.counts)

    def end_offsets(self, _: Iterable[TopicPartition], timeout_ms: float) -> dict[TopicPartition, int]:  # noqa: ARG002
        if self._world.next_fate() in (Fate.FAILS, Fate.LOST):
            raise KafkaTimeoutError
        return self._world.ends

    def poll(self, _timeout_ms: float) -> dict[TopicPartition, list[Row]]:
        was_in = self._generation is not None and self._world.has_us
        fate = self._world.next_fate()
        if fate in (Fate.FAILS, Fate.LOST):
            raise KafkaTimeoutError
        if self._generation is not None and not self._world.has_us and (fate is not Fate.BACK or was_in is False):
            self._generation, self._positions = None, {}
            return {}
        if not self._world.has_us:
            self._join()
        self._note_share()
        while self._world.rebalances:
            self._world.rebalance()
            self._note_share()
            self._world.let_another_work(self._world.theirs)
        self._generation = self._world.generation
        return {place: rows for place in sorted(self._positions) if (rows := self._take(place))}

    def _join(self) -> None:
        """Become a member; what is undecided is waited for, and only then are the positions known."""
        if self._world.pending_offsets:
            self._world.abort()
        self._world.has_us = True
        self._world.generation += 1
        self._positions = {}

    def _note_share(self) -> None:
        """Keep the positions of what we keep; of what comes to us, begin where it is committed."""
        ours = set(self._world.ends) - self._world.theirs
        self._positions = {place: self._positions.get(place, self._world.committed.get(place, 0)) for place in ours}

    def _take(self, place: TopicPartition) -> list[Row]:
        first = self._positions[place]
        last = min(first + AT_ONCE, self._world.ends[place])
        self._positions[place] = last
        return [Row(offset=offset, partition=place.partition, timestamp=0) for offset in range(first, last)]

    def group_metadata(self) -> SimpleNamespace:
        """Return who we are; a member that was thrown out reads back nobody."""
        if self._generation is None:
            return SimpleNamespace(generation_id=-1, member_id="", state=MemberState.UNJOINED)
        return SimpleNamespace(generation_id=self._generation, member_id="us", state=MemberState.STABLE)

    def assignment(self) -> set[TopicPartition]:
        return set(self._positions)

    def position(self, place: TopicPartition, timeout_ms: float) -> int:  # noqa: ARG002
        return self._positions[place]

    def paused(self) -> set[TopicPartition]:
        return set()

    def pause(self, *_: TopicPartition) -> None:
        """Take nothing; the loop never asks for it."""

    resume = pause

    def close(self, **_: Any) -> None:
        """Leave the group as it is, as a static member does; it is gone for good when the next one joins."""
        self._world.has_us = False
