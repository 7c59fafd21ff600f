"""`harmony …` processes of our own, each in a session of its own, so that ^C in the terminal reaches only us."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harmonystate.edges.local.process import terminate_all

# A little more than the 25 s that a command may take to stop (docs: SIGTERM).
STOP_S = 28.0


@dataclass(frozen=True, slots=True)
class Child:
    """A child process.

    Attributes:
        name: as people write it, such as `stream-alerts`.
        log: what it writes on stderr; on stdout too, unless that was to go elsewhere.
    """

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, None while it runs; below 0 is the signal that killed it."""
        return self.process.poll()


def start_child(
    name: str, arguments: Sequence[str], *, log: Path, output: Path | None = None, env: Mapping[str, str] | None = None
) -> Child:
    """Start `harmony` with `arguments`.

    Args:
        name: as people write it.
        arguments: the command and its options.
        log: gets its stderr (written anew), and its stdout unless `output` is given.
        output: gets its stdout.
        env: its environment; None = ours.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as errors, output.open("wb") if output else nullcontext(errors) as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "harmonystate", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            env=env,
            start_new_session=True,
        )
    return Child(name, log, process)


def stop_children(children: Iterable[Child], *, patience_s: float = STOP_S) -> list[Child]:
    """Ask all with SIGTERM, wait for each, and return those that had to be killed, with all that they had started."""
    asked = [child for child in children if child.exit_code is None]
    for child in asked:
        child.process.terminate()
    return [child for child in asked if not _went(child, patience_s)]


def stop_leftovers(config_file: Path, *, patience_s: float = STOP_S) -> None:
    """Stop the `harmony` commands that read this config file: what a run that was killed has left behind."""
    terminate_all(
        lambda command: str(config_file) in command and _is_harmony(command),
        patience_s=patience_s,
    )


def _is_harmony(command: Sequence[str]) -> bool:
    """Tell a command of ours, started by `start_child` or as a person does, from an editor that has the file open."""
    named = [Path(part).name for part in command[:2]]
    is_script = named[:1] == ["harmony"] or (named[0].startswith("python") and named[1:] == ["harmony"])
    return is_script or ("-m", "harmonystate") in pairwise(command)


def _went(child: Child, patience_s: float) -> bool:
    try:
        child.process.wait(patience_s)
    except subprocess.TimeoutExpired:
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        return False
    return True
