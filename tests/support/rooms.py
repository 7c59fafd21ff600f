"""Which test files a worker takes together, and in what order."""

import functools
import re
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[2]

# Started once, for all files that ask for it: the tests' own Spark; the broker that the fault tests may kill.
SPARK, FAULTS = "spark", "faults"
_ASKS_FOR_SPARK = re.compile(r"def \w+\((?:[^)]*, )?spark[,:)]|getfixturevalue\(\"spark\"\)")
# What takes minutes and begins last would keep the others waiting. The first has a Spark of its own, and a process has
# one at a time, so it comes before those that share one.
_LONGEST_FIRST = (
    "test_secured_services",
    SPARK,
    FAULTS,
    "test_demo",
    "test_kill",
    "test_chain",
    "test_ingest",
    "test_stack",
)


@functools.cache
def room_of(path: Path) -> str:
    """Return what a test file is taken together with; most are alone."""
    if _ASKS_FOR_SPARK.search(path.read_text()):
        return SPARK
    return FAULTS if path.parent.name == "faults" else path.stem


def rank_of(path: Path) -> int:
    """Return when a file's turn is."""
    room = room_of(path)
    return _LONGEST_FIRST.index(room) if room in _LONGEST_FIRST else len(_LONGEST_FIRST)


class ByRoom(LoadScopeScheduling):
    """A room to a worker, in the order of the collection (xdist's own groups do nothing under pytest 9.2)."""

    def _split_scope(self, nodeid: str) -> str:
        return room_of(ROOT / nodeid.partition("::")[0])
