"""The simulated fleet: every report of a run, as a function of its number."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from hashlib import sha256
from itertools import count
from math import cos, tau
from typing import NamedTuple

import msgspec
from msgspec import Struct

from harmonystate.core import ids
from harmonystate.core.chance import Chance, scale
from harmonystate.core.flight import City, Flight
from harmonystate.core.moments import from_ms
from harmonystate.core.population import Population
from harmonystate.core.quota import Quota
from harmonystate.core.schedule import Schedule
from harmonystate.core.wire import REPORT, encode_degrees

HOUR_MS = 3_600_000
# Whom the default threshold of the contract calls sad: scores 0 and 1.
SAD_BELOW = 2
HIGHEST = 10
# How many persons a report holds: with these, and what they say, it is 412 bytes long on average.
_CROWDS = (1, 1, 2, 2, 3, 3, 3, 4, 4, 5)
# A person in an alert beside the sad one is sad too, once in so many.
_ALSO_SAD = 6


def _calm_scores(hour: int) -> bytes:
    """Return 256 equally likely scores SAD_BELOW..HIGHEST of an hour of the day: best at 14 h UTC, worst at 2 h."""
    exponent = 1 - 0.35 * cos(tau * (hour - 14) / 24)
    return bytes(SAD_BELOW + int((HIGHEST - SAD_BELOW + 1) * (draw / 256) ** exponent) for draw in range(256))


CALM_SCORES = [_calm_scores(hour) for hour in range(24)]


class Plan(Struct, frozen=True):
    """Everything that shapes the reports of a run, besides the population.

    Attributes:
        start_ms: event time of the first report, milliseconds since 1970.
        rate: reports per drone and minute.
        alert_ratio: share of reports with a sad person, 0..1.
    """

    seed: int
    start_ms: int
    drones: int
    rate: Fraction
    alert_ratio: Fraction
    city: City


class Made(NamedTuple):
    """A report of the fleet.

    Attributes:
        number: counted from 0 over the whole fleet; event time never falls.
        value: the report as `wire.encode_report` would write it.
    """

    number: int
    time_ms: int
    drone: int
    value: bytes


def run_id(plan: Plan, population: Population) -> str:
    """Return the id of a run: differs when anything differs that shapes its reports."""
    return sha256(msgspec.json.encode((plan, population.digest), enc_hook=str)).hexdigest()[:32]


class Fleet:
    """The reports of one run.

    Attributes:
        run: its id; all chance comes from it.
        schedule: which drone reports when.
        quota: which reports alert.
    """

    def __init__(self, plan: Plan, population: Population) -> None:
        self.run = run_id(plan, population)
        self.schedule = Schedule(plan.start_ms, plan.drones, plan.rate, Chance(self.run, "schedule"))
        self._start_ms = plan.start_ms
        self._population = population
        self.quota = Quota(plan.alert_ratio, Chance(self.run, "quota"))
        self._flight = Flight(plan.city, Chance(self.run, "flight"))
        self._chance = Chance(self.run, "report")
        self._second: tuple[int, bytes] = (-1, b"")

    def reports(self, first: int = 0) -> Iterator[Made]:
        """Yield the reports from number `first` on, in order, without end."""
        return map(self.report, count(first))

    def report(self, number: int) -> Made:
        """Return one report; the same, whatever was asked for before."""
        drone, time_ms = self.schedule.drone(number), self.schedule.time_ms(number)
        latitude, longitude = self._flight.position(drone, (time_ms - self._start_ms) / HOUR_MS)
        persons, words = self._heard(self._chance.draws(number), self.quota.alerts(number), time_ms)
        value = REPORT % (
            ids.report_id(self.run, drone, self.schedule.sequence(number)).encode(),
            drone,
            self._stamp(time_ms),
            encode_degrees(latitude),
            encode_degrees(longitude),
            persons,
            words,
        )
        return Made(number, time_ms, drone, value)

    def _heard(self, draws: tuple[int, ...], alerts: bool, time_ms: int) -> tuple[bytes, bytes]:
        """Return who was heard and what they said, encoded."""
        size = _CROWDS[scale(draws[0], len(_CROWDS))]
        people = self._population.choose(draws[1 : 1 + size], gloomy=alerts)
        scores = _scores(draws[6 : 6 + size], alerts, time_ms)
        # The sad one comes first, but may be named anywhere.
        place = scale(draws[11], size)
        people[0], people[place] = people[place], people[0]
        scores[0], scores[place] = scores[place], scores[0]
        mean = (2 * sum(scores) + size) // (2 * size)
        return self._population.encode_persons(people, scores), self._population.say(mean, draws[12:14])

    def _stamp(self, time_ms: int) -> bytes:
        """Return `wire.format_time`, at the price of a division while the second stays the same."""
        second, ms = divmod(time_ms, 1000)
        if second != self._second[0]:
            self._second = (second, f"{from_ms(second * 1000):%Y-%m-%dT%H:%M:%S}".encode())
        return b"%b.%03dZ" % (self._second[1], ms)


def _scores(draws: Sequence[int], alerts: bool, time_ms: int) -> list[int]:
    """Draw the scores of a report: in an alert the first one is sad, and now and then another one too."""
    calm = CALM_SCORES[time_ms // HOUR_MS % 24]
    scores = [calm[draw >> 24] for draw in draws]
    if alerts:
        for place, draw in enumerate(draws):
            if place == 0 or draw % _ALSO_SAD == 0:
                scores[place] = draw // _ALSO_SAD % SAD_BELOW
    return scores
