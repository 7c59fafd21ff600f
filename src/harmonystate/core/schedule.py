"""Which drone reports when: each at its own second of the minute, the whole fleet evenly spread over it."""

from fractions import Fraction
from math import gcd

from harmonystate.core.chance import Chance, scale


class Schedule:
    """The order of a run's reports: number n is due at start + n x interval / drones.

    Args:
        start_ms: event time of report 0, milliseconds since 1970.
        drones: the fleet's size.
        rate: reports per drone and minute.
        chance: shuffles the drones: whose turn comes when within the interval.
    """

    def __init__(self, start_ms: int, drones: int, rate: Fraction, chance: Chance) -> None:
        self._start_ms = start_ms
        self._drones = drones
        self._step_ms = 60_000 / rate / drones
        # An affine permutation needs no memory, whatever the size of the fleet.
        first, factor = chance.draws(0)[:2]
        self._first = scale(first, drones)
        self._factor = next(n for n in range(1 + scale(factor, drones), 2 * drones + 1) if gcd(n, drones) == 1)

    def drone(self, number: int) -> int:
        """Return who makes report `number`: 0..drones-1, everybody once a round."""
        return (number % self._drones * self._factor + self._first) % self._drones

    def sequence(self, number: int) -> int:
        """Return how many reports that drone has made before."""
        return number // self._drones

    def time_ms(self, number: int) -> int:
        """Return the event time of report `number`, milliseconds since 1970; never before that of an earlier one."""
        return self._start_ms + number * self._step_ms.numerator // self._step_ms.denominator

    def count_before(self, end_ms: int) -> int:
        """Return how many reports are due before `end_ms`."""
        return max(0, -(-(end_ms - self._start_ms) * self._step_ms.denominator // self._step_ms.numerator))
