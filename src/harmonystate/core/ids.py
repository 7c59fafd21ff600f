"""Ids that are the same whenever the same thing is seen again: a replay never makes a second report or alert."""

from uuid import UUID, uuid5

# One namespace for every id of ours (RFC 9562, section 5.5). Changing it would double every alert on a replay.
HARMONY = UUID("6f1d2ad7-6b0f-5a55-9a0c-6d1a1e0f7c3b")


def report_id(run: str, drone_id: int, sequence: int) -> str:
    """Return the id of the report that `drone_id` makes as number `sequence` of `run`."""
    return str(uuid5(HARMONY, f"{run}/{drone_id}/{sequence}"))


def id_of_text(text: str) -> str:
    """Return the id of a record that brought none: the same text is the same report."""
    return str(uuid5(HARMONY, text))


def alert_id(of_report: str) -> str:
    """Return the id of the alert that the report `of_report` (canonical lower case) leads to."""
    return str(uuid5(HARMONY, of_report))
