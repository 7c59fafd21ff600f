"""A category of checks, and what runs it: whatever a check raises is a finding too, for the doctor is the report."""

import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple

import structlog

from harmonystate.config import Config
from harmonystate.core.checkup import Check, Examined, Finding, fail, has_failed, place
from harmonystate.errors import HarmonyError

AGAIN_S = 1.0
_log = structlog.get_logger("harmony.doctor")


class Look(NamedTuple):
    """One check.

    Attributes:
        id: its heading in docs/doctor.md.
        advice: what to do when it finds something, and says nothing better.
        find: yields what it finds; a HarmonyError that it raises is a failure.
        vital: nothing behind it in its category can be looked at when it fails.
    """

    id: str
    advice: str
    find: Callable[[Config], Iterable[Finding]]
    vital: bool = False


class Category(NamedTuple):
    """Checks that belong together, the vital ones first."""

    name: str
    looks: tuple[Look, ...]


def examine(category: Category, config: Config) -> Examined:
    """Look at all of a category, up to a vital check that fails."""
    checks: list[Check] = []
    for look in category.looks:
        found = [place(finding, look.id, look.advice) for finding in _find(look, config)]
        checks += found
        if look.vital and has_failed(found):
            break
    return Examined(category.name, checks)


def examine_until(category: Category, config: Config, *, is_over: Callable[[], bool]) -> Examined:
    """Look again, once a second, while anything fails and `is_over` says that there is time."""
    while has_failed((examined := examine(category, config)).checks) and not is_over():
        threading.Event().wait(AGAIN_S)
    return examined


def _find(look: Look, config: Config) -> list[Finding]:
    found: list[Finding] = []
    try:
        # One by one: what was found before the fault is told too.
        for finding in look.find(config):
            found.append(finding)
    except HarmonyError as fault:
        found.append(fail(str(fault)))
    except Exception as fault:  # noqa: BLE001 - a broken thing breaks in ways that nobody has thought of
        _log.warning("a check failed in a way that it does not know", check=look.id, exc_info=True)
        what = " ".join(f"{type(fault).__name__}: {fault}".split())[:200]
        found.append(fail(f"cannot be looked at: {what}", "read the traceback on stderr"))
    return found
