"""One report through topics and tables: where it stands, since when, and how old it was at each step."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from harmonystate.core import ids
from harmonystate.core.alert import RaisedAlert
from harmonystate.core.delivery import DeliveryNote, read_note
from harmonystate.core.report import Report
from harmonystate.core.wire import NotAReport, decode_alert, decode_report

# JSON's escapes; the digits of one that spells a character of an id.
_ESCAPE = re.compile(rb"\\(?:u00([0-7][0-9a-fA-F])|.)", re.DOTALL)


class Step(Struct, frozen=True):
    """Something that became of the report.

    Attributes:
        name: "global1", "alert raised", "row" and the like.
        where: a place, a link, a key; empty = nowhere.
        at: when it came there; UTC, None = not known.
        detail: what else is to be said; never a name.
    """

    name: str
    where: str
    at: datetime | None = None
    detail: str = ""


class Trail(Struct):
    """All that was found of one report.

    Attributes:
        report: None when only its delivery or a dead letter was found.
    """

    report_id: str
    alert_id: str
    report: Report | None
    steps: list[Step]

    def age_s(self, step: Step) -> float | None:
        """Return how long after the report's event time a step came, seconds; None = not known."""
        if self.report is None or step.at is None:
            return None
        return (step.at - self.report.time) / timedelta(seconds=1)


class Wanted:
    """Finds the records of one report or alert among many; only those that may be it are parsed."""

    def __init__(self, identity: str) -> None:
        """Look for a reportId or an alertId.

        Raises:
            ValueError: when it is no UUID.
        """
        self.asked = str(UUID(identity))
        self.report_id, self.alert_id = self.asked, ids.alert_id(self.asked)

    def take_alert(self, value: bytes | None) -> RaisedAlert | None:
        """Return the alert, if this is it; its report is looked for from then on."""
        if not value or not self._may_be(value, self.report_id, self.alert_id, self.asked):
            return None
        try:
            raised = decode_alert(value)
        except NotAReport:
            return None
        if self.asked not in (raised.alert_id, raised.alert.report.report_id):
            return None
        self.report_id, self.alert_id = raised.alert.report.report_id, raised.alert_id
        return raised

    def take_report(self, value: bytes | None) -> Report | None:
        """Return the report, if this is it."""
        # One that brings no id has one all the same: that of its text.
        if not value or (b'"reportId"' in value and not self._may_be(value, self.report_id)):
            return None
        try:
            report = decode_report(value)
        except NotAReport:
            return None
        return report if report.report_id == self.report_id else None

    def take_delivery(self, value: bytes | None) -> DeliveryNote | None:
        """Return what a delivery says, if it is of this alert."""
        if not value or not self._may_be(value, self.alert_id, self.asked):
            return None
        note = read_note(value)
        return note if note and note.alert_id in (self.alert_id, self.asked) else None

    def mentions(self, value: bytes | None) -> bool:
        """Say whether a record that is no report bears the report's id, as it is or spelt with escapes."""
        return bool(value) and self._may_be(value or b"", self.report_id)

    @staticmethod
    def _may_be(value: bytes, *identities: str) -> bool:
        # An escape may hide an id; in what is no JSON a backslash may stand before one.
        texts = [value.lower()]
        if b"\\" in value:
            texts.append(_ESCAPE.sub(_unescaped, value).lower())
        return any(identity.encode() in text for identity in identities for text in texts)


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[1].decode()) if escape[1] else escape[0]
