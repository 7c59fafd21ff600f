"""Ids that are the same whenever the same thing is seen again: a replay never makes a second report or alert."""

from hashlib import sha1
from uuid import UUID

# One namespace for every id of ours (RFC 9562, section 5.5). Changing it would double every alert on a replay.
HARMONY = UUID("6f1d2ad7-6b0f-5a55-9a0c-6d1a1e0f7c3b")
_NAMESPACE = HARMONY.bytes


def report_id(run: str, drone_id: int, sequence: int) -> str:
    """Return the id of the report that `drone_id` makes as number `sequence` of `run`."""
    return _uuid5(f"{run}/{drone_id}/{sequence}")


def id_of_text(text: str) -> str:
    """Return the id of a record that brought none: the same text is the same report."""
    return _uuid5(text)


def alert_id(of_report: str) -> str:
    """Return the id of the alert that the report `of_report` (canonical lower case) leads to."""
    return _uuid5(of_report)


def _uuid5(name: str) -> str:
    """Return str(uuid.uuid5(HARMONY, name)) in a third of the time: every report needs one."""
    digest = sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
