"""What an audit found: so many of each kind, a few of them by name, and what would mend them."""

from collections import Counter, defaultdict
from enum import StrEnum
from typing import NamedTuple

from harmonystate.core.record import Place


class Kind(StrEnum):
    """What can be wrong with a record or a row."""

    MISSING = "missing"
    DOUBLED = "doubled"
    LATE = "late"
    DISAGREEING = "disagreeing"
    STRAY = "stray"  # it stands there, and nothing led to it


# Only a look into the channel can tell whether this helps.
RECORD = "record"


class Remedy(NamedTuple):
    """How something is made good from the record that should have led to it.

    Attributes:
        action: copy, raise, store, bury or RECORD.
        to: a topic; for bury, the stage in whose name it is done.
    """

    action: str
    to: str


class Case(NamedTuple):
    """One thing that is wrong.

    Attributes:
        store: a topic, "table report", or the stage that is late.
        id: a reportId or an alertId; empty for a record that has none.
        places: where it stands, or the record that should have led to it.
        detail: what else is to be said; never a name or a score.
    """

    kind: Kind
    store: str
    id: str
    places: tuple[Place, ...] = ()
    detail: str = ""


class Findings:
    """Counts everything, keeps the first `limit` cases of each kind and store, and all that can be mended.

    Attributes:
        wrong: how many, by kind and store.
        waiting: records that a stage has not come to, and need not have, by stage.
        todo: for each remedy the places to take from.
        silenced: alerts that nobody was told of because a silence covers them; none of them is wrong.
    """

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._cases: defaultdict[tuple[Kind, str], list[Case]] = defaultdict(list)
        self.wrong: Counter[tuple[Kind, str]] = Counter()
        self.waiting: Counter[str] = Counter()
        self.silenced = 0
        self.todo: defaultdict[Remedy, set[Place]] = defaultdict(set)

    def add(self, case: Case, remedy: Remedy | None = None) -> None:
        """Add a case; `remedy` makes it good from its first place."""
        key = (case.kind, case.store)
        self.wrong[key] += 1
        if len(self._cases[key]) < self._limit:
            self._cases[key].append(case)
        if remedy is not None:
            self.todo[remedy].add(case.places[0])

    def cases(self) -> list[Case]:
        """Return at most `limit` cases, a share of each kind and store."""
        taken: list[Case] = []
        for rank in range(self._limit):
            taken += [cases[rank] for cases in self._cases.values() if rank < len(cases)]
        order = list(Kind)
        return sorted(taken[: self._limit], key=lambda case: (order.index(case.kind), case.store))

    @property
    def mendable(self) -> int:
        """How many of the cases have a remedy that is sure to help."""
        return sum(len(places) for remedy, places in self.todo.items() if remedy.action != RECORD)

    @property
    def total(self) -> int:
        """How many cases there are."""
        return self.wrong.total()
