"""Alerts in hand, for tests of what chooses among them."""

from concurrent.futures import Future
from datetime import timedelta

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.backlog import Backlog
from harmonystate.core.delivery import Posted
from harmonystate.core.message import Edit, Form, Message
from harmonystate.core.record import Outgoing, Place
from harmonystate.core.routes import Target
from harmonystate.core.waiting import Waiting, waiting_of
from harmonystate.core.wire import NotAReport
from tests.support.alerts import HEARD, encoded

HERE = "42"


class Rules:
    """A medium that takes `most` cards or `most_ids` ids a message, and `most_again` alerts counted on a message."""

    limited = True

    def __init__(
        self, most: int = 10, most_ids: int = 100, repeat_interval: timedelta | None = None, most_again: int = 99
    ) -> None:
        self.most = {Form.CARD: most, Form.DIGEST: most_ids}
        self.repeat_interval = repeat_interval
        self.most_again = most_again

    def fit(self, alerts: list[RaisedAlert], form: Form) -> int:
        return max(min(len(alerts), self.most[form]), 1)

    def takes(self, edit: Edit) -> bool:
        return sum(map(len, edit.again.values())) <= self.most_again


def waiting(alert: RaisedAlert, offset: int = 0, partition: int = 0, channel: str = HERE, **more: object) -> Waiting:
    """Return the record of an alert in hand."""
    place = Place("alert", partition, offset)
    item = waiting_of(Waiting(place, b"7", encoded(alert)), lambda _: Target(channel))
    for name, value in more.items():
        setattr(item, name, value)
    return item


def backlog_of(*items: Waiting) -> Backlog:
    """Return a backlog that holds these."""
    backlog = Backlog(record_of, letter_of)
    for item in items:
        backlog.add(item)
    return backlog


def record_of(alert: RaisedAlert, posted: Posted) -> Outgoing:
    return Outgoing("delivery", alert.alert_id.encode(), posted.message_id.encode())


def letter_of(item: Waiting, fault: NotAReport) -> Outgoing:
    return Outgoing("dead-letter", item.key, f"{item.place.offset}: {fault}".encode())


def posted(*alerts: RaisedAlert, number: str = "1", channel: str = HERE) -> Posted:
    """Return the message in which these stand."""
    return Posted(channel, number, HEARD, frozenset(alert.alert_id for alert in alerts))


def ids(*told: "RaisedAlert | Message | Edit") -> list[str]:
    """Return the ids of alerts, and of what messages tell."""
    return [alert.alert_id for one in told for alert in (one.alerts if isinstance(one, Message | Edit) else (one,))]


def done_with(result: object) -> "Future[object]":
    """Return an answer that has come."""
    future: Future[object] = Future()
    future.set_result(result)
    return future
