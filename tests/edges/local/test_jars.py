import fcntl
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from harmonystate.edges.local import jars, turn
from harmonystate.edges.local.stop import Stop, Stopped
from harmonystate.errors import BadInput, Unavailable
from tests.support.kafka import wait_until
from tests.support.maven import Repository, serving


@pytest.fixture
def repository(monkeypatch):
    from jgo.maven import _core

    repository = Repository()
    with serving(repository) as address:
        monkeypatch.setitem(_core.DEFAULT_REMOTE_REPOS, "central", address)
        yield repository


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "cache"


def test_jars_are_fetched_by_set_and_lie_where_their_name_says(repository, cache):
    one = repository.publish("one", b"1", sets={"kafka"})
    both = repository.publish("both", b"2", sets={"kafka", "spark"})
    other = repository.publish("other", b"3", sets={"cassandra"})

    found = jars.fetch(["kafka", "spark"], cache=cache, lock=[one, both, other])

    assert found == {"kafka": (cache / one.path, cache / both.path), "spark": (cache / both.path,)}
    assert [path.read_bytes() for path in found["kafka"]] == [b"1", b"2"]
    assert not (cache / other.path).exists()


def test_the_second_run_asks_nobody_and_reads_no_jar(repository, cache, monkeypatch):
    lock = [repository.publish("one", b"1", sets={"kafka"})]
    first = jars.fetch(["kafka"], cache=cache, lock=lock)
    repository.asked.clear()
    monkeypatch.setattr(jars, "_check", lambda *_: pytest.fail("read again"))

    second = jars.fetch(["kafka"], cache=cache, lock=lock)

    assert second == first
    assert repository.asked == []


def test_one_flipped_byte_in_what_arrives_is_refused_by_name_and_not_kept(repository, cache):
    jar = repository.publish("one", b"right", sets={"kafka"})
    repository.files[f"/{jar.path}"] = b"rigHt"

    with pytest.raises(BadInput, match=r"org\.example:one:1.0: its content is not the pinned one"):
        jars.fetch(["kafka"], cache=cache, lock=[jar])

    assert not (cache / jar.path).exists()


def test_one_flipped_byte_in_the_cache_is_refused_by_name(repository, cache):
    jar = repository.publish("one", b"right", sets={"kafka"})
    (kept,) = jars.fetch(["kafka"], cache=cache, lock=[jar])["kafka"]
    kept.write_bytes(b"rigHt")

    with pytest.raises(BadInput, match=f"org.example:one:1.0: .* delete {kept}"):
        jars.fetch(["kafka"], cache=cache, lock=[jar])

    kept.unlink()
    jars.fetch(["kafka"], cache=cache, lock=[jar])
    assert kept.read_bytes() == b"right"


def test_a_jar_that_the_cache_has_unchecked_is_checked_not_fetched(repository, cache):
    jar = repository.publish("one", b"right", sets={"kafka"})
    (cache / jar.path).parent.mkdir(parents=True)
    (cache / jar.path).write_bytes(b"right")

    jars.fetch(["kafka"], cache=cache, lock=[jar])

    assert repository.asked == []


def test_another_version_of_the_lock_checks_the_same_file_anew(repository, cache):
    jar = repository.publish("one", b"right", sets={"kafka"})
    jars.fetch(["kafka"], cache=cache, lock=[jar])

    with pytest.raises(BadInput):
        jars.fetch(["kafka"], cache=cache, lock=[jar._replace(sha256="ab" * 32)])


def test_a_cut_connection_is_tried_again(repository, cache):
    jar = repository.publish("one", b"right", sets={"kafka"})
    repository.cut = jars.TRIES - 1

    (path,) = jars.fetch(["kafka"], cache=cache, lock=[jar])["kafka"]

    assert path.read_bytes() == b"right"


def test_without_network_the_jar_is_named_and_what_came_is_kept(repository, cache):
    here = repository.publish("here", b"1", sets={"kafka"})
    away = repository.publish("away", b"2", sets={"kafka"})
    jars.fetch(["kafka"], cache=cache, lock=[here])
    repository.cut = jars.TRIES

    with pytest.raises(
        Unavailable, match=r"cannot fetch org\.example:away:1.0: the Maven repository cannot be reached"
    ):
        jars.fetch(["kafka"], cache=cache, lock=[here, away])

    assert (cache / here.path).exists()


def test_a_jar_that_nobody_has_is_named(repository, cache):
    jar = repository.publish("one", b"right", sets={"kafka"})
    repository.files.clear()

    with pytest.raises(Unavailable, match=r"org\.example:one:1.0: the Maven repository does not have it"):
        jars.fetch(["kafka"], cache=cache, lock=[jar])


def test_ctrl_c_ends_a_download_in_the_middle_of_a_jar(repository, cache):
    jar, stop = repository.publish("one", b"1" * 1_000_000, sets={"kafka"}), Stop()
    repository.on_ask = stop.set

    with pytest.raises(Stopped):
        jars.fetch(["kafka"], cache=cache, lock=[jar], stop=stop)

    assert not (cache / jar.path).exists()


def test_ctrl_c_waits_for_no_more_of_an_answer_that_dribbles(repository, cache):
    """It waited for all that was under way: minutes, where the line is slow."""
    jar, over = repository.publish("one", b"1" * 1_000_000, sets={"kafka"}), threading.Event()
    pressed = iter([signal.SIGINT])

    def piece_came() -> None:
        for number in pressed:
            signal.pthread_kill(threading.main_thread().ident, number)
        over.wait(0.5)

    repository.on_piece = piece_came

    with pytest.raises(KeyboardInterrupt):
        jars.fetch(["kafka"], cache=cache, lock=[jar])
    over.set()

    assert not (cache / jar.path).exists()


def test_whoever_waits_for_another_to_fetch_says_so_and_then_finds_the_jars(repository, cache, monkeypatch):
    monkeypatch.setattr(turn, "PATIENCE_S", 0.01)
    jar = repository.publish("one", b"1", sets={"kafka"})
    cache.mkdir()
    with capture_logs() as said, ThreadPoolExecutor(1) as pool:
        with (cache / ".lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            found = pool.submit(jars.fetch, ["kafka"], cache=cache, lock=[jar])
            wait_until(lambda: said, what="a word of waiting")
        found.result()

    (waits, *_) = [line["event"] for line in said]
    assert waits == f"waiting for another harmony, which fetches jars into {cache}"


def test_ctrl_c_ends_waiting_for_whoever_else_fetches(repository, cache):
    jar, stop = repository.publish("one", b"1", sets={"kafka"}), Stop()
    cache.mkdir()
    with (cache / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        threading.Timer(0.2, stop.set).start()

        with pytest.raises(Stopped):
            jars.fetch(["kafka"], cache=cache, lock=[jar], stop=stop)

    assert repository.asked == []
