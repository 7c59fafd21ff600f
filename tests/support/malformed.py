"""Records that are not reports, and odd ones that are, by the bounds of the contract; every stage must agree on both.

What the contract leaves open (a key given twice, a lone surrogate in a field that is ignored) is in neither.
"""

import json
from typing import Any

REPORT_ID = "0190a2f0-7c1d-7b3a-8f00-0123456789ab"
MAX_BYTES = 256 * 1024


def person(**changes: Any) -> dict[str, Any]:
    """Return a calm person in wire form, with these fields changed."""
    return {"firstname": "Ada", "lastname": "Byron", "harmonyscore": 7, **changes}


def document(**changes: Any) -> dict[str, Any]:
    """Return a report of two persons, the first of them sad, in wire form, with these fields changed."""
    return {
        "reportId": REPORT_ID,
        "droneId": 7,
        "time": "2026-11-24T16:38:17.123Z",
        "latitude": 48.8566,
        "longitude": 2.3522,
        "persons": [person(harmonyscore=1), person(firstname="Zoë", lastname="Łuczak")],
        "words": ["queue", "tax"],
        "schemaVersion": 1,
        **changes,
    }


def raw(value: object) -> bytes:
    """Write a document as produce would."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def nested(depth: int) -> bytes:
    """Return a report whose brackets nest `depth` deep (itself included), in a field that nobody reads."""
    return with_unknown(b"[" * (depth - 1) + b"]" * (depth - 1))


def with_unknown(value: bytes) -> bytes:
    """Return a report with one more field, of this JSON."""
    return raw(document())[:-1] + b',"weather":' + value + b"}"


def sized(size: int) -> bytes:
    """Return a report of exactly `size` bytes."""
    return with_unknown(b'"%b"' % (b"x" * (size - len(with_unknown(b'""')))))


def _changed(**changes: Any) -> bytes:
    return raw(document(**changes))


def _without(*keys: str) -> bytes:
    return raw({key: value for key, value in document().items() if key not in keys})


def _person(**changes: Any) -> bytes:
    return _changed(persons=[person(), person(**changes)])


def _person_without(key: str) -> bytes:
    return _changed(persons=[{name: value for name, value in person().items() if name != key}])


def _spelt(field: str, json_value: bytes) -> bytes:
    """Return a report in which `field` (unique in the whole document) has exactly this spelling of a value."""
    before = raw({field: document()[field]})[1:-1]
    after = b'"%b":%b' % (field.encode(), json_value)
    assert raw(document()).count(before) == 1
    return raw(document()).replace(before, after)


def _score(json_value: bytes) -> bytes:
    return raw(document()).replace(b'"harmonyscore":7', b'"harmonyscore":' + json_value)


_VALID = raw(document())
_FIELDS = ("droneId", "time", "latitude", "longitude", "persons", "words")
_OPTIONAL = ("reportId", "schemaVersion")
_DIGITS = b"9" * 5000

MALFORMED: dict[str, bytes | None] = {
    # no document, or more than one
    "null value": None,
    "empty value": b"",
    "only white space": b" \n",
    "not JSON": b"drone 7 saw nobody",
    "cut off": _VALID[:-1],
    "trailing junk": _VALID + b"x",
    "trailing comma": _VALID[:-1] + b",}",
    "trailing NUL": _VALID + b"\0",
    "two documents": _VALID + _VALID,
    "two lines": _VALID + b"\n" + _VALID,
    "single quotes": _VALID.replace(b'"', b"'"),
    "unquoted keys": _VALID.replace(b'"droneId"', b"droneId"),
    "comment": b"/* seen */" + _VALID,
    "base64 of a report": b"eyJkcm9uZUlkIjo3fQ==",
    "document is an array": b"[" + _VALID + b"]",
    "document is a string": raw(_VALID.decode()),
    "document is a number": b"7",
    "document is null": b"null",
    "document is true": b"true",
    "document is an empty object": b"{}",
    # text
    "byte order mark": b"\xef\xbb\xbf" + _VALID,
    "UTF-16": _VALID.decode().encode("utf-16"),
    "Latin-1": _VALID.decode().encode("latin-1", errors="replace"),
    "invalid UTF-8 in a name": _VALID.replace(b"Ada", b"Ad\xff"),
    "invalid UTF-8 in an unknown field": with_unknown(b'"\xc3\x28"'),
    "overlong UTF-8": _VALID.replace(b"Ada", b"Ad\xc1\xa1"),
    "surrogate as UTF-8": _VALID.replace(b"Ada", b"Ad\xed\xa0\x80"),
    "lone high surrogate": _VALID.replace(b"Ada", rb"Ad\ud800"),
    "lone low surrogate": _VALID.replace(b"queue", rb"\udc00"),
    "raw newline in a string": _VALID.replace(b"Ada", b"A\nda"),
    "unknown escape": _VALID.replace(b"Ada", rb"A\xda"),
    # size and depth
    "a byte too large": sized(MAX_BYTES + 1),
    "1 MiB": sized(1024 * 1024),
    "nested 101 deep": nested(101),
    "nested 200,000 deep": b"[" * 200_000,
    "nested 100,000 deep and closed": with_unknown(b"[" * 100_000 + b"]" * 100_000),
    "objects nested 20,000 deep": with_unknown(b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    # keys
    **{f"{field} is missing": _without(field) for field in _FIELDS},
    **{f"{field} is null": _changed(**{field: None}) for field in (*_FIELDS, *_OPTIONAL)},
    **{f"{key} is missing": _person_without(key) for key in person()},
    **{f"{key} is null": _person(**{key: None}) for key in person()},
    "droneId misspelt": _VALID.replace(b'"droneId"', b'"droneID"'),
    "droneId in snake case": _VALID.replace(b'"droneId"', b'"drone_id"'),
    "harmonyscore misspelt": _VALID.replace(b'"harmonyscore"', b'"harmonyScore"'),
    "persons misspelt": _VALID.replace(b'"persons"', b'"person"'),
    "persons nested in an envelope": raw({"payload": document()}),
    # reportId, schemaVersion
    "reportId is no UUID": _changed(reportId="report-7"),
    "reportId is empty": _changed(reportId=""),
    "reportId is cut": _changed(reportId=REPORT_ID[:-1]),
    "reportId with a digit that is none": _changed(reportId="g" + REPORT_ID[1:]),
    "reportId with a newline": _changed(reportId=REPORT_ID + "\n"),
    "reportId with a space": _changed(reportId=" " + REPORT_ID),
    "reportId is a number": _changed(reportId=7),
    "schemaVersion 0": _changed(schemaVersion=0),
    "schemaVersion 2": _changed(schemaVersion=2),
    "schemaVersion -1": _changed(schemaVersion=-1),
    "schemaVersion 1.0": _spelt("schemaVersion", b"1.0"),
    "schemaVersion is a string": _changed(schemaVersion="1"),
    "schemaVersion is true": _changed(schemaVersion=True),
    # droneId
    "droneId -1": _changed(droneId=-1),
    "droneId 2^31": _changed(droneId=2**31),
    "droneId 2^64": _changed(droneId=2**64),
    "droneId 7.0": _spelt("droneId", b"7.0"),
    "droneId 7e0": _spelt("droneId", b"7e0"),
    "droneId 7.5": _changed(droneId=7.5),
    "droneId 007": _spelt("droneId", b"007"),
    "droneId of 5,000 digits": _spelt("droneId", _DIGITS),
    "droneId is a string": _changed(droneId="7"),
    "droneId is true": _changed(droneId=True),
    # time
    "time without a zone": _changed(time="2026-11-24T16:38:17.123"),
    "time with +0200": _changed(time="2026-11-24T16:38:17+0200"),
    "time with +02": _changed(time="2026-11-24T16:38:17+02"),
    "time with +24:00": _changed(time="2026-11-24T16:38:17+24:00"),
    "time with +01:60": _changed(time="2026-11-24T16:38:17+01:60"),
    "time with +99:99": _changed(time="2026-11-24T16:38:17+99:99"),
    "time with a zone's name": _changed(time="2026-11-24T16:38:17 Europe/Paris"),
    "time without a clock": _changed(time="2026-11-24"),
    "time without seconds": _changed(time="2026-11-24T16:38Z"),
    "time with a bare point": _changed(time="2026-11-24T16:38:17.Z"),
    "time with a comma": _changed(time="2026-11-24T16:38:17,123Z"),
    "time with a newline": _changed(time="2026-11-24T16:38:17Z\n"),
    "time in basic form": _changed(time="20261124T163817Z"),
    "time in other digits": _changed(time="٢٠٢٦-11-24T16:38:17Z"),
    "time in week form": _changed(time="2026-W48-2T16:38:17Z"),
    "time at hour 24": _changed(time="2026-11-24T24:00:00Z"),
    "time at minute 60": _changed(time="2026-11-24T16:60:00Z"),
    "time at a leap second": _changed(time="2016-12-31T23:59:60Z"),
    "time at second 61": _changed(time="2026-11-24T16:38:61Z"),
    "time on 30 February": _changed(time="2026-02-30T16:38:17Z"),
    "time on 29 February of 2100": _changed(time="2100-02-29T00:00:00Z"),
    "time in month 13": _changed(time="2026-13-24T16:38:17Z"),
    "year 0000": _changed(time="0000-11-24T16:38:17Z"),
    "year 0001 before its own zone": _changed(time="0001-01-01T00:00:00+23:59"),
    "year 1999": _changed(time="1999-12-31T23:59:59.999Z"),
    "year 2101": _changed(time="2101-01-01T00:00:00Z"),
    "year 9999 behind its own zone": _changed(time="9999-12-31T23:59:59-23:59"),
    "year 99999": _changed(time="99999-11-24T16:38:17Z"),
    "time is empty": _changed(time=""),
    "time in milliseconds": _changed(time=1795538297123),
    "time as digits": _changed(time="1795538297123"),
    # place
    "latitude 90.1": _changed(latitude=90.1),
    "latitude -90.0001": _changed(latitude=-90.0001),
    "longitude -180.1": _changed(longitude=-180.1),
    "longitude 181": _changed(longitude=181),
    "latitude NaN": _spelt("latitude", b"NaN"),
    "longitude Infinity": _spelt("longitude", b"Infinity"),
    "longitude -Infinity": _spelt("longitude", b"-Infinity"),
    "latitude 1e400": _spelt("latitude", b"1e400"),
    "longitude -1e400": _spelt("longitude", b"-1e400"),
    "latitude of 5,000 digits": _spelt("latitude", _DIGITS),
    "latitude +48": _spelt("latitude", b"+48"),
    "latitude .5": _spelt("latitude", b".5"),
    "latitude 48.": _spelt("latitude", b"48."),
    "latitude is a string": _changed(latitude="48.8566"),
    "longitude is true": _changed(longitude=True),
    "place is an array": _changed(latitude=[48.8566, 2.3522]),
    # persons
    "score -1": _person(harmonyscore=-1),
    "score 11": _person(harmonyscore=11),
    "score 1.0": _score(b"1.0"),
    "score 1e0": _score(b"1e0"),
    "score 1.5": _score(b"1.5"),
    "score 0x1": _score(b"0x1"),
    "score 01": _score(b"01"),
    "score NaN": _score(b"NaN"),
    "score 1e400": _score(b"1e400"),
    "score of 5,000 digits": _score(_DIGITS),
    "score is a string": _person(harmonyscore="1"),
    "score is true": _person(harmonyscore=True),
    "score is an array": _person(harmonyscore=[1]),
    "persons is an object": _changed(persons=person()),
    "persons is a string": _changed(persons="Ada Byron"),
    "person is a string": _changed(persons=["Ada Byron"]),
    "person is an array": _changed(persons=[["Ada", "Byron", 1]]),
    "person is null": _changed(persons=[None]),
    "1001 persons": _changed(persons=[person()] * 1001),
    "firstname is empty": _person(firstname=""),
    "lastname is empty": _person(lastname=""),
    "firstname of 201 characters": _person(firstname="a" * 201),
    "lastname of 201 characters": _person(lastname="é" * 201),
    "firstname is a number": _person(firstname=7),
    "lastname is an object": _person(lastname={"de": "Byron"}),
    # words
    "words is an object": _changed(words={"queue": 1}),
    "words is a string": _changed(words="queue tax"),
    "word is a number": _changed(words=["queue", 7]),
    "word is null": _changed(words=["queue", None]),
    "word is an array": _changed(words=[["queue"]]),
    "word is empty": _changed(words=["queue", ""]),
    "word of 201 characters": _changed(words=["w" * 201]),
    "1001 words": _changed(words=["w"] * 1001),
    # and several at once
    "good values under foreign keys": raw({"id": 7, "timestamp": "2026-11-24T16:38:17Z", "people": [], "tags": []}),
}

# As the system before ours wrote them.
LEGACY = (
    b'{"droneId": 12, "time": "2023-06-29T14:38:17Z", "latitude": 50.63, "longitude": 3.06,'
    b' "persons": [{"firstname": "Ada", "lastname": "Byron", "harmonyscore": 0}], "words": ["rain", "late"]}'
)

WELL_FORMED: dict[str, bytes] = {
    "as we write it": _VALID,
    "as the system before ours wrote it": LEGACY,
    "without reportId": _without("reportId"),
    "without schemaVersion": _without("schemaVersion"),
    "spread over lines": json.dumps(document(), indent=2).encode(),
    "white space around": b" \r\n\t" + _VALID + b"\n",
    "keys in another order": raw(dict(reversed(document().items()))),
    "year 2000": _changed(time="2000-01-01T00:00:00Z"),
    "year 2000 by its zone only": _changed(time="1999-12-31T23:30:00-01:00"),
    "year 2040": _changed(time="2040-02-29T16:38:17.000Z"),
    "year 2099": _changed(time="2099-12-31T23:59:59.999Z"),
    "year 2100": _changed(time="2100-12-31T23:59:59.999Z"),
    "whole seconds": _changed(time="2026-11-24T16:38:17Z"),
    "a tenth of a second": _changed(time="2026-11-24T16:38:17.1Z"),
    "microseconds": _changed(time="2026-11-24T16:38:17.123999Z"),
    "picoseconds": _changed(time="2026-11-24T16:38:17.999999999999Z"),
    "zone east": _changed(time="2026-11-24T18:38:17.123+02:00"),
    "zone west of midnight": _changed(time="2026-12-31T20:38:17.123-09:30"),
    "zone -00:00": _changed(time="2026-11-24T16:38:17.123-00:00"),
    "upper-case reportId": _changed(reportId=REPORT_ID.upper()),
    "largest droneId": _changed(droneId=2**31 - 1),
    "droneId 0": _changed(droneId=0),
    "at the pole": _changed(latitude=-90, longitude=180),
    "latitude an integer": _changed(latitude=48),
    "latitude -0": _spelt("latitude", b"-0"),
    "latitude -0.0": _spelt("latitude", b"-0.0"),
    "latitude with an exponent": _spelt("latitude", b"488566E-4"),
    "longitude of many digits": _spelt("longitude", b"2." + b"3" * 400),
    "longitude 1e-400": _spelt("longitude", b"1e-400"),
    "nobody": _changed(persons=[]),
    "1000 persons": _changed(persons=[person()] * 1000),
    "scores 0 and 10": _changed(persons=[person(harmonyscore=0), person(harmonyscore=10)]),
    "score 0 after a space": _score(b" 0"),
    "harmonyscore in escapes": _VALID.replace(b'"harmonyscore"', rb'"harmony\u0073core"'),
    "droneId in escapes": _VALID.replace(b'"droneId"', rb'"\u0064roneId"'),
    "name in escapes": _VALID.replace(b"Ada", rb"\u0041da"),
    "emoji as two escapes": _VALID.replace(b"Ada", rb"\ud83d\ude42"),
    "NUL in a name": _VALID.replace(b"Ada", rb"A\u0000da"),
    "quotes and brackets in a name": _person(firstname='A"d\\a', lastname="]}[{"),
    "a name from right to left": _person(firstname="\u202eadA", lastname="@everyone"),
    "names of one and 200 characters": _person(firstname="A", lastname="🙂" * 200),
    "no words": _changed(words=[]),
    "1000 words": _changed(words=["w"] * 1000),
    "brackets in words": _changed(words=["\\", "[" * 150, "{" * 150, '\\"[{', "\\"]),
    "an unknown field": with_unknown(b'{"rain":true,"wind":[null,1.5e3,"\\u0041"]}'),
    "an unknown field of a person": _person(mood="low"),
    "a field of alerts": _changed(alertId="none", threshold=None, raisedAt=7),
    "nested 100 deep": nested(100),
    "many brackets side by side": with_unknown(b"[" + b"[]," * 5000 + b"[]]"),
    "exactly 256 KiB": sized(MAX_BYTES),
}
