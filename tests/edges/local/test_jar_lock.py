from pathlib import Path

import pytest

from harmonystate.edges.local.jar_lock import parse_lock, read_lock
from tools.lock_jars import coordinates

SHA = "ab" * 32


def test_a_line_names_a_jar_by_its_coordinates_and_content():
    (jar,) = parse_lock([f"cassandra io.netty:netty-transport:4.1.Final:linux-x86_64 {SHA} 17"])

    assert jar.coordinates == "io.netty:netty-transport:4.1.Final:linux-x86_64"
    assert str(jar.path) == "io/netty/netty-transport/4.1.Final/netty-transport-4.1.Final-linux-x86_64.jar"
    assert (jar.sets, jar.sha256, jar.size) == ({"cassandra"}, SHA, 17)


def test_a_jar_of_two_sets_is_one_jar():
    (jar,) = parse_lock(["# a comment", "", f"kafka g:a:1 {SHA} 17", f"spark g:a:1 {SHA} 17"])

    assert jar.sets == {"kafka", "spark"}


@pytest.mark.parametrize(
    "line",
    ["kafka g:a:1 abcd 17", f"kafka g:a {SHA} 17", f"kafka g:a:1:c:d {SHA} 17", f"kafka g:a:1 {SHA} many", "kafka"],
)
def test_a_line_that_is_none_is_refused_by_its_number(line):
    with pytest.raises(ValueError, match="line 2: expected"):
        list(parse_lock(["# head", line]))


def test_two_contents_for_one_name_are_refused():
    with pytest.raises(ValueError, match="line 2: g:a:1 is there already"):
        list(parse_lock([f"kafka g:a:1 {SHA} 17", f"spark g:a:1 {'cd' * 32} 17"]))


def test_the_tool_that_makes_the_lock_reads_names_from_paths_as_we_make_paths_from_names():
    for jar in read_lock():
        assert coordinates(Path(jar.path)) == (jar.group, jar.name, jar.version, jar.classifier)


def test_the_lock_pins_what_we_know_to_work_together():
    coordinates = {jar.coordinates for jar in read_lock()}

    assert {
        "org.apache.kafka:kafka_2.13:4.3.1",
        "org.apache.cassandra:cassandra-all:5.0.9",
        "org.apache.spark:spark-sql-kafka-0-10_2.12:3.5.3",
        "com.datastax.spark:spark-cassandra-connector_2.12:3.5.1",
    } <= coordinates


def test_the_spark_set_leaves_out_what_pyspark_ships():
    names = {jar.name for jar in read_lock() if "spark" in jar.sets}

    assert names.isdisjoint(
        {"hadoop-client-api", "hadoop-client-runtime", "scala-library", "scala-reflect", "commons-logging", "slf4j-api"}
        | {"snappy-java", "lz4-java", "jsr305", "spark-tags_2.12", "commons-lang3"}
    )
