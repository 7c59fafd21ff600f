"""An alert as a card: what it says, and in which order. How a medium spells it, the medium brings along."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.message import short_id
from harmonystate.core.report import Person

HEADLINE = "Alert !"
SEEN_AGAIN = "Seen again"

# Colour by the worst score, 0xRRGGBB: 0 is red, 1 orange, and amber whoever a raised threshold lets in.
_COLOURS = (0xD50000, 0xFF6D00)
_MILDEST_COLOUR = 0xFFAB00
TRIAL_COLOUR = 0x2962FF
# Control, format (bidi marks, zero width), surrogate, line and paragraph separator: none of them is a part of a name.
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_BLANKS = "\t\n\r"


class Dialect(NamedTuple):
    """How a medium spells what stands on a card.

    Attributes:
        text: spells a name or a word, already on one line and free of control characters.
        place: spells latitude and longitude, in degrees.
        moment: spells a UTC time.
        longest: of a field's value, in UTF-16 units, which is how the strictest reader counts; None = any length.
    """

    text: Callable[[str], str]
    place: Callable[[float, float], str]
    moment: Callable[[datetime], str]
    longest: int | None = None


class Field(NamedTuple):
    """A named line of a card; neither is ever empty."""

    name: str
    value: str


class Card(NamedTuple):
    """What is told of one alert.

    Attributes:
        fields: every field, in reading order.
        colour: 0xRRGGBB.
        footer: bears the alert's id, by which a message is recognised.
    """

    alert_id: str
    fields: tuple[Field, ...]
    colour: int
    footer: str

    @property
    def size(self) -> int:
        """How long all its texts are together, in UTF-16 units."""
        return length(self.footer) + sum(length(name) + length(value) for name, value in self.fields)


def card_of(raised: RaisedAlert, dialect: Dialect, *, now: datetime | None, again: Sequence[RaisedAlert] = ()) -> Card:
    """Make the card of an alert that is delivered `now` (None = not yet); `again` are alerts that are counted on it."""
    alert, report = raised.alert, raised.alert.report
    told = f"delivered {spell_age(now - report.time)} after it was heard" if now else "not delivered yet"
    return Card(
        raised.alert_id,
        (
            Field("Drone", str(report.drone_id)),
            Field("Position", dialect.place(report.latitude, report.longitude)),
            Field("Sad person" if len(alert.sad) == 1 else "Sad persons", _persons(alert.sad, dialect)),
            Field("In contact with", _persons(alert.contacts, dialect) or "nobody"),
            Field("Key words", listing([_spell(word, dialect) for word in report.words], dialect.longest) or "none"),
            Field("Date", f"{dialect.moment(report.time)}\n{told}"),
            *([Field(SEEN_AGAIN, _again(again, dialect))] if again else []),
        ),
        colour_of(min(person.score for person in alert.sad)),
        footer_of(raised.alert_id),
    )


def trial_card(dialect: Dialect) -> Card:
    """Make a card that looks like one of an alert and is marked as none."""
    nobody = "nobody: this card is a test"
    fields = [("Drone", "TEST"), ("Position", dialect.place(0.0, 0.0)), ("Sad persons", nobody)]
    fields += [("In contact with", nobody), ("Key words", "test"), ("Date", "now")]
    return Card("", tuple(Field(name, value) for name, value in fields), TRIAL_COLOUR, "TEST, no alert")


def footer_of(alert_id: str) -> str:
    """Return the line that bears an alert's id."""
    return f"alert {alert_id}"


def colour_of(worst: int) -> int:
    """Return the colour of a card whose lowest score is `worst`, 0xRRGGBB."""
    return _COLOURS[worst] if worst < len(_COLOURS) else _MILDEST_COLOUR


def spell_age(age: timedelta) -> str:
    """Spell how long something took: `1.8 s`, `3 min 20 s`, `6 h 3 min`, `2 d 4 h`; never below `0.0 s`."""
    seconds = max(age.total_seconds(), 0.0)
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h"
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {seconds_left} s"


def spell_degrees(degrees: float) -> str:
    """Spell degrees to a tenth of a metre, without zeros at the end."""
    return f"{round(degrees, 6) + 0.0:.6f}".rstrip("0").rstrip(".")


def map_link(latitude: float, longitude: float) -> str:
    """Return where a map shows a place."""
    return f"https://osm.org/?mlat={spell_degrees(latitude)}&mlon={spell_degrees(longitude)}&zoom=16"


def clean(text: str) -> str:
    """Return `text` on one line, without control and bidi characters; never empty."""
    if not text.isprintable():
        text = "".join(char for char in text if char in _BLANKS or unicodedata.category(char) not in _INVISIBLE)
    return " ".join(text.split()) or "\N{REPLACEMENT CHARACTER}"


def length(text: str) -> int:
    """Count UTF-16 units: at least as many as there are characters."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def spell_person(person: Person, dialect: Dialect) -> str:
    """Spell `First Last (score)`."""
    return f"{_spell(person.firstname, dialect)} {_spell(person.lastname, dialect)} ({person.score})"


def _persons(persons: Iterable[Person], dialect: Dialect) -> str:
    return listing([spell_person(person, dialect) for person in persons], dialect.longest)


def _again(again: Sequence[RaisedAlert], dialect: Dialect) -> str:
    """Say how often and when; the ids of what is counted here stand on a line of their own."""
    times = "once" if len(again) == 1 else f"{len(again)} times"
    last = max(raised.alert.report.time for raised in again)
    ids = " ".join(short_id(raised.alert_id) for raised in again)
    return f"{times}, last {dialect.moment(last)}\nalerts `{ids}`"


def _spell(text: str, dialect: Dialect) -> str:
    return dialect.text(clean(text))


def listing(items: Sequence[str], longest: int | None) -> str:
    """Join `items` with commas; where they do not fit, leave out whole ones from the end and say how many."""
    whole = ", ".join(items)
    if longest is None or length(whole) <= longest:
        return whole
    room = longest - length(f"… and {len(items)} more")
    shown: list[str] = []
    for item in items:
        room -= length(item) + 2
        if room < 0:
            break
        shown.append(item)
    return ", ".join([*shown, f"… and {len(items) - len(shown)} more"])
