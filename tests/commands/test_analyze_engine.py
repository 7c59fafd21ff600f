"""The engine of analyze when its JVM goes, with a child that stands for the JVM."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from py4j.protocol import Py4JNetworkError

from harmonystate.commands.analyze.engine import Engine
from harmonystate.edges.spark import batch
from harmonystate.edges.spark.lives import SparkLost
from harmonystate.frames import hour_frames
from tests.support.spark_jvm import spark_on, stand_in


@pytest.fixture
def jvm():
    with stand_in() as child:
        yield child


@pytest.mark.parametrize("moment", ["person_minutes", "minutes", "person_hours"])
def test_a_jvm_that_goes_between_two_jobs_is_lost_whatever_is_asked_next(offline_config, jvm, monkeypatch, moment):
    def go(*_, **__):
        jvm.kill()
        raise Py4JNetworkError("Answer from Java side is empty")

    anything = SimpleNamespace(persist=lambda: None)
    for name in ("person_minutes", "minutes", "person_hours"):
        monkeypatch.setattr(hour_frames, name, go if name == moment else lambda *_, **__: anything)
    for name in ("read_reports", "collect_minutes"):
        monkeypatch.setattr(batch, name, lambda *_: [])
    engine = Engine(offline_config.cassandra, lambda _: spark_on(jvm))

    with pytest.raises(SparkLost):
        engine.compute([datetime(2026, 1, 1, tzinfo=UTC)], threshold=2)
