"""How event time follows the clock: as fast as possible until it has reached it, then at a given speed."""


class Pace:
    """When reports are due.

    Args:
        first_ms: event time of the next report. Before `now_ms`, event time first has to catch up; otherwise it
            starts to run here and now.
        now_ms: what the clock says; both in milliseconds since 1970.
        speed: event time runs so many times as fast as the clock; above 0.
    """

    def __init__(self, first_ms: float, now_ms: float, speed: float) -> None:
        self._speed = speed
        self._met = (first_ms, now_ms) if first_ms >= now_ms else None

    def until_ms(self, time_ms: float, now_ms: float) -> float:
        """Return how long, by the clock, until a report of this event time is due; below 0 = overdue.

        The first report that is not overdue is where event time has caught up with the clock.
        """
        if self._met is None:
            if time_ms <= now_ms:
                return time_ms - now_ms
            self._met = (now_ms, now_ms)
        event_ms, clock_ms = self._met
        return clock_ms + (time_ms - event_ms) / self._speed - now_ms
