"""How a process leaves that is asked to, each time a process of its own."""

import os
import pty
import signal
import subprocess
import sys
import threading
from queue import Queue

import pytest

from harmonystate.edges.local import stop

# `print` may not be called in a handler while the main thread is in the middle of one.
SAY = """
import os

def say(word):
    os.write(1, word.encode() + b"\\n")
"""
# Says when it can be asked, and that it has been; then it does not finish. It waits briefly, again and again, as all of
# ours do: a signal that comes just before a wait begins is handled after it.
HANGS = """
import threading
from harmonystate.edges.local.stop import stop_on_signals

stop = stop_on_signals(lambda: say("last words"), at_once=lambda: say("at once"), **{options})
say("ready")
while not stop.wait(0.1):
    pass
while True:
    threading.Event().wait(0.1)
"""
# Holds what its last words need, as whoever is in the middle of a log line does, until somebody waits for it: beside
# the main thread there are the one that counts the grace and the one that says them.
LOCKED = """
import threading
from harmonystate.edges.local.stop import stop_on_signals

lock = threading.Lock()

def last_words():
    with lock:
        say("last words")

stop_on_signals(last_words, at_once=lambda: say("at once"), grace_s=600)
with lock:
    say("ready")
    while threading.active_count() < 3:
        threading.Event().wait(0.01)
threading.Event().wait(600)
"""
# Comes to its end by itself when it is asked a second time, which its last words wait for.
ENDS = """
import threading
from harmonystate.edges.local.stop import stop_on_signals

def last_words():
    threading.main_thread().join()
    say("last words")

stop_on_signals(last_words, at_once=lambda: say("at once"), grace_s=600)
say("ready")
while threading.active_count() < 3:
    threading.Event().wait(0.01)
"""
# Is asked after the first step of a wait, of another after the second, and so on: the profiler is told of all steps.
# Where one of them hangs, the system ends it.
ASKED_AMID_A_WAIT = """
import signal, sys
from harmonystate.edges.local.stop import stop_on_signals

def steps_until_asked(last):
    stop, steps = stop_on_signals(grace_s=600), 0

    def step(*_):
        nonlocal steps
        steps += 1
        if steps == last:
            signal.raise_signal(signal.SIGTERM)

    sys.setprofile(step)
    stop.wait(0.001)
    sys.setprofile(None)
    return steps if stop.is_set() and stop.wait(600) else None

signal.alarm(60)
say("ready")
last = 1
while steps_until_asked(last):
    last += 1
say("asked" if last > 3 else "never asked")
"""
UNWINDS = """
import threading
from harmonystate.edges.local.stop import unwind_on_sigterm

unwind_on_sigterm(**{options})
try:
    say("ready")
    while True:
        threading.Event().wait(0.1)
finally:
    try:
        say("undone")
        threading.Event().wait({still_s})
    finally:
        say("done")
"""
LATE_WORD = """
from harmonystate.edges.local.stop import stop_on_signals

stop = stop_on_signals(grace_s=600)
say("ready")
if stop.wait(600):
    print("the batch in hand is committed", flush=True)
"""
NOHUP = """
import signal
from harmonystate.edges.local.stop import stop_on_signals, unwind_on_sigterm

signal.signal(signal.SIGHUP, signal.SIG_IGN)
unwind_on_sigterm()
stop = stop_on_signals()
say("ready")
signal.raise_signal(signal.SIGHUP)
say("asked" if stop.is_set() else "goes on")
"""


class Asked:
    """A process that runs a script, and what becomes of it."""

    def __init__(self, script: str, **fields: object) -> None:
        code = script.format(**({"options": {}, "still_s": 0} | fields))
        self.process = subprocess.Popen([sys.executable, "-c", SAY + code], stdout=subprocess.PIPE, text=True)
        self.hear("ready")

    def ask(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def hear(self, word: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"{word}\n"

    def end(self) -> tuple[int, list[str]]:
        """Return its exit code and the rest of what it said."""
        assert self.process.stdout is not None
        # Not by `communicate`, which does not know of what came along with the word that was heard last.
        said = self.process.stdout.read()
        return self.process.wait(), said.splitlines()


@pytest.fixture
def asked():
    started: list[Asked] = []

    def start(script: str, **fields: object) -> Asked:
        started.append(Asked(script, **fields))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_what_cannot_finish_has_20_s_which_leaves_5_to_go():
    assert stop.GRACE_S == 20


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)])
def test_what_cannot_finish_in_its_grace_says_its_last_words_and_leaves_all_the_same(asked, number, code):
    one = asked(HANGS, options={"grace_s": 0.1})

    one.ask(number)

    one.hear("at once")
    assert one.end() == (code, ["last words"])


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_a_control_c_after_the_first_signal_does_not_wait(asked, first):
    one = asked(HANGS, options={"grace_s": 600})
    one.ask(first)
    one.hear("at once")

    one.ask(signal.SIGINT)

    assert one.end() == (130, ["last words"])


@pytest.mark.parametrize("script", [LOCKED, ENDS], ids=["amid a line of its log", "at its end"])
def test_a_second_control_c_is_130_after_the_last_words_whatever_the_process_is_doing(asked, script):
    one = asked(script)
    one.ask(signal.SIGINT)
    one.hear("at once")

    one.ask(signal.SIGINT)

    assert one.end() == (130, ["last words"])


def test_a_second_sigterm_changes_nothing(asked):
    one = asked(HANGS, options={"grace_s": 600})
    one.ask(signal.SIGINT)
    one.hear("at once")

    one.ask(signal.SIGTERM)
    one.ask(signal.SIGINT)

    assert one.end() == (130, ["last words"])


def test_whoever_is_asked_at_any_step_of_a_wait_waits_no_more(asked):
    """In the middle of an Event's wait it stood still for ever, and SIGTERM no longer ended it."""
    assert asked(ASKED_AMID_A_WAIT).end() == (0, ["asked"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_without_a_batch_to_finish_what_is_being_done_is_undone_and_the_end_is_0(asked, number):
    one = asked(UNWINDS)

    one.ask(number)

    assert one.end() == (0, ["undone", "done"])


@pytest.mark.parametrize(
    ("first", "second"),
    [(signal.SIGTERM, signal.SIGTERM), (signal.SIGHUP, signal.SIGHUP), (signal.SIGHUP, signal.SIGTERM)],
)
def test_what_cannot_be_undone_in_its_grace_is_left_and_a_second_sigterm_does_not_break_it_off(asked, first, second):
    one = asked(UNWINDS, options={"grace_s": 1.0}, still_s=600)
    one.ask(first)
    one.hear("undone")

    one.ask(second)

    assert one.end() == (0, [])


def test_whoever_has_a_word_for_a_terminal_that_is_closed_leaves_with_0_all_the_same():
    ours, theirs = pty.openpty()
    one = subprocess.Popen(
        [sys.executable, "-c", SAY + LATE_WORD],
        preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 - a system call
    )
    os.close(theirs)
    assert os.read(ours, 100) == b"ready\r\n"

    os.close(ours)

    assert one.wait(180) == 0


def test_under_nohup_a_terminal_that_is_closed_changes_nothing(asked):
    assert asked(NOHUP).end() == (0, ["goes on"])


def test_whoever_waits_is_told_to_leave():
    asked_to_leave = stop.Stop()
    asked_to_leave.raise_if_set(0.01)

    asked_to_leave.set()

    for _ in range(2):
        with pytest.raises(stop.Stopped):
            asked_to_leave.raise_if_set(600)


def test_all_who_wait_are_told_to_leave():
    asked_to_leave, told = stop.Stop(), Queue()
    for _ in range(4):
        threading.Thread(target=lambda: told.put(asked_to_leave.wait(600)), daemon=True).start()

    asked_to_leave.set()

    assert [told.get(timeout=60) for _ in range(4)] == [True] * 4


def test_a_wait_that_is_over_before_it_begins_is_none():
    waiting = stop.Stop()

    assert not waiting.wait(-1.0)
    waiting.set()
    assert waiting.wait(-1.0)
