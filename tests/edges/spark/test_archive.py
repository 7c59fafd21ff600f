import errno
import os
import pickle
import subprocess
import sys
import time

import platformdirs
import pytest

from harmonystate.edges.cassandra import schema
from harmonystate.edges.local import jars
from harmonystate.edges.local.java import find_java
from harmonystate.edges.spark import archive
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


def test_for_a_cluster_where_it_is_not_wanted_and_where_there_is_one_none_is_made(offline_config, cache, monkeypatch):
    monkeypatch.setattr(archive.subprocess, "Popen", pytest.fail)
    for not_here in ({"master": "spark://head:7077"}, {"make_archive": False}):
        spark = offline_config.spark.model_copy(update=not_here)
        make_in_background(offline_config.model_copy(update={"spark": spark}), jars=[], java_home=find_java())

    archive_path(find_java(), archive.whole_class_path({}, [])).touch()
    make_in_background(offline_config, jars=[], java_home=find_java())


@pytest.mark.usefixtures("cache")
def test_where_no_process_can_be_started_nothing_is_said(offline_config, monkeypatch):
    tried = []

    def start(command, **_):
        tried.append(command)
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(archive.subprocess, "Popen", start)

    make_in_background(offline_config, jars=[], java_home=find_java())

    assert len(tried) == 1


@pytest.mark.services
def test_what_is_made_is_whole_and_a_jvm_takes_it(config, tmp_path):
    """In a child, for the tests' own Spark lives in this process."""
    schema.apply(config.cassandra)
    connector, java_home, path = jars.fetch(["spark"])["spark"], find_java(), tmp_path / "spark-made.jsa"
    code = (
        "import pickle, sys; from harmonystate.edges.spark.archive_maker import make; "
        "make(**pickle.load(sys.stdin.buffer))"
    )
    task = pickle.dumps({"config": config, "jars": connector, "java_home": java_home, "path": path})

    # With a cache of its own it starts without the archive that may be in the user's.
    alone = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], input=task, check=True, timeout=500, env=alone)

    assert path.stat().st_size > 50_000_000
    assert [found.name for found in tmp_path.glob("*.jsa*")] == [path.name]
    class_path = {**os.environ, "CLASSPATH": archive.whole_class_path({}, connector)}
    java = [java_home / "bin/java", "-XX:+UseSerialGC", f"-XX:SharedArchiveFile={path}", "-Xshare:on", "-version"]
    assert subprocess.run(java, env=class_path, check=False).returncode == 0
