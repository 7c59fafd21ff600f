"""trace: one report through topics, alert, delivery, row and statistics, with its age at each step."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harmonystate.config import Config
from harmonystate.core.dead_letter import read_burial
from harmonystate.core.delivery import SILENCED, DeliveryNote
from harmonystate.core.durations import parse_moment
from harmonystate.core.message import link_of
from harmonystate.core.moments import from_ms
from harmonystate.core.record import Place
from harmonystate.core.report import Report
from harmonystate.core.trail import Step, Trail, Wanted
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.traces import FoundRow, find_row, read_minute, search_row
from harmonystate.edges.console.meter import Meter, metering
from harmonystate.edges.console.trail import write_trail
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.connect import require
from harmonystate.edges.kafka.records import Record, place_of
from harmonystate.edges.kafka.survey import Surveyor
from harmonystate.errors import BadUsage, CheckFailed

if TYPE_CHECKING:
    from cassandra.cluster import Session


def run(config: Config, identity: str, *, since: str | None, output: str) -> int:
    """Look everywhere, and show what was found.

    Raises:
        BadUsage: when `identity` is no UUID, or `since` no moment.
        CheckFailed: when nothing was found.
    """
    wanted, begin = _parse(identity, since)
    require(config.kafka, config.kafka.topics.model_dump(exclude={"silence"}).values())
    with open_session(config.cassandra) as session, metering("trace") as meter, answering(config.kafka):
        with Surveyor(config.kafka) as surveyor:
            search = _Search(config, wanted, surveyor, since=begin, meter=meter)
            search.topics()
        trail = search.tables(session)
    if not trail.steps:
        raise CheckFailed(f"no report and no alert of id {wanted.asked} is in Kafka or Cassandra")
    write_trail(trail, output=output)
    return 0


def _parse(identity: str, since: str | None) -> tuple[Wanted, datetime | None]:
    try:
        wanted = Wanted(identity)
    except ValueError:
        raise BadUsage(f"{identity}: expected a reportId or an alertId, which are UUIDs") from None
    try:
        return wanted, parse_moment(since, now=datetime.now(UTC)) if since else None
    except ValueError as fault:
        raise BadUsage(f"--since {since}: {fault}") from None


class _Search:
    def __init__(
        self, config: Config, wanted: Wanted, surveyor: Surveyor, *, since: datetime | None, meter: Meter
    ) -> None:
        self._config, self._topics = config, config.kafka.topics
        self._wanted, self._surveyor, self._since, self._meter = wanted, surveyor, since, meter
        self._report: Report | None = None
        self._reports: list[Step] = []
        self._later: list[Step] = []
        self._places: set[Place] = set()

    def topics(self) -> None:
        """Read the alerts first: an alertId tells which report it is of only there."""
        for record in self._read(self._topics.alert):
            if raised := self._wanted.take_alert(record.value):
                self._report = raised.alert.report
                told = f"threshold {raised.threshold}, sad {len(raised.alert.sad)}"
                self._note(self._later, "raised", "", raised.raised_at, told)
                self._note(self._later, "alert", record)
        for topic in dict.fromkeys([self._topics.global1, self._topics.global2]):
            for record in self._read(topic):
                if report := self._wanted.take_report(record.value):
                    self._report = report
                    self._note(self._reports, topic, record)
        for record in self._read(self._topics.delivery):
            if note := self._wanted.take_delivery(record.value):
                at = note.told_at() or from_ms(record.timestamp)
                became = "silenced" if note.kind == SILENCED else "delivered"
                self._note(self._later, became, self._where(note), at, f"{note.kind} {note.message_id}")
                self._note(self._later, "delivery", record)
        for record in self._read(self._topics.dead_letter):
            buried = read_burial(record.headers)
            if (buried and buried.place in self._places) or self._wanted.mentions(record.value):
                told = f"by {buried.stage}: {buried.fault}, record {buried.place}" if buried else ""
                self._note(self._later, "dead letter", record, detail=told)

    def tables(self, session: "Session") -> Trail:
        """Look up the row and the statistics of its minute."""
        settings = self._config.cassandra
        if self._report is not None:
            row = find_row(session, settings, self._report)
        else:
            row = search_row(session, settings, self._wanted.report_id)
        steps = [*self._reports, *self._later]
        if row is not None:
            self._report = self._report or row.report
            steps.append(Step("row", f"hour {row.report.time:%Y-%m-%dT%H}", row.written, _tell_row(row, self._report)))
        if self._report is not None:
            minute = read_minute(session, settings, self._report.time)
            steps += [
                Step("minute", f"{name} {self._report.time:%H:%M}", None, f"{value:g}")
                for name, value in zip(("harmonyscores", "persons", "badpersons"), minute, strict=True)
                if value is not None
            ]
        return Trail(self._wanted.report_id, self._wanted.alert_id, self._report, steps)

    def _where(self, note: DeliveryNote) -> str:
        """Return where an alert was told: a message of Discord, the terminal's word, or a silence's."""
        if not note.channel_id.isdecimal():
            return note.channel_id
        from harmonystate.edges.discord.guilds import guilds_of

        guild = guilds_of(self._config.discord, [note.channel_id]).get(note.channel_id)
        return link_of(note.channel_id, note.message_id, guild=guild)

    def _note(
        self, steps: list[Step], name: str, where: Record | str, at: datetime | None = None, detail: str = ""
    ) -> None:
        if isinstance(where, str):
            steps.append(Step(name, where, at, detail))
            return
        place = place_of(where)
        self._places.add(place)
        steps.append(Step(name, str(place), from_ms(where.timestamp), detail))

    def _read(self, topic: str) -> Iterator[Record]:
        return self._meter.reading(topic, self._surveyor.read(topic, since=self._since))


def _tell_row(row: FoundRow, report: Report) -> str:
    told = "as in Kafka" if row.report == report else "differs from what is in Kafka"
    return told if row.left_s is None else f"{told}, kept for {row.left_s // 3600} h"
