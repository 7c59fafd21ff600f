"""The alert quota: how many reports alert is exact at every prefix, which of them is chance."""

from fractions import Fraction

from harmonystate.core.chance import Chance, scale


class Quota:
    """Says which reports of a run alert.

    After any number n of reports, the alerts among them differ from n x ratio by less than one. The reports are cut
    into windows that end at 1/ratio, 2/ratio, 3/ratio … (rounded up), and each window holds exactly one alert, at a
    random place: so there is no drone and no second of the minute that always alerts.

    Args:
        ratio: share of reports that alert, exactly; 0..1.
    """

    def __init__(self, ratio: Fraction, chance: Chance) -> None:
        self._share, self._whole = ratio.numerator, ratio.denominator
        self._chance = chance
        self._window = (-1, -1)

    def alerts(self, number: int) -> bool:
        """Say whether report `number`, counted from 0, alerts; in order it is fastest."""
        window = number * self._share // self._whole
        if window != self._window[0]:
            self._window = (window, self._place(window))
        return number == self._window[1]

    def count_before(self, number: int) -> int:
        """Return how many of the first `number` reports alert."""
        window = number * self._share // self._whole
        return window + (-1 < self._place(window) < number)

    def _place(self, window: int) -> int:
        """Return the number of the report that alerts in `window`, or -1 where nothing ever does."""
        if not self._share:
            return -1
        first, end = (-(-edge * self._whole // self._share) for edge in (window, window + 1))
        return first + scale(self._chance.draws(window)[0], end - first)
