import signal
import subprocess
import sys

import pytest

from harmonystate.edges.local.stop import Stop, Stopped

# Busy with a lock that its last words need, as a process in the middle of a log line is.
PROGRAM = """
import threading, time
from harmonystate.edges.local.stop import stop_on_signals
lock = threading.Lock()
def last_words():
    with lock:
        print("last words", flush=True)
stop = stop_on_signals(last_words, grace_s=600)
print("ready", flush=True)
with lock:
    while not stop.is_set():
        time.sleep(0.01)
    print("stopping", flush=True)
    time.sleep(0.5)
while True:
    time.sleep(0.01)
"""


def test_a_second_ctrl_c_does_not_wait_but_says_its_last_words():
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGINT)

        assert process.stdout.readline() == "last words\n"
        assert process.wait(180) == 130


def test_whoever_waits_is_told_to_leave():
    stop = Stop()
    stop.raise_if_set(0.01)

    stop.set()

    with pytest.raises(Stopped):
        stop.raise_if_set(600)
