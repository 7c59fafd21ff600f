"""Commands that die at a crash point: as processes, or in this one, by an exception."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from harmonystate import crash
from tests.support.harmony import start_harmony

WITHIN_S = 240


class Died(Exception):
    """It ends here."""


def dying_at(crash_at: str) -> Callable[[str], None]:
    """Return what stands for `crash.passing` in a life that ends when a point (POINT:N) is passed for the N-th time.

    Nothing it meets on its way out passes a point again without dying again.
    """
    point, _, number = crash_at.partition(":")
    left = [int(number or 0)]

    def passing(at: str) -> None:
        if at == point:
            left[0] -= 1
            if left[0] <= 0:
                raise Died(at)

    return passing


class End(NamedTuple):
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def died(self) -> bool:
        """Say whether it died at its point; whatever did not has to have done its work."""
        assert self.code in (0, crash.EXIT_CODE), self.err
        return self.code == crash.EXIT_CODE


def end_of(path: Path, command: str, *options: str, crash_at: str = "") -> End:
    """Run `harmony COMMAND` to its end, or to a point (POINT:N) of it."""
    variables = {"HARMONY_CRASH_AT": f"{command}.{crash_at}"} if crash_at else {}
    with start_harmony(path, command, *options, **variables) as child:
        out, err = child.communicate(timeout=WITHIN_S)
    return End(child.returncode, out, err)
