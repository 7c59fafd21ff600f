import subprocess
import sys
import threading
from pathlib import Path

from harmonystate.edges.kafka.watchdog import Watchdog

TICK_S = 0.005


def test_a_call_that_does_not_return_is_bitten():
    bitten = threading.Event()
    watchdog = Watchdog(limit_s=3, bite=lambda call: bitten.set() if call == "commit" else None, tick_s=TICK_S)

    with watchdog.watching("commit"):
        assert bitten.wait(10)
    watchdog.close()


def test_it_barks_once_before_it_bites():
    heard: list[str] = []
    bitten = threading.Event()
    watchdog = Watchdog(limit_s=20, bite=lambda _: bitten.set(), bark_s=2, bark=heard.append, tick_s=TICK_S)

    with watchdog.watching("send"):
        assert bitten.wait(10)
        watchdog.close()

    assert heard == ["send"]


def test_calls_that_return_are_left_alone_however_many():
    bites: list[str] = []
    ticked = threading.Event()
    watchdog = Watchdog(limit_s=1_000, bite=bites.append, tick_s=TICK_S)

    for _ in range(100):
        with watchdog.watching("poll"):
            ticked.wait(TICK_S)
    watchdog.close()

    assert bites == []


def test_nothing_is_bitten_between_calls():
    bites: list[str] = []
    watchdog = Watchdog(limit_s=1, bite=bites.append, tick_s=TICK_S)
    with watchdog.watching("poll"):
        pass
    bites.clear()

    threading.Event().wait(20 * TICK_S)
    watchdog.close()

    assert bites == []


A_CALL_THAT_HANGS = """
from threading import Event
from harmonystate.edges.kafka.watchdog import Watchdog
def a_call_that_hangs():
    Event().wait(60)
with Watchdog(limit_s=1, tick_s=0.01).watching("commit_transaction"):
    a_call_that_hangs()
"""


def test_who_is_bitten_leaves_with_75_and_all_stacks():
    left = subprocess.run(
        [sys.executable, "-c", A_CALL_THAT_HANGS], capture_output=True, text=True, timeout=300, check=False
    )

    assert left.returncode == 75
    assert "has not returned for 60 s: commit_transaction" in left.stderr
    assert "a_call_that_hangs" in left.stderr


def test_who_is_bitten_leaves_with_75_also_where_its_last_words_find_no_room():
    with Path("/dev/full").open("w") as full:
        left = subprocess.run([sys.executable, "-c", A_CALL_THAT_HANGS], stderr=full, timeout=300, check=False)

    assert left.returncode == 75
