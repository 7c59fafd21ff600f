"""Many reports by id, in columns: about 200 bytes each, where an object each would take twice that."""

from array import array
from uuid import UUID

from harmonystate.core.moments import to_ms
from harmonystate.core.record import Place
from harmonystate.core.report import Report

GLOBAL1, GLOBAL2 = 0, 1
_ABSENT = -1
_OFFSET_BITS = 44
_MOST_COUNTED = 255


def key_of(identity: str) -> bytes:
    """Return the 16 bytes of a UUID."""
    return UUID(identity).bytes


class ReportIndex:
    """What is known of each report of the two global topics; a row is the report's number, from 0.

    Attributes:
        event_ms, drone_id, digest: of the report; sad: 1 when it calls for an alert.
        rows: how often it is stored (up to 255).
    """

    def __init__(self) -> None:
        self._rows: dict[bytes, int] = {}
        self._places = (array("q"), array("q"))
        self._written = (array("q"), array("q"))
        self.event_ms = array("q")
        self.drone_id = array("i")
        self.digest = array("q")
        self.sad = bytearray()
        self.rows = bytearray()

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, key: bytes) -> int | None:
        """Return a report's number."""
        return self._rows.get(key)

    def has_key_of(self, row: int, stored: Report) -> bool:
        """Say whether the row of a report stands where the report is stored."""
        return (self.event_ms[row], self.drone_id[row]) == (to_ms(stored.time), stored.drone_id)

    def keys(self) -> list[bytes]:
        """Return the key of each number."""
        return list(self._rows)

    def add(self, key: bytes, *, event_ms: int, drone_id: int, digest: int, sad: bool) -> int:
        """Take in a report that is not there; return its number."""
        for column, value in ((self.event_ms, event_ms), (self.drone_id, drone_id), (self.digest, digest)):
            column.append(value)
        for column in (*self._places, *self._written):
            column.append(_ABSENT)
        self.sad.append(sad)
        self.rows.append(0)
        self._rows[key] = len(self._rows)
        return len(self._rows) - 1

    def put(self, row: int, side: int, *, partition: int, offset: int, written_ms: int) -> None:
        """Say where a report stands in GLOBAL1 or GLOBAL2."""
        self._places[side][row] = partition << _OFFSET_BITS | offset
        self._written[side][row] = written_ms

    def stands(self, row: int, side: int) -> bool:
        """Say whether a report stands in this topic."""
        return self._places[side][row] != _ABSENT

    def place(self, row: int, side: int, topic: str) -> Place:
        """Return where a report stands in this topic, if it does."""
        packed = self._places[side][row]
        return Place(topic, packed >> _OFFSET_BITS, packed & ((1 << _OFFSET_BITS) - 1))

    def written_ms(self, row: int, side: int) -> int:
        """Return when its record in this topic was written, milliseconds since 1970."""
        return self._written[side][row]

    def count_row(self, row: int) -> int:
        """Count a row of the table report; return how many there are now."""
        self.rows[row] = min(self.rows[row] + 1, _MOST_COUNTED)
        return self.rows[row]
