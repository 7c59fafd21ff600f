"""Which channel hears of an alert, and which role is mentioned there."""

from collections.abc import Iterable
from typing import NamedTuple

from harmonystate.core.alert import RaisedAlert


class Target(NamedTuple):
    """Where an alert is told.

    Attributes:
        role: id of the role that is mentioned there, if any.
    """

    channel_id: str
    role: int | None = None


class Box(NamedTuple):
    """A piece of the map, its edges included; degrees. West of its east edge, or across the 180th meridian."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """Say whether a place lies in it."""
        if self.west <= self.east:
            inside = self.west <= longitude <= self.east
        else:
            inside = longitude >= self.west or longitude <= self.east
        return inside and self.south <= latitude <= self.north


class Route(NamedTuple):
    """Where alerts go that meet every condition named; None is no condition.

    Attributes:
        max_score: the lowest score of the alert is at most this.
        area: the alert was heard in it.
    """

    target: Target
    max_score: int | None = None
    area: Box | None = None

    def takes(self, raised: RaisedAlert) -> bool:
        """Say whether an alert meets the conditions."""
        report = raised.alert.report
        worst = min(person.score for person in raised.alert.sad)
        return (self.max_score is None or worst <= self.max_score) and (
            self.area is None or self.area.holds(report.latitude, report.longitude)
        )


def target_of(raised: RaisedAlert, routes: Iterable[Route], default: Target) -> Target:
    """Return where an alert goes: the first route that takes it, or the default."""
    return next((route.target for route in routes if route.takes(raised)), default)
