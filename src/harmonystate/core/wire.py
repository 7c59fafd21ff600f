"""Bytes to Report and Alert, and back. The one place that knows the wire format (docs/journey.md shows an example).

The keys are those of the system before ours, whose records are still read: reportId and schemaVersion may be absent.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from harmonystate.core import ids
from harmonystate.core.alert import Alert, RaisedAlert, alert_from
from harmonystate.core.report import Person, Report, Word

MAX_REPORT_BYTES = 256 * 1024
MAX_ALERT_BYTES = MAX_REPORT_BYTES + 4 * 1024
MAX_DEPTH = 100

# A report in the contract's order, to be filled with pieces that are encoded already: the fleet keeps its people's.
REPORT = (
    b'{"reportId":"%b","droneId":%d,"time":"%b","latitude":%b,"longitude":%b,'
    b'"persons":[%b],"words":[%b],"schemaVersion":1}'
)

# What msgspec raises for bytes that it cannot read.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_T = TypeVar("_T")  # PEP 695 needs Python 3.12
# Not as a Meta(pattern=…) of msgspec, which takes twice as long.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# RFC 3339, section 5.6, without leap seconds. Spelt out, because msgspec's own datetime also takes "+0200" and rounds
# where we cut, and Python's takes "+01:60", and "24:00:00" from 3.14 on.
_HOUR = r"(?:[01]\d|2[0-3])"
_TIME = re.compile(
    rf"(\d{{4}}-\d\d-\d\d)[Tt ]({_HOUR}:[0-5]\d:[0-5]\d)(?:(\.\d{{1,3}})\d*)?(?:[Zz]|([+-]{_HOUR}:[0-5]\d))", re.ASCII
)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class NotAReport(Exception):
    """A record that is not a report. The message names the field's path and never a value."""


class _WireReport(Struct, gc=False, rename="camel"):
    drone_id: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    time: str
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    persons: Annotated[tuple[Person, ...], Meta(max_length=1000)]
    words: Annotated[tuple[Word, ...], Meta(max_length=1000)]
    report_id: str | UnsetType = UNSET
    schema_version: Annotated[int, Meta(ge=1, le=1)] | UnsetType = UNSET


class _WireMark(Struct, gc=False, rename="camel"):
    """What stream-alerts adds to a report."""

    alert_id: str
    threshold: Annotated[int, Meta(ge=0, le=11)]
    raised_at: str


_report_decoder = msgspec.json.Decoder(_WireReport)
_mark_decoder = msgspec.json.Decoder(_WireMark)
_mark_keys = (b'"alertId"', b'"threshold"', b'"raisedAt"')
_encoder = msgspec.json.Encoder()


def decode_report(value: bytes | None, *, max_bytes: int = MAX_REPORT_BYTES) -> Report:
    """Parse one record.

    Raises:
        NotAReport: for everything outside the bounds of the contract, and for nothing else.
    """
    text = _checked(value, max_bytes)
    wire = _parse(_report_decoder, text)
    return Report(
        report_id=ids.id_of_text(text.decode()) if wire.report_id is UNSET else _uuid(wire.report_id, "$.reportId"),
        drone_id=wire.drone_id,
        time=_parse_time(wire.time, "$.time"),
        latitude=wire.latitude,
        longitude=wire.longitude,
        persons=wire.persons,
        words=wire.words,
    )


def encode_report(report: Report) -> bytes:
    """Write a report: keys in the contract's order, raw UTF-8, no spaces, time always with milliseconds.

    `core.fleet` fills REPORT with encoded pieces itself; its tests, all others and the bench ask here.
    """
    return REPORT % (
        report.report_id.encode(),
        report.drone_id,
        format_time(report.time).encode(),
        encode_degrees(report.latitude),
        encode_degrees(report.longitude),
        b",".join([b"%b%d}" % (encode_head(p.firstname, p.lastname), p.score) for p in report.persons]),
        encode_words(report.words),
    )


def encode_head(firstname: str, lastname: str) -> bytes:
    """Write a person up to their score, which is to be followed by `}`."""
    return b'{"firstname":%b,"lastname":%b,"harmonyscore":' % (_encode(firstname), _encode(lastname))


def encode_degrees(degrees: float) -> bytes:
    """Write a number with the fewest digits that bring it back."""
    return _encode(degrees)


def encode_words(words: Sequence[str]) -> bytes:
    """Write words with commas between them, without the brackets around."""
    return _encode(words)[1:-1]


def encode_alert(alert: Alert, original: bytes, *, threshold: int, raised_at: datetime) -> bytes:
    """Write an alert: the report's own JSON `original`, plus what makes it an alert.

    Added are alertId, threshold, raisedAt, and reportId where it was absent or not in lower case.
    """
    report_id = alert.report.report_id
    added: dict[str, object] = {
        "reportId": report_id,
        "alertId": ids.alert_id(report_id),
        "threshold": threshold,
        "raisedAt": format_time(raised_at),
    }
    # An escape may hide a key that we are about to add.
    if b"\\" in original or any(key in original for key in _mark_keys):
        return _rewritten(original, added)
    if b'"reportId"' in original:
        if b'"reportId":"%b"' % report_id.encode() not in original or original.count(b'"reportId"') > 1:
            return _rewritten(original, added)
        del added["reportId"]
    return b"%b,%b" % (original.rstrip()[:-1], _encode(added)[1:])


def decode_alert(value: bytes | None) -> RaisedAlert:
    """Parse one record of the topic alert.

    Raises:
        NotAReport: when it is no report, lacks what stream-alerts adds, or nobody in it is sad.
    """
    report = decode_report(value, max_bytes=MAX_ALERT_BYTES)
    mark = _parse(_mark_decoder, value or b"")
    raised_at = _parse_time(mark.raised_at, "$.raisedAt")
    alert = alert_from(report, threshold=mark.threshold)
    if alert is None:
        raise NotAReport("no person is below the threshold - at `$.persons`")
    return RaisedAlert(alert, alert_id=_uuid(mark.alert_id, "$.alertId"), threshold=mark.threshold, raised_at=raised_at)


def format_time(time: datetime) -> str:
    """Write a UTC time as RFC 3339 with exactly three digits of a second."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


def parse_time(text: str) -> datetime:
    """Parse an RFC 3339 time of the years 2000..2100 into UTC, cut to the millisecond.

    Raises:
        ValueError: when it is not one.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("expected an RFC 3339 time with a zone")
    # As format_time writes it, so that Python needs no help: in a third of the time.
    if len(text) == 24 and text[10] == "T" and text[23] == "Z":
        time = datetime.fromisoformat(text)
    else:
        day, clock, fraction, offset = match.groups()
        exact = f"{day}T{clock}{(fraction or '.000').ljust(4, '0')}{offset or '+00:00'}"
        try:
            time = datetime.fromisoformat(exact).astimezone(UTC)
        except OverflowError:
            raise ValueError("expected a year from 2000 to 2100") from None
    if not 2000 <= time.year <= 2100:
        raise ValueError("expected a year from 2000 to 2100")
    return time


def _uuid(text: str, path: str) -> str:
    """Return a UUID in canonical lower case."""
    if _UUID.fullmatch(text) is None:
        raise NotAReport(f"expected a UUID - at `{path}`")
    return text.lower()


def _parse_time(text: str, path: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError:
        raise NotAReport(f"expected an RFC 3339 time with a zone, years 2000 to 2100 - at `{path}`") from None


def _checked(value: bytes | None, max_bytes: int) -> bytes:
    """Return the record once size, UTF-8 and depth are sound, which msgspec does not check in fields it skips."""
    if not value:
        raise NotAReport("the record has no value")
    if len(value) > max_bytes:
        raise NotAReport(f"the record is larger than {max_bytes} bytes")
    if not value.isascii():
        try:
            value.decode()
        except UnicodeDecodeError as fault:
            raise NotAReport(f"not UTF-8 at byte {fault.start}") from None
    if value.count(b"[") + value.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise NotAReport(f"nested deeper than {MAX_DEPTH}")
    return value


def _depth(value: bytes) -> int:
    """Return how deep brackets nest outside strings, in time linear in the size whatever the record holds.

    Counted by us, because where msgspec gives up depends on the caller's stack, and so would a stage's verdict.
    """
    unescaped = value.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = b"".join(unescaped.split(b'"')[::2])
    brackets = outside_strings.translate(None, _NOT_BRACKETS)
    return max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0)


def _parse(decoder: "msgspec.json.Decoder[_T]", text: bytes) -> _T:
    try:
        return decoder.decode(text)
    except msgspec.DecodeError as fault:  # ValidationError is one
        raise NotAReport(str(fault)) from None


def _rewritten(original: bytes, added: dict[str, object]) -> bytes:
    """Write `original` anew where appending would name a key twice; its values stay as they were spelt.

    Spelt, not parsed, because a field that we ignore may hold what msgspec cannot parse, such as 1e400.
    """
    return _encode({**msgspec.json.decode(original, type=dict[str, msgspec.Raw]), **added})


def _encode(value: object) -> bytes:
    return _encoder.encode(value)
