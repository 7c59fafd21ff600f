"""What is a report, worked out a second time from the contract, with Python's own json, uuid and datetime."""

import json
import math
import uuid
from datetime import UTC, datetime, timedelta, timezone
from itertools import takewhile
from typing import Any

from harmonystate.core.report import Person, Report

_NAMESPACE = uuid.UUID("6f1d2ad7-6b0f-5a55-9a0c-6d1a1e0f7c3b")


def read_report(value: bytes | None) -> Report | None:
    """Return what the record says, or None where it is not a report."""
    if value is None or len(value) > 256 * 1024:
        return None
    try:
        document = json.loads(
            value.decode(), parse_constant=_refuse, parse_int=lambda s: int(s) if len(s) < 99 else math.inf
        )
        return _report(document, value.decode())
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key given twice (an object_pairs_hook)."""
    assert len({key for key, _ in pairs}) == len(pairs), "a key is given twice"
    return dict(pairs)


def _report(document: dict[str, Any], text: str) -> Report:
    _must(type(document) is dict and _depth(document) <= 100)
    _must(_int(document.get("schemaVersion", 1)) == 1)
    report_id = _str(document["reportId"]).lower() if "reportId" in document else str(uuid.uuid5(_NAMESPACE, text))
    _must(str(uuid.UUID(report_id)) == report_id)
    return Report(
        report_id=report_id,
        drone_id=_within(_int(document["droneId"]), 0, 2**31 - 1),
        time=_time(_str(document["time"])),
        latitude=_within(_number(document["latitude"]), -90, 90),
        longitude=_within(_number(document["longitude"]), -180, 180),
        persons=tuple(_person(person) for person in _list(document["persons"])),
        words=tuple(_name(word) for word in _list(document["words"])),
    )


def _person(person: dict[str, Any]) -> Person:
    _must(type(person) is dict)
    score = _within(_int(person["harmonyscore"]), 0, 10)
    return Person(_name(person["firstname"]), _name(person["lastname"]), score)


def _time(text: str) -> datetime:
    clock = text[:19].upper().replace(" ", "T")
    time = datetime.strptime(clock, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    _must(time.strftime("%Y-%m-%dT%H:%M:%S") == clock)
    rest = text[19:]
    if rest.startswith("."):
        digits = "".join(takewhile("0123456789".__contains__, rest[1:]))
        time += timedelta(milliseconds=int(digits.ljust(3, "0")[:3]))
        _must(digits != "")
        rest = rest[1 + len(digits) :]
    time = time.replace(tzinfo=_zone(rest)).astimezone(UTC)
    _must(2000 <= time.year <= 2100)
    return time


def _zone(text: str) -> timezone:
    if text in ("Z", "z"):
        return UTC
    clock = datetime.strptime(text[1:], "%H:%M").replace(tzinfo=UTC)
    _must(clock.strftime("%H:%M") == text[1:])
    sign = {"+": 1, "-": -1}[text[0]]
    return timezone(sign * timedelta(hours=clock.hour, minutes=clock.minute))


def _name(value: str) -> str:
    _must(1 <= len(_str(value)) <= 200)
    return value


def _str(value: str) -> str:
    _must(type(value) is str)
    value.encode()  # a lone surrogate is no character
    return value


def _list(value: list[Any]) -> list[Any]:
    _must(type(value) is list and len(value) <= 1000)
    return value


def _int(value: int) -> int:
    _must(type(value) is int)  # a bool is an int to Python, not to JSON
    return value


def _number(value: float) -> float:
    _must(type(value) in (int, float))
    return float(value)


def _within(value: Any, low: int, high: int) -> Any:
    _must(low <= value <= high)
    return value


def _depth(value: object) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max((_depth(part) for part in (value.values() if isinstance(value, dict) else value)), default=0)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _must(hold: bool) -> None:
    if not hold:
        raise ValueError
