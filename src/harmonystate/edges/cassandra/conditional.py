"""Conditional statements (lightweight transactions), whose answer may not say whether they were applied."""

import time
from collections.abc import Sequence

from cassandra import WriteTimeout
from cassandra.cluster import ResultSet, Session
from cassandra.policies import WriteType

_ASK_AGAIN_S = 0.5


def settled(session: Session, statement: str, values: Sequence[object], *, within_s: float) -> ResultSet:
    """Run a conditional statement; again where it met those of others, for then nobody says whether it was applied.

    What was asked twice, by us or by the driver, may have been applied at the first time: `was_applied` is False then,
    and the row that stands there is ours.

    Raises:
        WriteTimeout: when it is not settled `within_s`.
    """
    until = time.monotonic() + within_s
    while True:
        try:
            return session.execute(statement, values)
        except WriteTimeout as fault:
            if fault.write_type != WriteType.CAS or time.monotonic() > until:
                raise
        time.sleep(_ASK_AGAIN_S)
