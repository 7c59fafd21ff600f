"""What goes back, once each: records and the note that they have gone are one transaction.

The order matters where two run at once: opening the Transactor ends whatever another one had begun, and only then is
read what has gone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from harmonystate.config import KafkaSettings
from harmonystate.core.dead_letter import REPLAYED_FROM
from harmonystate.core.letters import Choice, Letter
from harmonystate.core.record import Outgoing, Place
from harmonystate.core.replay import GROUP, MOST_METADATA, Fate, Runs, fate_of, is_returned
from harmonystate.edges.kafka.offsets import committed
from harmonystate.edges.kafka.places import records_at
from harmonystate.edges.kafka.records import Record, place_of
from harmonystate.edges.kafka.transaction import Transactor
from harmonystate.errors import BadInput

# A letter may keep 1 MiB.
AT_ONCE = 100


class Replay:
    """One replay, or the plan of one."""

    def __init__(self, settings: KafkaSettings, *, execute: bool) -> None:
        """Open it; with `execute`, anything that another replay had not finished is over now.

        Raises:
            TransactionFailed: when Kafka does not answer; so do the methods.
        """
        self._settings, self._topic = settings, settings.topics.dead_letter
        self._transactor = Transactor(settings, f"harmony-{GROUP}-{self._topic}") if execute else None
        self._gone: set[Place] = set()

    def decide(self, letters: Sequence[Letter], choice: Choice, *, again: bool) -> dict[Letter, Fate]:
        """Return what becomes of the letters that are chosen; `letters` are all that there are."""
        noted = committed(self._settings, GROUP, self._topic)
        runs = {partition: Runs(metadata) for partition, (_, metadata) in noted.items()}
        self._gone = {letter.place for letter in letters if letter.place.offset in runs.get(letter.place.partition, ())}
        topics = self._settings.topics
        sources = {topics.global1, topics.global2, topics.alert}
        chosen = [letter for letter in letters if choice.takes(letter)]
        returned = self._returned(chosen)
        # A record that two stages buried, because they read the same topic, goes back once.
        taken = {letter.burial.place for letter in letters if letter.burial and letter.place in self._gone}
        fates = {}
        for letter in chosen:
            replayed = letter.burial is not None and letter.burial.place in taken
            came_back = letter.returned or (letter.burial is not None and letter.burial.place in returned)
            fates[letter] = fate_of(letter.burial, replayed=replayed, returned=came_back, again=again, sources=sources)
            if letter.burial is not None and fates[letter] is Fate.REPLAY:
                taken.add(letter.burial.place)
        return fates

    def send(self, letters: Sequence[Letter], fates: Mapping[Letter, Fate]) -> int:
        """Send back what is to go; return how many records that was. Killed on the way, run it again.

        Raises:
            BadInput: when there is no room to note what has gone.
        """
        going = {letter.place: letter for letter, fate in fates.items() if fate is Fate.REPLAY}
        by_partition: defaultdict[int, list[Letter]] = defaultdict(list)
        for letter in letters:
            by_partition[letter.place.partition].append(letter)
        for partition, some in _batches(records_at(self._settings, going)):
            self._commit(partition, some, by_partition[partition], going)
        return len(going)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """Close the Transactor; after an error, throw it away."""
        if self._transactor is not None:
            (self._transactor.close if kind is None else self._transactor.discard)()

    def _returned(self, letters: Iterable[Letter]) -> set[Place]:
        """Return the records that had been sent back before, of those letters that do not say so themselves.

        Ingest's do not; but the record itself does, for as long as Kafka has it.
        """
        silent = [letter.burial.place for letter in letters if letter.burial and not letter.returned]
        return {place_of(record) for record in records_at(self._settings, silent) if is_returned(record.headers)}

    def _commit(
        self, partition: int, some: Sequence[Record], letters: Sequence[Letter], going: Mapping[Place, Letter]
    ) -> None:
        assert self._transactor is not None  # noqa: S101 - opened to execute
        gone = self._gone | {place_of(record) for record in some}
        note = Runs.spell((letter.place.offset, letter.place in gone) for letter in letters)
        if len(note) > MOST_METADATA:
            raise BadInput(
                f"{self._topic}, partition {partition}: too many gaps between what has gone back to take note of more: "
                "replay without --stage and places, so that the gaps close"
            )
        offsets = {(self._topic, partition): max(place_of(record).offset for record in some) + 1}
        outgoings = [_outgoing(record, going[place_of(record)]) for record in some]
        self._transactor.commit(outgoings, offsets=offsets, group=GROUP, metadata=note)
        self._gone = gone


def _outgoing(record: Record, letter: Letter) -> Outgoing:
    assert letter.burial is not None  # noqa: S101 - else its fate is another
    headers = [(REPLAYED_FROM, str(letter.place).encode())]
    return Outgoing(letter.burial.place.topic, record.key, record.value, headers)


def _batches(records: Iterable[Record]) -> Iterator[tuple[int, list[Record]]]:
    """Yield records of one partition, at most AT_ONCE at a time."""
    batch: list[Record] = []
    for record in records:
        if batch and (len(batch) == AT_ONCE or record.partition != batch[0].partition):
            yield batch[0].partition, batch
            batch = []
        batch.append(record)
    if batch:
        yield batch[0].partition, batch
