"""A child that stands for Spark's JVM: what calls it learns of its end as of a connection that breaks."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any


@contextmanager
def stand_in() -> "Iterator[subprocess.Popen[bytes]]":
    """Lend a child that does nothing."""
    with subprocess.Popen(["sleep", "600"]) as child:
        try:
            yield child
        finally:
            child.kill()


def spark_on(jvm: "subprocess.Popen[bytes]", jobs: Sequence[int] | Callable[[], Sequence[int]] = ()) -> Any:
    """Return what our guard asks of a session whose JVM that is, with these jobs at work, or what says which."""
    tracker = SimpleNamespace(getActiveJobsIds=jobs if callable(jobs) else lambda: list(jobs))
    return SimpleNamespace(
        sparkContext=SimpleNamespace(statusTracker=lambda: tracker, _gateway=SimpleNamespace(proc=jvm))
    )
