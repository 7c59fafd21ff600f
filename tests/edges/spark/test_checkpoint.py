import os
import subprocess
import sys

import pytest

from harmonystate.edges.spark import checkpoint
from harmonystate.edges.spark.checkpoint import locked, parse_offsets
from harmonystate.errors import Busy

SPARKS_LOG = """v1
{"batchWatermarkMs":0,"batchTimestampMs":1795511759000,"conf":{"spark.sql.shuffle.partitions":"2"}}
{"global2":{"2":4724,"1":4624,"0":5344}}"""


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch):
    monkeypatch.setattr(checkpoint, "_WAIT_S", 0)


@pytest.mark.parametrize(
    "place", ["{tmp}/checkpoint", "file:{tmp}/checkpoint", "file://{tmp}/checkpoint/", "hdfs://namenode/checkpoint"]
)
def test_one_ingest_at_a_time_uses_a_checkpoint(tmp_path, place):
    path = place.format(tmp=tmp_path)

    with locked(path, locks=tmp_path / "locks"), pytest.raises(Busy, match="another ingest"):  # noqa: SIM117
        with locked(path, locks=tmp_path / "locks"):
            pass

    with locked(path, locks=tmp_path / "locks"):
        pass


def test_two_ingests_use_two_checkpoints(tmp_path):
    with locked(f"{tmp_path}/one", locks=tmp_path), locked(f"{tmp_path}/two", locks=tmp_path):
        pass


def test_a_child_that_inherited_the_lock_holds_it_on_after_us(tmp_path):
    path = f"{tmp_path}/checkpoint"
    read_end, write_end = os.pipe()
    holder = f"""
import os, subprocess, sys
from pathlib import Path
from harmonystate.edges.spark.checkpoint import locked
with locked({path!r}, locks=Path({str(tmp_path)!r})) as lock:
    subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin={read_end}, pass_fds=[lock])
    os._exit(9)
"""
    subprocess.run([sys.executable, "-c", holder], pass_fds=[read_end], check=False)

    with pytest.raises(Busy), locked(path, locks=tmp_path):
        pass

    os.close(read_end)
    os.close(write_end)


def test_the_end_of_a_batch_is_read_from_spark_s_own_log():
    assert parse_offsets(SPARKS_LOG) == {("global2", 0): 5344, ("global2", 1): 4624, ("global2", 2): 4724}
