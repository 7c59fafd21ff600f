"""Lets the controller give up a broker that died, before that broker starts again.

Started within 9 s of a kill -9 or a power cut, it finds itself still the leader of everything, takes up transactions
that were being completed, and cannot reach itself yet. When the old session then ends, its partitions have no leader
for a moment, and Kafka 4.3.1 takes that for deleted topics: it completes the transactions without their markers
(TransactionMarkerChannelManager: "can be skipped"). Those hang for ever, and so do the readers behind them and the
offsets of their groups. Only one node does that: with more, leaders move.
"""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from harmonystate.edges.local import process
from harmonystate.edges.local.template import render

# Of Kafka, in the data folder, for as long as it is down in good order.
_CLEAN = "data/.kafka_cleanshutdown"
_KNOWN = "data/__cluster_metadata-0"
_LOG = "log/server.log"
_GIVEN_UP, _ACTIVE = "Fencing broker ", "Becoming the active controller"
# A broker that was given up before is not given up again.
_NOTHING_TO_DO_S = 2.0
_LONGEST_S = 60.0


def mourn(folder: Path, java: Sequence[str], *, controller_port: int) -> None:
    """Run the controller alone until it has given up the broker; at once when that went in good order, or never ran.

    Args:
        folder: of the server.
        java: the command line up to the main class.
        controller_port: where it listens.
    """
    if (folder / _CLEAN).exists() or not (folder / _KNOWN).exists():
        return
    render("kafka-controller.properties", folder / "conf/controller.properties", controller_port=controller_port)
    log = folder / _LOG
    begin = log.stat().st_size if log.exists() else 0
    with subprocess.Popen(
        [*java, "kafka.Kafka", "conf/controller.properties"],
        cwd=folder,
        env=process.without_our_settings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as controller:
        try:
            _await(controller, log, begin)
        finally:
            controller.terminate()


def _await(controller: "subprocess.Popen[bytes]", log: Path, begin: int) -> None:
    deadline = time.monotonic() + _LONGEST_S
    active_at: float | None = None
    while controller.poll() is None and time.monotonic() < deadline:
        said = log.read_bytes()[begin:].decode(errors="replace") if log.exists() else ""
        if _ACTIVE in said:
            active_at = active_at or time.monotonic()
        if _GIVEN_UP in said or (active_at and time.monotonic() - active_at > _NOTHING_TO_DO_S):
            return
        time.sleep(0.05)
