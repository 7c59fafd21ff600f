"""The newest of what passes by: alerts with their delivery, and where each drone was heard last. Both are bounded."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import NamedTuple

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.report import Report

MOST_ALERTS = 12
# A delivery may be read before its alert; what nobody asks for is let go.
MOST_DELIVERIES = 1_000
# As many dots as a chart can show, and a browser draw.
MOST_DRONES = 500
# Whoever is silent for so long has left the chart.
GONE_AFTER = timedelta(minutes=5)
# How long the drone of an alert is lit.
LIT_FOR = timedelta(seconds=10)


class Told(NamedTuple):
    """An alert, and when it was delivered; None = not yet."""

    raised: RaisedAlert
    delivered_at: datetime | None


class Heard(NamedTuple):
    """Where a drone was when it was heard last.

    Attributes:
        at: when its report was written; sad_at: the same of its last report with a sad person, None = none.
    """

    drone_id: int
    latitude: float
    longitude: float
    at: datetime
    sad_at: datetime | None


class NewestAlerts:
    """The alerts raised last, and whether each is delivered."""

    def __init__(self, most: int = MOST_ALERTS) -> None:
        self._most = most
        self._alerts: dict[str, RaisedAlert] = {}
        self._delivered: OrderedDict[str, datetime | None] = OrderedDict()

    def note_alert(self, raised: RaisedAlert) -> None:
        """Take in an alert; the oldest goes."""
        self._alerts[raised.alert_id] = raised
        if len(self._alerts) > self._most:
            del self._alerts[min(self._alerts, key=lambda alert_id: self._alerts[alert_id].raised_at)]

    def note_delivery(self, alert_id: str, at: datetime | None) -> None:
        """Take in that an alert was delivered; None = it is silenced, and so is told nowhere, here neither."""
        self._delivered.setdefault(alert_id, at)
        if len(self._delivered) > MOST_DELIVERIES:
            self._delivered.popitem(last=False)

    def newest(self) -> tuple[Told, ...]:
        """Return them, the newest first."""
        rising = sorted(self._alerts.values(), key=lambda raised: raised.raised_at, reverse=True)
        silenced = {alert_id for alert_id, at in self._delivered.items() if at is None}
        told = (raised for raised in rising if raised.alert_id not in silenced)
        return tuple(Told(raised, self._delivered.get(raised.alert_id)) for raised in told)


class Drones:
    """Where each drone was heard last."""

    def __init__(self, most: int = MOST_DRONES) -> None:
        self._most = most
        self._heard: OrderedDict[int, Heard] = OrderedDict()

    def note(self, report: Report, at: datetime, *, sad: bool) -> None:
        """Take in a report that was written `at`; the drone that was silent longest goes when there are too many."""
        before = self._heard.pop(report.drone_id, None)
        sad_at = at if sad else before and before.sad_at
        self._heard[report.drone_id] = Heard(report.drone_id, report.latitude, report.longitude, at, sad_at)
        if len(self._heard) > self._most:
            self._heard.popitem(last=False)

    def heard(self, now: datetime) -> tuple[Heard, ...]:
        """Return those that have not left, the one that was silent longest first."""
        return tuple(one for one in self._heard.values() if now - one.at < GONE_AFTER)


def glow(one: Heard, now: datetime) -> float:
    """Return how brightly a drone is lit: 1 when it has just seen somebody sad, falling to 0."""
    if one.sad_at is None:
        return 0.0
    return min(max(1 - (now - one.sad_at) / LIT_FOR, 0.0), 1.0)
