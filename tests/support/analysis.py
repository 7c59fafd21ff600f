"""Reports for analyze to read, and the four answers worked out a second time, in plain Python."""

import math
import random
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args

from harmonystate.config import CassandraSettings
from harmonystate.core.report import Person, Report
from harmonystate.core.retention import seconds_to_keep
from harmonystate.edges.cassandra.hours import mark_changed

_INSERT = (
    "INSERT INTO report (hour, shard, droneid, time, reportid, latitude, longitude, persons, words) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TTL ?"
)
# Few, so that they meet and tie; the order by code points is not that of any alphabet.
_FIRST = ("Ada", "ada", "Émile", "Zoë", "\uffee", "🙂")
_LAST = ("Byron", "Ångström", "zz", "von der Leyen", "李")


def some_reports(seed: int, *, start: datetime, hours: int, each: int) -> list[Report]:
    """Return reports of random minutes: persons of few names, some twice in a report, some reports with nobody."""
    chance = random.Random(seed)
    return [
        Report(
            report_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            drone_id=chance.randrange(9),
            time=start + timedelta(hours=hour, milliseconds=chance.randrange(3_600_000)),
            latitude=48.8566,
            longitude=2.3522,
            persons=tuple(_person(chance) for _ in range(chance.choice((0, 1, 1, 2, 3, 5)))),
            words=("queue",),
        )
        for hour in range(hours)
        for _ in range(each)
    ]


def _person(chance: random.Random) -> Person:
    return Person(chance.choice(_FIRST), chance.choice(_LAST), chance.choice((0, 1, 2, 3, 5, 8, 10)))


def store_reports(
    session: Session, reports: Sequence[Report], settings: CassandraSettings, *, now: datetime | None = None
) -> None:
    """Store reports as ingest does, and mark their hours."""
    moment = now or datetime.now(UTC)
    rows = []
    for report in reports:
        hour = report.time.replace(minute=0, second=0, microsecond=0)
        ttl = seconds_to_keep(report.time, keep=settings.report_ttl, now=moment)
        place = (hour, report.drone_id % settings.shards, report.drone_id, report.time, uuid.UUID(report.report_id))
        persons = [(person.firstname, person.lastname, person.score) for person in report.persons]
        rows.append((*place, report.latitude, report.longitude, persons, report.words, ttl))
    execute_concurrent_with_args(session, session.prepare(_INSERT), rows, raise_on_first_error=True)
    mark_changed(session, {row[0] for row in rows}, settings=settings, now=moment)


def expected_answers(reports: Iterable[Report], *, threshold: int = 2, top: int = 10) -> dict[str, Any]:
    """Return saddest, harmonyscores, persons and badpersons as `harmony analyze -o json` shows them."""
    scores, seen, bad = defaultdict(list), defaultdict(set), defaultdict(set)
    sightings: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for report in reports:
        minute = f"{report.time:%Y-%m-%dT%H:%M}:00.000Z"
        seen[minute] |= set()
        bad[minute] |= set()
        for person in report.persons:
            name = (person.lastname, person.firstname)
            scores[minute].append(person.score)
            seen[minute].add(name)
            sightings[name].append(person.score < threshold)
            if person.score < threshold:
                bad[minute].add(name)
    return {
        "saddest": _saddest(sightings, top),
        "harmonyscores": _series({minute: sum(some) / len(some) for minute, some in scores.items()}),
        "persons": _series({minute: len(names) for minute, names in seen.items()}),
        "badpersons": _series({minute: len(names) for minute, names in bad.items()}),
    }


def _series(values: dict[str, float]) -> list[dict[str, Any]]:
    return [{"time": minute, "value": values[minute]} for minute in sorted(values)]


def _saddest(sightings: dict[tuple[str, str], list[bool]], top: int) -> list[dict[str, Any]]:
    rows = [(sum(all_of), _wilson(sum(all_of), len(all_of)), len(all_of), name) for name, all_of in sightings.items()]
    rows = sorted((row for row in rows if row[0]), key=lambda row: (-row[0], -row[1], row[3]))[:top]
    return [
        {
            "rank": rank,
            "firstname": first,
            "lastname": last,
            "sad": sad,
            "sightings": count,
            "share": sad / count,
            "share_low": low,
        }
        for rank, (sad, low, count, (last, first)) in enumerate(rows, start=1)
    ]


def _wilson(sad: int, n: int) -> float:
    """The lower root of the quadratic equation whose solution Wilson's interval is."""
    z2 = 1.96**2
    a, b, c = n + z2, -(2 * sad + z2), sad**2 / n
    return max(0.0, (-b - math.sqrt(b**2 - 4 * a * c)) / (2 * a))
