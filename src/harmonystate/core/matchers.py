"""Which alerts a silence covers, and how people write it: `drone=7`, `person=First Last`, `max_score=0`."""

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.forgotten import as_shown, id_of_name, name_of
from harmonystate.core.routes import Box


class Matchers(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Which alerts a silence covers: those that meet every condition named, and of each any one value.

    Attributes:
        drones: ids.
        persons: ids (`core.forgotten.id_of_name`); every sad person of the alert is one of them.
        areas: it was heard in one of them.
        min_score: its lowest score is at least this.
        max_score: its lowest score is at most this, as in `discord.routes`.
    """

    drones: tuple[int, ...] = ()
    persons: tuple[str, ...] = ()
    areas: tuple[Box, ...] = ()
    min_score: int | None = None
    max_score: int | None = None

    def match(self, raised: RaisedAlert) -> bool:
        """Say whether an alert meets all conditions."""
        report, sad = raised.alert.report, raised.alert.sad
        worst = min(person.score for person in sad)
        return (
            (not self.drones or report.drone_id in self.drones)
            and (self.min_score is None or worst >= self.min_score)
            and (self.max_score is None or worst <= self.max_score)
            and (not self.areas or any(area.holds(report.latitude, report.longitude) for area in self.areas))
            and (not self.persons or all(id_of_name(name_of(person)) in self.persons for person in sad))
        )

    def __str__(self) -> str:
        """Spell them as they are typed, persons by their ids."""
        spelt = [f"drone={drone}" for drone in self.drones] + [f"person={person}" for person in self.persons]
        spelt += [f"area={','.join(repr(degrees).removesuffix('.0') for degrees in area)}" for area in self.areas]
        scores = (("min_score", self.min_score), ("max_score", self.max_score))
        return " ".join([*spelt, *(f"{name}={score}" for name, score in scores if score is not None)])


def parse_matchers(texts: Iterable[str]) -> Matchers:
    """Parse `drone=7`, `person=First Last`, `area=SOUTH,WEST,NORTH,EAST`, `min_score=1`, `max_score=0`.

    Raises:
        ValueError: when one is none of these, a score is named twice, or there is none at all.
    """
    values: dict[str, list[object]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in _PARSERS:
            raise ValueError(f"{text}: expected {', '.join(f'{known}=…' for known in _PARSERS)}")
        field, parse = _PARSERS[name]
        try:
            values.setdefault(field, []).append(parse(value))
        except ValueError as fault:
            raise ValueError(f"{text}: {fault}") from None
    if not values:
        raise ValueError("a silence needs a matcher, such as drone=7: none would mute everything")
    if twice := [field for field in ("min_score", "max_score") if len(values.get(field, ())) > 1]:
        raise ValueError(f"{twice[0]}: expected once")
    return msgspec.convert({_camel(field): _one_or_all(field, given) for field, given in values.items()}, Matchers)


def _drone(text: str) -> int:
    return _between(text, 2**31 - 1, "a drone's id")


def _score(text: str) -> int:
    return _between(text, 10, "a score from 0 to 10")


def _between(text: str, most: int, what: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= most):
        raise ValueError(f"expected {what}")
    return int(text)


def _person(text: str) -> str:
    if " " not in as_shown(text):
        raise ValueError('expected "First Last", as written on a card')
    return id_of_name(text)


def _area(text: str) -> Box:
    parts = [float(part) for part in text.split(",")]
    if len(parts) != 4:
        raise ValueError("expected SOUTH,WEST,NORTH,EAST in degrees")
    box = Box(*parts)
    if not (-90 <= box.south <= box.north <= 90 and abs(box.west) <= 180 and abs(box.east) <= 180):
        raise ValueError("expected SOUTH,WEST,NORTH,EAST in degrees, south below north")
    return box


def _one_or_all(field: str, given: list[object]) -> object:
    return given[0] if field.endswith("score") else list(dict.fromkeys(given))


def _camel(field: str) -> str:
    head, *rest = field.split("_")
    return head + "".join(map(str.capitalize, rest))


_PARSERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "drone": ("drones", _drone),
    "person": ("persons", _person),
    "area": ("areas", _area),
    "min_score": ("min_score", _score),
    "max_score": ("max_score", _score),
}
