"""What to leave with when typer has lost the reason, or the system refuses a place."""

import errno
import os
import sys

from harmonystate.errors import Busy, HarmonyError, Misconfigured

_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ELOOP}
_FULL = {errno.ENOSPC, errno.EDQUOT}


def exit_code_of(leaving: SystemExit) -> str | int | None:
    """Return what to leave with: typer makes a plain 1 of ^C and of a reader that went away."""
    cause: BaseException | None = leaving if leaving.code == 1 else None
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return 130
        if isinstance(cause, BrokenPipeError):
            # Be quiet, as `| head` expects, also when Python flushes stdout at its own end.
            _send_nowhere(1)
            return 141
        cause = cause.__context__
    return leaving.code


def refusal_of(fault: OSError) -> HarmonyError | None:
    """Return what a user can mend of it: a place that cannot be used, or is full; None when it may be a bug of ours."""
    place = "" if fault.filename is None else f" {fault.filename}"
    if fault.errno in _FULL:  # a write that finds no room names no place
        return Busy(f"cannot write{place} ({fault.strerror}): make room, and try again")
    if place and fault.errno in _CLOSED:
        way_out = "let harmony use it, or name another place (local.home; for jars XDG_CACHE_HOME)"
        return Misconfigured(f"cannot use{place} ({fault.strerror}): {way_out}")
    return None


def drop_what_cannot_be_written() -> None:
    """Drop what stdout and stderr do not take: Python would try again at its very end, and then leave with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _send_nowhere(stream.fileno())


def _send_nowhere(stream: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
