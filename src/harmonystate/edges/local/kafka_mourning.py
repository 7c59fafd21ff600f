"""Lets the controller give up a broker that is down, before that broker starts again.

Started before its old session has ended, it finds itself still the leader of everything, takes up transactions that
were being completed, and cannot reach itself yet. When the old session then ends, its partitions have no leader for a
moment, and Kafka 4.3.1 takes that for deleted topics: it completes the transactions without their markers
(TransactionMarkerChannelManager: "can be skipped"). Those hang for ever, and so do the readers behind them and the
offsets of their groups. Only one node does that: with more, leaders move.

The same would happen in a controlled shutdown, which gives the leaders away while transactions end. So ours has none
(data/kafka.properties), and one that was asked to stop is as dead to its controller as one that was killed.
"""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from harmonystate.edges.local import process
from harmonystate.edges.local.template import render

# Of Kafka's controller: where its log lies, once it has run.
_KNOWN = "data/__cluster_metadata-0"
# New each time. In the server's it could not be found where that begins a new file just then.
_LOG = "log/controller.log"
_GIVEN_UP, _ACTIVE = "Fencing broker ", "Becoming the active controller"
# A broker that was given up before is not given up again.
_NOTHING_TO_DO_S = 10.0
_LONGEST_S = 60.0
# It says so before it is written; one write may have been on its way before.
_WRITES = 2


def mourn(folder: Path, java: Sequence[str], *, controller_port: int) -> None:
    """Run the controller alone until it has given up the broker; nothing to do where none ever ran.

    Args:
        folder: of the server.
        java: the command line up to the main class.
        controller_port: where it listens.
    """
    if not any((folder / _KNOWN).glob("*.log")):
        return
    render("kafka-controller.properties", folder / "conf/controller.properties", controller_port=controller_port)
    (folder / _LOG).unlink(missing_ok=True)
    with subprocess.Popen(
        [*java, f"-Dharmony.log={Path(_LOG).stem}", "kafka.Kafka", "conf/controller.properties"],
        cwd=folder,
        env=process.without_our_settings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as controller:
        try:
            _await(controller, folder)
        finally:
            controller.terminate()


def _await(controller: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Wait until it is given up, and that is on disk; it writes something several times a second."""
    deadline = time.monotonic() + _LONGEST_S
    active_at: float | None = None
    sizes: set[int] = set()
    while controller.poll() is None and time.monotonic() < deadline:
        said = _said(folder / _LOG)
        if _ACTIVE in said:
            active_at = active_at or time.monotonic()
        if _GIVEN_UP in said:
            sizes.add(sum(path.stat().st_size for path in (folder / _KNOWN).glob("*.log")))
        if len(sizes) > _WRITES or (not sizes and active_at and time.monotonic() - active_at > _NOTHING_TO_DO_S):
            return
        time.sleep(0.02)


def _said(log: Path) -> str:
    return log.read_text(errors="replace") if log.exists() else ""
