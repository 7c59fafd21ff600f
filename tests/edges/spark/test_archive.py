import os
import time

import platformdirs
import pytest

from harmonystate.edges.local import jars
from harmonystate.edges.local.java import find_java
from harmonystate.edges.spark import archive, archive_maker
from harmonystate.edges.spark.archive import archive_options, archive_path, make_in_background, remove_unused


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A cache folder of our own."""
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: tmp_path)
    return tmp_path


def test_another_class_path_has_another_archive(cache):
    java = find_java()

    assert archive_path(java, "/a.jar:/b.jar") == archive_path(java, "/a.jar:/b.jar")
    assert archive_path(java, "/a.jar:/b.jar") != archive_path(java, "/b.jar:/a.jar")
    assert archive_path(java, "/a.jar").parent == cache


def test_an_archive_that_is_not_there_is_not_asked_for(tmp_path):
    there = tmp_path / "there.jsa"
    there.touch()

    assert archive_options(tmp_path / "missing.jsa") == []
    assert f"-XX:SharedArchiveFile={there}" in archive_options(there)


def test_what_no_spark_has_used_for_a_month_is_removed(tmp_path):
    ours, recent, old = (tmp_path / f"spark-{name}.jsa" for name in ("ours", "recent", "old"))
    for path in (ours, recent, old):
        path.touch()
    os.utime(old, (0, time.time() - 31 * 86_400))

    remove_unused(ours)

    assert sorted(tmp_path.iterdir()) == sorted([ours, recent])


def test_for_a_cluster_and_where_there_is_one_none_is_made(offline_config, cache, monkeypatch):
    monkeypatch.setattr(archive.subprocess, "Popen", pytest.fail)
    spark = offline_config.spark.model_copy(update={"master": "spark://head:7077"})
    make_in_background(offline_config.model_copy(update={"spark": spark}), jars=[], java_home=find_java())

    archive_path(find_java(), archive.whole_class_path({}, [])).touch()
    make_in_background(offline_config, jars=[], java_home=find_java())


@pytest.mark.services
def test_what_is_made_is_used(config, cache):
    from harmonystate.edges.cassandra import schema

    schema.apply(config.cassandra)
    connector, path = jars.fetch(["spark"], cache=None)["spark"], cache / "spark-made.jsa"

    archive_maker.make(config, jars=connector, java_home=find_java(), path=path)

    assert path.stat().st_size > 50_000_000
    assert not path.with_suffix(".new").exists()
