"""Named points at which a test lets a process die as by kill -9 (docs/guarantees.md); free unless it is asked for.

HARMONY_CRASH_AT=STAGE.POINT:N ends the command STAGE when it passes POINT for the N-th time. Other commands of the same
environment go on.
"""

import itertools
import os
import sys
from collections.abc import Callable, Sequence

EXIT_CODE = 137

Passing = Callable[[str], None]


def nowhere(_: str, /) -> None:
    """Go on."""


def point_of(crash_at: str, arguments: Sequence[str]) -> Passing:
    """Return what each point calls with its name.

    Args:
        crash_at: STAGE.POINT:N with N from 1 on, or nothing.
        arguments: the command line; the command stands first.

    Raises:
        ValueError: when `crash_at` is neither.
    """
    if not crash_at:
        return nowhere
    place, number = crash_at.rsplit(":", 1)
    stage, at = place.split(".", 1)
    if stage not in arguments[1:2]:
        return nowhere
    passings, last = itertools.count(1), int(number)

    def passing(point: str, /) -> None:
        if point == at and next(passings) >= last:
            os._exit(EXIT_CODE)

    return passing


passing = point_of(os.environ.get("HARMONY_CRASH_AT", ""), sys.argv)
