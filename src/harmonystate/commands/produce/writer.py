"""Writes a run to Kafka, each report once, whatever happens to the broker or to us."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice

from harmonystate.commands.produce.begin import Begun, Run
from harmonystate.commands.produce.progress import Progress
from harmonystate.commands.produce.ticks import clock_ms, ticks
from harmonystate.core.fleet import Made
from harmonystate.core.record import Outgoing
from harmonystate.edges.console.meter import Meter
from harmonystate.edges.kafka.patience import Patience, Stop
from harmonystate.edges.kafka.transaction import TransactionFailed, Transactor
from harmonystate.errors import Misconfigured

# A transaction takes a hundredth of it.
SILENT_S = 5.0


class Writer:
    """One run on its way to Kafka.

    A transaction holds a tick's reports and the number of the next one. Whatever fails, the transactor is thrown away;
    a new one of the same id makes sure that the last transaction is either committed or aborted, and the run goes on
    at the number that is committed. So what became of a commit is read and not guessed, and memory holds one tick.

    Args:
        topics: each report is written once to each.
        progress: where the number of the next report is kept.
        begin: makes the run, given the progress that is kept.
        open_transactor: opens one of the run's transactional id, which is told whom to tell of silence.
    """

    def __init__(
        self,
        topics: Iterable[str],
        progress: Progress,
        begin: Callable[[tuple[int, Begun] | None], Run],
        open_transactor: Callable[..., Transactor],
    ) -> None:
        self._topics = tuple(dict.fromkeys(topics))
        self._progress = progress
        self._begin = begin
        self._open = open_transactor
        self._run: Run | None = None
        self._next = 0
        self._asked_at: float | None = None

    def write(self, stop: Stop, patience: Patience, meter: Meter) -> None:
        """Write until the run's end, or until asked to stop.

        Raises:
            Misconfigured: when Kafka refuses us for ever, when the run cannot go on as is asked for, or when another
                process writes over its progress.
        """
        meter.show(behind_s=self._behind_s, state=self._state)
        while not stop.is_set():
            self._asked_at = self._asked_at or time.monotonic()
            try:
                with _opened(partial(self._open, on_silence=patience.hear_nothing)) as transactor:
                    for _ in self._write_on(transactor, stop):
                        patience.relieved()
                        self._count(meter)
            except TransactionFailed as fault:
                patience.bear(fault)
            else:
                return

    def acknowledged(self) -> dict[str, int]:
        """Return how many reports of this process are committed, and how many of them alert."""
        run = self._run
        if run is None:
            return {"reports": 0, "alerts": 0}
        alerts_before = run.fleet.quota.count_before
        return {"reports": self._next - run.first, "alerts": alerts_before(self._next) - alerts_before(run.first)}

    def goal(self) -> int | None:
        """Return how many reports this process has to write: all of a run with an end, or those that are due by now.

        None when it keeps up, for ever: then there is no end to be near to.
        """
        run = self._run
        if run is None:
            return None
        if run.bounded:
            return run.total - run.first
        return run.fleet.schedule.count_before(int(clock_ms())) - run.first if self._behind_s() else None

    def _write_on(self, transactor: Transactor, stop: Stop) -> Iterator[None]:
        """Write what is not committed yet; yields after each transaction."""
        run = self._look_up()
        self._asked_at = None
        reports = islice(run.fleet.reports(self._next), max(0, run.total - self._next))
        for tick in ticks(reports, run.pace, stop.wait):
            number = tick[-1].number + 1
            self._asked_at = time.monotonic()
            transactor.commit(self._outgoings(tick), **self._progress.after(number, run.begun))
            self._next, self._asked_at = number, None
            yield
            if stop.is_set():
                return

    def _look_up(self) -> Run:
        """Read what is committed: after a failure, nothing else tells what became of the last transaction."""
        saved = self._progress.read()
        if self._run is None:
            self._run = self._begin(saved)
            self._next = self._run.first
            return self._run
        number = saved[0] if saved and saved[1] == self._run.begun else 0
        if number < self._next:
            raise Misconfigured(
                f"another process writes as {self._progress.group}: start one of the two with another name"
            )
        self._next = number
        return self._run

    def _outgoings(self, tick: Sequence[Made]) -> Iterator[Outgoing]:
        for made in tick:
            key = b"%d" % made.drone
            for topic in self._topics:
                yield Outgoing(topic, key, made.value)

    def _count(self, meter: Meter) -> None:
        counted = meter.counts()
        meter.add(**{name: count - counted.get(name, 0) for name, count in self.acknowledged().items()})

    def _behind_s(self) -> int | None:
        run = self._run
        if run is None:
            return None
        until_ms = run.pace.until_ms(run.fleet.schedule.time_ms(self._next), clock_ms())
        return round(max(0.0, -until_ms) / 1000)

    def _state(self) -> str | None:
        """Say so when Kafka has not answered for a while, be it in a call or between two."""
        asked_at = self._asked_at
        return "waiting for Kafka" if asked_at and time.monotonic() - asked_at > SILENT_S else None


@contextmanager
def _opened(open_transactor: Callable[[], Transactor]) -> Iterator[Transactor]:
    transactor = open_transactor()
    try:
        yield transactor
    except BaseException:
        transactor.discard()
        raise
    transactor.close()
