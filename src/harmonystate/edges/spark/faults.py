"""What ended a query: whether trying again can help, and in one line why."""

import re

from harmonystate.errors import BadInput, HarmonyError, Unavailable

# Spark says this in several places and words; all of them name the partition and the offsets.
_DATA_LOSS = re.compile(
    r"[^\n]*(?:data (?:may|might) have been (?:lost|missed)|are gone\. Some data may)[^\n]*", re.IGNORECASE
)
_DAMAGED = re.compile(r"Incomplete log file[^\n]*|Malformed log file[^\n]*|[^\n]*Failed to read[^\n]*metadata[^\n]*")


def refuse_final(fault: BaseException, checkpoint: str) -> None:
    """Raise what trying again cannot mend; return when it can.

    Raises:
        BadInput: records are gone that were not read yet, or the checkpoint is damaged.
        HarmonyError: `fault` itself, unless a service was away.
        Exception: `fault` itself, when it is a bug of ours.
    """
    if isinstance(fault, HarmonyError) and not isinstance(fault, Unavailable):
        raise fault
    text = str(fault)
    if lost := _DATA_LOSS.search(text):
        raise BadInput(f"records are gone that ingest has not read: {lost[0].strip()}")
    if damaged := _DAMAGED.search(text):
        raise BadInput(f"the checkpoint {checkpoint} is damaged ({damaged[0].strip()}): remove it")


def cause_of(fault: BaseException) -> str:
    """Return the innermost cause in one line."""
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return (causes or lines or [type(fault).__name__])[-1 if causes else 0]
