"""What to leave with when typer has lost the reason."""

import os


def exit_code_of(leaving: SystemExit) -> str | int | None:
    """Return what to leave with: typer makes a plain 1 of ^C and of a reader that went away."""
    cause: BaseException | None = leaving if leaving.code == 1 else None
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return 130
        if isinstance(cause, BrokenPipeError):
            # Be quiet, as `| head` expects, also when Python flushes stdout at its own end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return 141
        cause = cause.__context__
    return leaving.code
