"""A record of the topic alert that was read and is not committed: what has to be known of it while it waits."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.digest import Area, area_of, span_of
from harmonystate.core.message import Form
from harmonystate.core.record import Place
from harmonystate.core.routes import Target
from harmonystate.core.wire import NotAReport, decode_alert

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Waiting(Struct):
    """A record in hand. It keeps the bytes, not the alert, which takes four times as much memory.

    Attributes:
        fault: why it becomes a dead letter; of what is no alert, what follows says nothing.
        worst: the lowest score.
        span: when the five minutes began in which it was heard.
        unproved: somebody may have told of it before it came to us.
        settled: nothing has to be told for it (any more); without a fault its key and value are gone then.
    """

    place: Place
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    fault: NotAReport | None = None
    alert_id: str = ""
    drone_id: int = 0
    heard: datetime = LONG_AGO
    raised_at: datetime = LONG_AGO
    worst: int = 0
    span: datetime = LONG_AGO
    area: Area = Area(0, 0)
    channel_id: str = ""
    role: int | None = None
    unproved: bool = False
    form: Form = Form.CARD
    settled: bool = False

    @property
    def partition(self) -> tuple[str, int]:
        """Where it stands, without the offset."""
        return (self.place.topic, self.place.partition)

    @property
    def raised(self) -> RaisedAlert:
        """The alert."""
        return decode_alert(self.value)

    @property
    def size(self) -> int:
        """How many bytes it keeps."""
        return len(self.value or b"")


def waiting_of(item: Waiting, target_of: Callable[[RaisedAlert], Target]) -> Waiting:
    """Complete what is known of a record; one that is no alert says why."""
    try:
        raised = decode_alert(item.value)
    except NotAReport as fault:
        item.fault = fault
        return item
    report, target = raised.alert.report, target_of(raised)
    item.alert_id = raised.alert_id
    item.drone_id = report.drone_id
    item.heard = report.time
    item.raised_at = raised.raised_at
    item.worst = min(person.score for person in raised.alert.sad)
    item.span, item.area = span_of(report), area_of(report)
    item.channel_id, item.role = target
    return item
