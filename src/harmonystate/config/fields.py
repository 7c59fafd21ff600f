"""What the values of the config are: as people write them, with their bounds."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from harmonystate.config.file import expanded
from harmonystate.core.durations import parse_duration, parse_moment, parse_rate


def _duration(value: object) -> object:
    # A bare number would be taken for seconds, and `report_ttl: 30` keep reports for half a minute.
    return value if isinstance(value, timedelta) else parse_duration(str(value))


def _optional_duration(value: object) -> object:
    return None if value in (None, "", 0, "0", "0s") else _duration(value)


def _rate(value: object) -> object:
    return parse_rate(value) if isinstance(value, str) else value


def _ttl(value: timedelta) -> timedelta:
    # Cassandra 5 takes no expiry after January 2038, and a report of the future is kept twice as long as one of today.
    if not timedelta(seconds=1) <= value <= timedelta(days=1826):
        raise ValueError("expected 1s to 1826d")
    return value


def _list(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _scalar(value: object) -> object:
    if not isinstance(value, str | int | float):
        raise ValueError("expected a text, a number, true or false")  # noqa: TRY004 - what pydantic takes for a fault
    return value


def _moment(value: object) -> object:
    text = value.isoformat() if isinstance(value, date) else value  # YAML knows dates
    if isinstance(text, str):
        parse_moment(text, now=datetime(2100, 1, 1, tzinfo=UTC))
    return text


def _home(value: object) -> object:
    home = value or platformdirs.user_state_path("harmony")
    return expanded(home).absolute() if isinstance(home, str | Path) else home


Duration = Annotated[timedelta, BeforeValidator(_duration)]
OptionalDuration = Annotated[timedelta | None, BeforeValidator(_optional_duration)]
RatePerMinute = Annotated[Fraction, BeforeValidator(_rate), Field(gt=0)]
TopicName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.\-]{0,47}$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:%-]+$")]
Hosts = Annotated[tuple[Host, ...], NoDecode, BeforeValidator(_list), Field(min_length=1)]
Scalar = Annotated[str | int | float | bool, BeforeValidator(_scalar)]
Moment = Annotated[str, BeforeValidator(_moment)]
Ttl = Annotated[Duration, AfterValidator(_ttl)]
KeyspaceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
HomePath = Annotated[Path, BeforeValidator(_home), Field(validate_default=True)]
# An id that Discord gives: of a channel, a role.
Snowflake = Annotated[int, Field(ge=1, lt=2**64)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
