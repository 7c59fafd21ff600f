"""What `harmony doctor` finds: lines that are ok, a warning or a failure, each with what to do and where to read on."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

PAGE = "docs/doctor.md"


class Level(StrEnum):
    """How it stands; only a failure makes the command end with 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """One line of what a check saw.

    Attributes:
        says: what is so, naming the thing; never a secret.
        hint: what to do about it; empty = what the check always advises.
    """

    level: Level
    says: str
    hint: str = ""


class Check(NamedTuple):
    """A finding in its place.

    Attributes:
        id: of what was checked, and its heading on the page.
    """

    id: str
    level: Level
    says: str
    hint: str

    @property
    def page(self) -> str:
        """Where to read on; empty when all is well."""
        return "" if self.level is Level.OK else f"{PAGE}#{self.id}"


class Examined(NamedTuple):
    """What came out for one category, such as kafka."""

    name: str
    checks: Sequence[Check]


def ok(says: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(Level.OK, says)


def warn(says: str, hint: str = "") -> Finding:
    """Return that something works, and will not for ever or not as well as it could."""
    return Finding(Level.WARN, says, hint)


def fail(says: str, hint: str = "") -> Finding:
    """Return that something does not work."""
    return Finding(Level.FAIL, says, hint)


def place(finding: Finding, check_id: str, advice: str) -> Check:
    """Put a finding in its place; only what is not ok needs advice."""
    hint = "" if finding.level is Level.OK else finding.hint or advice
    return Check(check_id, finding.level, finding.says, hint)


def has_failed(checks: Iterable[Check]) -> bool:
    """Say whether any of them is a failure."""
    return any(check.level is Level.FAIL for check in checks)


def count(examined: Iterable[Examined], level: Level) -> int:
    """Count the lines of a level."""
    return sum(check.level is level for category in examined for check in category.checks)
