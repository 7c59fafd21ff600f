"""Before Spark starts, where one asks for it: a damaged checkpoint is put right, and records that are gone are let go.

Both end in a checkpoint with less in it, or none: ingest reads again what it has read, and writes the same rows.
"""

from collections.abc import Iterable
from datetime import datetime

import structlog

from harmonystate.config import Config
from harmonystate.core.gaps import Gap, gaps
from harmonystate.edges.kafka.offsets import committed, end_offsets, first_offsets
from harmonystate.edges.spark.checkpoint_repair import find_damage, is_local, local_folder, next_offsets, set_aside
from harmonystate.edges.spark.checkpoint_repair import repair as mend
from harmonystate.edges.spark.faults import let_go
from harmonystate.edges.spark.faults import mend as mend_hint
from harmonystate.errors import BadInput

_log = structlog.get_logger("harmony.ingest")


def put_right(config: Config, checkpoint: str, *, repair: bool, accept_loss: bool, now: datetime) -> None:
    """Do what is asked for; nobody else may be using the checkpoint.

    Raises:
        BadInput: when the checkpoint is damaged, and is not to be repaired; or when there is none, records are gone
            that were not read, and that is not to be accepted.
        TransactionFailed: when Kafka does not answer.
        Misconfigured: when something is to be moved and the checkpoint is not on this host.
    """
    if repair:
        if beside := mend(checkpoint, now=now):
            _log.warning("checkpoint repaired: what was damaged is kept", aside=str(beside))
        else:
            _log.info("checkpoint is sound", checkpoint=checkpoint)
    else:
        _refuse_damage(checkpoint)
    if accept_loss:
        _accept_loss(config, checkpoint, now=now)
    else:
        _refuse_loss(config, checkpoint)


def _refuse_damage(checkpoint: str) -> None:
    """Say what is damaged before Spark starts: it takes some damage for a service that is away, and tries for ever."""
    if is_local(checkpoint) and (damage := find_damage(local_folder(checkpoint))):
        files = ", ".join(map(str, damage.files))
        raise BadInput(f"the checkpoint is damaged ({files}): {mend_hint(checkpoint)}")


def loss(topic: str, gone: Iterable[Gap], checkpoint: str) -> BadInput:
    """Return what to say of records that are gone, and how to go on without them."""
    ranges = ", ".join(f"{gap.first} to {gap.last} of partition {gap.partition}" for gap in gone)
    return BadInput(
        f"{topic}: Kafka no longer has offsets {ranges}, which ingest has not read; "
        f"to go on without them {let_go(checkpoint)}"
    )


def _refuse_loss(config: Config, checkpoint: str) -> None:
    """Say what is gone where no checkpoint does: Spark begins with the first record that is there, and says nothing.

    Whether one that is not on this host is there, only Spark can tell.
    """
    topic = config.kafka.topics.global2
    if not is_local(checkpoint) or next_offsets(checkpoint, topic):
        return
    if gone := list(gaps(_read(config), first_offsets(config.kafka, topic))):
        raise loss(topic, gone, checkpoint)


def _read(config: Config) -> dict[int, int]:
    """Return up to where ingest has read each partition, as it is committed in Kafka."""
    found = committed(config.kafka, "ingest", config.kafka.topics.global2)
    return {partition: offset for partition, (offset, _) in found.items()}


def _accept_loss(config: Config, checkpoint: str, *, now: datetime) -> None:
    """Say what is gone, and make Spark begin where the topic does now."""
    topic = config.kafka.topics.global2
    firsts, ends = first_offsets(config.kafka, topic), end_offsets(config.kafka, topic)
    gone = list(gaps(_read(config), firsts))
    for gap in gone:
        _log.warning("goes on without records that Kafka no longer has", topic=topic, **gap._asdict())
    begins = next_offsets(checkpoint, topic)
    cannot = [p for p, at in begins.items() if not firsts.get(p, 0) <= at <= ends.get(p, 0)]
    if not cannot and not gone:
        _log.info("nothing is gone that ingest would begin with", topic=topic)
    elif cannot and (beside := set_aside(checkpoint, now=now)):
        _log.warning("begins where the topic does now", partitions=cannot, aside=str(beside))
