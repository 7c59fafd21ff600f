"""Alerts for tests of what tells them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from harmonystate.core import ids
from harmonystate.core.alert import RaisedAlert, alert_from
from harmonystate.core.report import Person, Report
from harmonystate.core.wire import encode_alert, encode_report
from tests.support.strategies import persons, reports

HEARD = datetime(2026, 11, 24, 16, 38, 17, 123_000, tzinfo=UTC)


class Row(NamedTuple):
    """A record of the topic alert as Kafka's client would give it."""

    value: bytes | None
    offset: int = 0
    partition: int = 0
    key: bytes | None = b"7"
    topic: str = "alert"
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


def raised(
    number: int,
    *scores: int,
    drone: int = 7,
    run: str = "run",
    heard: datetime = HEARD,
    threshold: int = 2,
    latitude: float = 48.8566,
) -> RaisedAlert:
    """Return alert `number` of a run: one person for each score, and the first of them sad."""
    seen = tuple(Person(f"First{place}", f"Last{place}", score) for place, score in enumerate(scores or (1, 7)))
    report = Report(ids.report_id(run, drone, number), drone, heard, latitude, 2.3522, seen, ("queue", "tax"))
    return as_raised(report, threshold)


def as_raised(report: Report, threshold: int) -> RaisedAlert:
    """Return the alert that a report with a sad person leads to."""
    alert = alert_from(report, threshold=threshold)
    assert alert is not None
    return RaisedAlert(alert, ids.alert_id(report.report_id), threshold, report.time + timedelta(milliseconds=40))


def encoded(alert: RaisedAlert) -> bytes:
    """Return an alert as stream-alerts writes it."""
    original = encode_report(alert.alert.report)
    return encode_alert(alert.alert, original, threshold=alert.threshold, raised_at=alert.raised_at)


def row(alert: RaisedAlert, offset: int = 0, partition: int = 0) -> Row:
    """Return the record of an alert."""
    return Row(encoded(alert), offset, partition, b"%d" % alert.alert.report.drone_id)


# Names that want to be more than names: mentions, links, markup, other directions of writing, and very long ones.
_hostile = st.sampled_from(
    [
        *(
            "@everyone",
            "@here",
            "<@700000000000000001>",
            "<#1>",
            "<:a:1>",
            "[x](http://evil.example)",
            "http://evil.example",
        ),
        *(
            "**b**",
            "||s||",
            "`c`",
            "# h",
            "> q",
            "-# s",
            "- l",
            "~~",
            "\\",
            "\\\\*",
            "\u202eevil",
            "\u2066x\u2069",
            "\u200b",
        ),
        *(
            "\n",
            "\r\n",
            "\x00",
            "\t",
            " ",
            "alert 0bbb2ec6-3618-5220-acfe-63286c040406",
            "🙂" * 200,
            "*" * 200,
            "x" * 200,
        ),
    ]
)
hostile_names = st.one_of(_hostile, st.lists(_hostile, min_size=1, max_size=4).map(lambda parts: "".join(parts)[:200]))
_people = st.one_of(persons, st.builds(Person, hostile_names, hostile_names, st.integers(0, 10)))
_many = st.integers(1, 1000)
_crowds = st.one_of(
    st.lists(_people, min_size=1, max_size=6),
    st.builds(lambda person, times: [person] * times, _people, _many),
)


@st.composite
def alerts(draw: st.DrawFn) -> RaisedAlert:
    """Draw an alert: any report within the contract's bounds that has a sad person, with hostile names among them."""
    crowd = tuple(draw(_crowds))
    threshold = draw(st.integers(min(person.score for person in crowd) + 1, 11))
    report = draw(reports)
    words = draw(st.one_of(st.just(report.words), st.builds(lambda word, times: (word,) * times, hostile_names, _many)))
    changed = {name: getattr(report, name) for name in report.__struct_fields__}
    return as_raised(Report(**{**changed, "persons": crowd, "words": words}), threshold)
