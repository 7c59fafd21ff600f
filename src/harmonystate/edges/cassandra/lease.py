"""A lease: a row that only one process holds at a time, and that vanishes when its holder does."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import structlog
from cassandra import DriverException
from cassandra.cluster import NoHostAvailable, Session

from harmonystate.edges.cassandra.conditional import settled
from harmonystate.errors import Busy

TTL_S = 30
_RENEW_EVERY_S = TTL_S / 3
# Who takes a lease besides the command that it is named after.
_SHARED = {"analyze": ", or a `harmony forget`,"}

_TAKE = "INSERT INTO leases (name, holder) VALUES (%s, %s) IF NOT EXISTS USING TTL %s"
_RENEW = "UPDATE leases USING TTL %s SET holder = %s WHERE name = %s IF holder = %s"
_GIVE_BACK = "DELETE FROM leases WHERE name = %s IF holder = %s"
_TAKEN_AT = "SELECT WRITETIME(holder) AS taken FROM leases WHERE name = %s"
_log = structlog.get_logger("harmony.lease")


class Lease:
    """A lease while it is held.

    Attributes:
        timestamp: microseconds; grows from one holder to the next, whatever their hosts' clocks say, for it is the
            ballot of the Paxos round that gave the lease. A holder who writes USING TIMESTAMP with it can never undo
            what its successor wrote, even if it was asleep when it lost the lease.
    """

    def __init__(self, session: Session, name: str) -> None:
        """Take the lease `name`.

        Raises:
            Busy: when somebody holds it.
        """
        self._session, self._name, self._holder = session, name, str(uuid4())
        self._until = time.monotonic() + TTL_S
        taken = settled(session, _TAKE, (name, self._holder, TTL_S), within_s=TTL_S / 2)
        if not (taken.was_applied or taken.one().holder == self._holder):
            who = f"another `harmony {name}`{_SHARED.get(name, '')}"
            raise Busy(f"{who} is running: try again when it is done (a killed one: in {TTL_S} s)")
        self.timestamp: int = session.execute(_TAKEN_AT, (name,)).one().taken

    def require(self) -> None:
        """Go on only while we hold it.

        Raises:
            Busy: when it ran out before we could renew it.
        """
        if time.monotonic() > self._until:
            raise Busy(f"this run lost its lease, for Cassandra did not renew it in {TTL_S} s: try again")

    def renew(self) -> None:
        """Hold it for another `TTL_S`, if we still do."""
        asked = time.monotonic()
        held = self._session.execute(_RENEW, (TTL_S, self._holder, self._name, self._holder)).was_applied
        self._until = asked + TTL_S if held else asked

    def give_back(self) -> None:
        """Let the next one take it, unless somebody has; where Cassandra does not answer, it ends by itself."""
        try:
            self._session.execute(_GIVE_BACK, (self._name, self._holder))
        except (DriverException, NoHostAvailable) as fault:
            # What was done under it stands: no reason to fail, nor to hide another one.
            _log.info("lease not given back", cause=str(fault).splitlines()[0], ends_within_s=TTL_S)


@contextmanager
def hold_lease(session: Session, name: str) -> Iterator[Lease]:
    """Hold the lease `name`, renewed in the background, while the body runs.

    Raises:
        Busy: when somebody else holds it.
    """
    lease = Lease(session, name)
    done = threading.Event()
    renewer = threading.Thread(target=_keep, args=(lease, done), name=f"lease {name}", daemon=True)
    renewer.start()
    try:
        yield lease
    finally:
        done.set()
        renewer.join()
        lease.give_back()


def _keep(lease: Lease, done: threading.Event) -> None:
    while not done.wait(_RENEW_EVERY_S):
        try:
            lease.renew()
        except (DriverException, NoHostAvailable) as fault:
            _log.warning("lease not renewed", cause=str(fault).splitlines()[0])
