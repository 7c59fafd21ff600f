"""What a run is made of: a new one, or one that goes on."""

import secrets
from fractions import Fraction

from msgspec import Struct

from harmonystate.commands.produce.bounds import Bounds
from harmonystate.config import ProduceSettings
from harmonystate.core.fleet import Fleet, Plan
from harmonystate.core.flight import City
from harmonystate.core.moments import to_ms
from harmonystate.core.pace import Pace
from harmonystate.core.population import Population
from harmonystate.errors import Misconfigured


class Begun(Struct, frozen=True, rename="camel", kw_only=True):
    """What a run needs to go on as it began; the metadata of each of its commits.

    Attributes:
        run: the run's id.
        attempt: of a run without a name: which process it is. Only --run goes on where another process was.
    """

    run: str
    seed: int
    start_ms: int
    attempt: str = ""


class Run(Struct, frozen=True):
    """A run that has begun.

    Attributes:
        begun: what it needs to go on.
        first: the number of the first report that this process is to make.
        total: how many reports it has in all.
        bounded: whether somebody asked for an end; else it goes on until the year 2100.
        pace: when they are due.
    """

    fleet: Fleet
    begun: Begun
    first: int
    total: int
    pace: Pace
    bounded: bool = False


class Wish(Struct, frozen=True):
    """What the command line and the config ask for.

    Attributes:
        seed: None = a random one, or that of the run that goes on.
    """

    settings: ProduceSettings
    bounds: Bounds
    population: Population
    seed: int | None = None

    def begin(self, now_ms: float, *, attempt: str = "") -> Run:
        """Begin a new run; now, where the bounds name no start."""
        seed = secrets.randbits(63) if self.seed is None else self.seed
        start_ms = to_ms(self.bounds.start) if self.bounds.start else int(now_ms)
        fleet = Fleet(plan_of(self.settings, seed, start_ms), self.population)
        return self._run(fleet, Begun(run=fleet.run, seed=seed, start_ms=start_ms, attempt=attempt), 0, now_ms)

    def go_on(self, first: int, begun: Begun, now_ms: float) -> Run:
        """Go on with a run at report `first`.

        Raises:
            Misconfigured: when it began otherwise than is asked for now.
        """
        _refuse_other("seed", begun.seed, self.seed)
        if self.bounds.start and not self.bounds.start_is_relative:
            _refuse_other("start (in ms since 1970)", begun.start_ms, to_ms(self.bounds.start))
        fleet = Fleet(plan_of(self.settings, begun.seed, begun.start_ms), self.population)
        _refuse_other("drones, rate, alert ratio, city or data, so with id", begun.run, fleet.run)
        return self._run(fleet, begun, first, now_ms)

    def _run(self, fleet: Fleet, begun: Begun, first: int, now_ms: float) -> Run:
        total = self.bounds.total(fleet.schedule, begun.start_ms)
        pace = Pace(fleet.schedule.time_ms(first), now_ms, self.bounds.speed)
        bounded = self.bounds.count is not None or self.bounds.duration is not None
        return Run(fleet, begun, first, total, pace, bounded)


def plan_of(settings: ProduceSettings, seed: int, start_ms: int) -> Plan:
    """Return the plan of a run with the config's fleet."""
    city = settings.city
    return Plan(
        seed=seed,
        start_ms=start_ms,
        drones=settings.drones,
        rate=settings.rate,
        alert_ratio=Fraction(settings.alert_ratio),
        # 12 in one config is 12.0 in another, and a run's id is made of what is written.
        city=City(float(city.latitude), float(city.longitude), float(city.radius_km)),
    )


def _refuse_other(what: str, began: object, asked: object) -> None:
    if asked is not None and asked != began:
        raise Misconfigured(f"this run began with other {what}: {began}, not {asked}; give the same, or another --run")
