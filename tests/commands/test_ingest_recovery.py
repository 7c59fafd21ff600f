"""ingest after damage: to its checkpoint, and to what Kafka still has."""

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from kafka import TopicPartition
from structlog.testing import capture_logs

from harmonystate.commands.ingest.recovery import loss, put_right
from harmonystate.config import Config
from harmonystate.core.gaps import Gap
from harmonystate.core.record import Outgoing
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.counts import count_reports
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.offsets import end_offsets
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.errors import BadInput
from tests.support import chain
from tests.support.harmony import run_harmony
from tests.support.kafka import write
from tests.support.services import write_config

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def let_go(config: Config, partition: int, before: int) -> None:
    """Do what retention does: remove the records of global2 before an offset."""
    with open_admin(config.kafka) as admin:
        admin.delete_records({TopicPartition(config.kafka.topics.global2, partition): before})


def checkpoint_at(folder: Path, topic: str, offset: int) -> Path:
    """Return a checkpoint whose one batch, which is done, ends at this offset of partition 0."""
    for name, text in {
        "metadata": '{"id":"x"}',
        "sources/0/0": f"\0v1\n{json.dumps({topic: {'0': 0}})}",
        "offsets/0": f"v1\n{{}}\n{json.dumps({topic: {'0': offset}})}",
        "commits/0": "v1\n{}",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_all_that_is_gone_is_named_in_one_line():
    said = str(loss("global2", [Gap(0, 10, 14), Gap(2, 7, 7)], "/checkpoint"))

    assert said.startswith("global2: Kafka no longer has offsets 10 to 14 of partition 0, 7 to 7 of partition 2, which")


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}"])
def test_damage_is_named_with_its_remedy_before_spark_starts(offline_config, tmp_path, form):
    folder = checkpoint_at(tmp_path / "checkpoint", offline_config.kafka.topics.global2, 2)
    (folder / "offsets/0").write_bytes(b'v1\n{"batchWatermarkMs":0,"batc')
    place = form.format(folder)

    with pytest.raises(BadInput, match=r"damaged \(offsets/0\): run `harmony ingest --repair-checkpoint`"):
        put_right(offline_config, place, repair=False, accept_loss=False, now=NOW)
    put_right(offline_config, place, repair=True, accept_loss=False, now=NOW)
    put_right(offline_config, place, repair=False, accept_loss=False, now=NOW)
    for elsewhere in ("hdfs://elsewhere/checkpoint", "hdfs:/checkpoint"):
        put_right(offline_config, elsewhere, repair=False, accept_loss=False, now=NOW)


@pytest.mark.services
@pytest.mark.parametrize(("gone", "aside"), [(4, True), (2, False)])
def test_a_loss_is_named_and_the_checkpoint_makes_way_only_if_it_stands_before_it(config, tmp_path, gone, aside):
    topic = config.kafka.topics.global2
    create_topics(config.kafka)
    write(config.kafka, [Outgoing(topic, b"7", b"{}") for _ in range(9)])
    (partition,) = [p for p, end in end_offsets(config.kafka, topic).items() if end]
    write(config.kafka, [], offsets={(topic, partition): 2}, group="ingest")
    folder = checkpoint_at(tmp_path / "checkpoint", topic, 2)
    for name in ("sources/0/0", "offsets/0"):
        (folder / name).write_text((folder / name).read_text().replace('"0":', f'"{partition}":'))
    let_go(config, partition, gone)

    with capture_logs() as said:
        put_right(config, str(folder), repair=True, accept_loss=True, now=NOW)

    named = [(line["partition"], line["first"], line["last"]) for line in said if "first" in line]
    assert named == ([(partition, 2, 3)] if aside else [])
    assert folder.exists() != aside
    assert (tmp_path / "checkpoint.aside").exists() == aside


@pytest.mark.services
def test_without_a_checkpoint_what_the_group_has_not_read_and_is_gone_is_named_until_it_is_let_go(config, tmp_path):
    topic, lost = config.kafka.topics.global2, str(tmp_path / "checkpoint")
    create_topics(config.kafka)
    write(config.kafka, [Outgoing(topic, b"7", b"{}") for _ in range(9)])
    (partition,) = [p for p, end in end_offsets(config.kafka, topic).items() if end]
    begin = partial(put_right, config, lost, repair=False, now=NOW)
    let_go(config, partition, 2)

    begin(accept_loss=False)  # the first start ever: nobody has read any of it
    write(config.kafka, [], offsets={(topic, partition): 2}, group="ingest")
    begin(accept_loss=False)
    let_go(config, partition, 4)
    with pytest.raises(BadInput) as refused:
        begin(accept_loss=False)
    with capture_logs() as said:
        begin(accept_loss=True)

    assert str(refused.value) == (
        f"{topic}: Kafka no longer has offsets 2 to 3 of partition {partition}, which ingest has not read; "
        f"to go on without them run `harmony ingest --accept-loss` (checkpoint {lost})"
    )
    assert [line["event"] for line in said] == ["goes on without records that Kafka no longer has"]


@pytest.mark.services
def test_a_checkpoint_that_is_lost_with_unread_records_ends_ingest_once_and_not_again(config, tmp_path):
    file, topic = write_config(config, tmp_path / "harmony.yaml"), config.kafka.topics.global2
    chain.set_up(config)
    chain.produce(config, chain.some_reports(20))
    chain.ingest(config)
    chain.produce(config, chain.some_reports(20))
    for partition, end in end_offsets(config.kafka, topic).items():
        let_go(config, partition, end)

    refused, accepted, after = (
        run_harmony(file, "ingest", "--once", *options) for options in ((), ("--accept-loss",), ())
    )

    assert (refused.returncode, "Kafka no longer has offsets" in refused.stderr) == (65, True), refused.stderr
    assert (accepted.returncode, "goes on without records" in accepted.stderr) == (0, True), accepted.stderr
    assert (after.returncode, "goes on without records" in after.stderr) == (0, False), after.stderr


@pytest.mark.services
def test_a_torn_checkpoint_and_a_loss_are_named_with_their_remedies_which_work(config, tmp_path):
    # As a Hadoop path: the other tests of ingest have theirs in the home.
    config = config.model_copy(
        update={"spark": config.spark.model_copy(update={"checkpoint": (tmp_path / "elsewhere").as_uri()})}
    )
    topic, file = config.kafka.topics.global2, write_config(config, tmp_path / "harmony.yaml")
    reports = chain.some_reports(60)
    chain.set_up(config)
    chain.produce(config, reports[:20])
    assert run_harmony(file, "ingest", "--once").returncode == 0
    (plan,) = (tmp_path / "elsewhere").rglob("offsets/0")
    plan.write_bytes(plan.read_bytes()[:30])
    chain.produce(config, reports[20:40])
    for partition, end in end_offsets(config.kafka, topic).items():
        let_go(config, partition, end)
    chain.produce(config, reports[40:])

    torn = run_harmony(file, "ingest", "--once")
    assert (torn.returncode, "harmony ingest --repair-checkpoint" in torn.stderr) == (65, True), torn.stderr
    mended = run_harmony(file, "ingest", "--once", "--repair-checkpoint")
    assert "checkpoint repaired" in mended.stderr
    assert (mended.returncode, "harmony ingest --accept-loss" in mended.stderr) == (65, True), mended.stderr
    accepted = run_harmony(file, "ingest", "--once", "--accept-loss")

    assert accepted.returncode == 0, accepted.stderr
    assert "goes on without records that Kafka no longer has" in accepted.stderr
    with open_session(config.cassandra) as session:
        assert count_reports(session, config.cassandra) == 40
