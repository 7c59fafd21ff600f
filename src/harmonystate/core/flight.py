"""How drones fly: each on a rosette of its own, smoothly, never outside the city, at 10 to 100 km/h.

A place is a function of the drone and the time, so no drone has to be followed from its start to know where it is.
"""

from functools import lru_cache
from math import asin, atan2, cos, degrees, hypot, pi, radians, sin, sqrt, tau

from msgspec import Struct

from harmonystate.core.chance import Chance

EARTH_KM = 6371.0088  # the mean radius, IUGG
# Of the speed over ground, km/h, with room for the rounding of places to 1e-7 degrees (1 cm).
SLOWEST, FASTEST = 15.0, 90.0
# A Kronecker sequence: the multiples of irrational numbers, modulo 1, spread drones evenly over the city.
_STEPS = tuple(sqrt(prime) % 1 for prime in (2, 3, 5, 7, 11, 13, 17, 19))


class City(Struct, frozen=True):
    """The circle in which drones fly: centre in degrees, radius in km over ground."""

    latitude: float
    longitude: float
    radius_km: float


class _Path(Struct, frozen=True, gc=False):
    """A circle round a point that itself flies a circle: lengths in km, turns in radians an hour."""

    east: float
    north: float
    outer_km: float
    outer_angle: float
    outer_turn: float
    inner_km: float
    inner_turn: float


class Flight:
    """The paths of a fleet.

    Args:
        chance: makes the paths of one run differ from those of another.
    """

    def __init__(self, city: City, chance: Chance) -> None:
        self._radius = city.radius_km * 0.99
        self._longitude = radians(city.longitude)
        self._sin, self._cos = sin(radians(city.latitude)), cos(radians(city.latitude))
        self._shifts = chance.shares(0)
        # A larger fleet costs 2 us more a report, and no more memory.
        self._path = lru_cache(maxsize=100_000)(self._draw_path)

    def position(self, drone: int, hours: float) -> tuple[float, float]:
        """Return latitude and longitude in degrees, to 1e-7, so long after the start."""
        path = self._path(drone)
        outer, inner = path.outer_angle + hours * path.outer_turn, hours * path.inner_turn
        east = path.east + path.outer_km * cos(outer) + path.inner_km * cos(inner)
        north = path.north + path.outer_km * sin(outer) + path.inner_km * sin(inner)
        return self._on_earth(east, north)

    def _draw_path(self, drone: int) -> "_Path":
        """Return a path whose centre and radii add up to at most the city's radius.

        The speeds of its two motions add up to at most FASTEST and differ by at least SLOWEST.
        """
        where, away, wide, small, fast, extra, turn, side = [
            (drone * step + shift) % 1 for step, shift in zip(_STEPS, self._shifts, strict=False)
        ]
        centre = self._radius * 0.35 * sqrt(away)
        outer = (self._radius - centre) * (0.45 + 0.25 * wide)
        inner = (self._radius - centre - outer) * (0.6 + 0.4 * small)
        speed = 30 + 45 * fast
        wobble = extra * min(speed - SLOWEST, FASTEST - speed)
        return _Path(
            east=centre * cos(tau * where),
            north=centre * sin(tau * where),
            outer_km=outer,
            outer_angle=tau * turn,
            outer_turn=speed / outer,
            inner_km=inner,
            inner_turn=wobble / inner * (1 if side < 0.5 else -1),
        )

    def _on_earth(self, east: float, north: float) -> tuple[float, float]:
        """Return the place in degrees: the inverse azimuthal equidistant projection, true from the centre.

        So a place lies in the city on the globe exactly when it does on the plane, near the poles too.
        """
        away = hypot(east, north)
        angle = away / EARTH_KM
        # sin(angle) / away, also at the centre itself
        scaled = sin(angle) / away if away else 1 / EARTH_KM
        cos_angle = cos(angle)
        latitude = asin(cos_angle * self._sin + north * scaled * self._cos)
        longitude = self._longitude + atan2(east * scaled, self._cos * cos_angle - north * scaled * self._sin)
        return round(degrees(latitude), 7), round(degrees((longitude + pi) % tau - pi), 7)
