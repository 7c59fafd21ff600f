"""Hypothesis strategies of persons, reports, and reports in wire form, all within the bounds of the contract."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from harmonystate.core.report import Person, Report

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC) - timedelta(milliseconds=1)

# Everything UTF-8 can hold, with what JSON has to escape more often than chance would have it.
_characters = st.one_of(st.sampled_from('"\\/[]{}\n\t\x00\x1f\x7f\u2028é🙂'), st.characters(codec="utf-8"))
names = st.text(_characters, min_size=1, max_size=200)
persons = st.builds(Person, firstname=names, lastname=names, score=st.integers(0, 10))
report_ids = st.uuids().map(str)
times = st.integers(0, (LAST - FIRST) // timedelta(milliseconds=1)).map(lambda ms: FIRST + timedelta(milliseconds=ms))
reports = st.builds(
    Report,
    report_id=report_ids,
    drone_id=st.integers(0, 2**31 - 1),
    time=times,
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    persons=st.lists(persons, max_size=6).map(tuple),
    words=st.lists(names, max_size=6).map(tuple),
)


def as_document(report: Report) -> dict[str, Any]:
    """Return the wire form of `report`, written independently of core.wire."""
    return {
        "reportId": report.report_id,
        "droneId": report.drone_id,
        "time": report.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "latitude": report.latitude,
        "longitude": report.longitude,
        "persons": [
            {"firstname": person.firstname, "lastname": person.lastname, "harmonyscore": person.score}
            for person in report.persons
        ],
        "words": list(report.words),
        "schemaVersion": 1,
    }


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a report in wire form, with or without the keys that may be absent."""
    document = as_document(draw(reports))
    for optional in draw(st.sets(st.sampled_from(["reportId", "schemaVersion"]))):
        del document[optional]
    return document
