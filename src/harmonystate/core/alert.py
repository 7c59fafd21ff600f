"""The alert rule. Nothing else in the package decides who is sad."""

from datetime import datetime
from typing import Protocol, TypeVar

from msgspec import Struct

from harmonystate.core.report import Person, Report


class Alert(Struct, frozen=True, gc=False):
    """A report with at least one sad person.

    Attributes:
        report: the whole of it.
        sad: never empty, in report order.
        contacts: the persons of the report who are not sad, in report order.
    """

    report: Report
    sad: tuple[Person, ...]
    contacts: tuple[Person, ...]


class RaisedAlert(Struct, frozen=True, gc=False):
    """An alert on its way from stream-alerts to Discord.

    Attributes:
        alert: who is sad, and the report.
        alert_id: a UUID in canonical lower case, the same whenever the report is seen again.
        threshold: scores strictly below it are sad.
        raised_at: when stream-alerts saw the report; UTC, whole milliseconds.
    """

    alert: Alert
    alert_id: str
    threshold: int
    raised_at: datetime


_Verdict_co = TypeVar("_Verdict_co", covariant=True)


class _Score(Protocol[_Verdict_co]):
    """An int, or a column of a frame: comparing it says yes or no, or makes a column that does."""

    def __lt__(self, threshold: int, /) -> _Verdict_co: ...


def is_sad(score: _Score[_Verdict_co], *, threshold: int) -> _Verdict_co:
    """Say whether a score is sad: strictly below `threshold` (2 means scores 0 and 1; 0 means nobody)."""
    return score < threshold


def alert_from(report: Report, *, threshold: int) -> Alert | None:
    """Return the alert that `report` calls for, or None when everyone is calm."""
    sad = tuple([person for person in report.persons if is_sad(person.score, threshold=threshold)])
    if not sad:
        return None
    contacts = tuple([person for person in report.persons if not is_sad(person.score, threshold=threshold)])
    return Alert(report, sad, contacts)
