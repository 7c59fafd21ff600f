import subprocess
import sys

import psutil
import pytest

from harmonystate.edges.local.process import command_of, terminate

SLEEPER = [sys.executable, "-c", "input()"]
# Says the pid of its child, for which it never waits.
REAPS_NOBODY = """
import signal, subprocess
signal.signal(signal.SIGTERM, signal.{on_sigterm})
print(subprocess.Popen(["sleep", "600"]).pid, flush=True)
input()
"""


def test_a_process_in_the_middle_of_its_start_is_not_taken_for_none(monkeypatch):
    """It was: an `up` that was broken off at that moment left the server running."""
    known, asked = psutil.Process.cmdline, []

    def nameless_at_first(process):
        asked.append(process.pid)
        return known(process) if len(asked) > 3 else []

    monkeypatch.setattr(psutil.Process, "cmdline", nameless_at_first)
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE) as child:
        assert command_of(child.pid) == SLEEPER
        child.stdin.close()


def test_a_process_that_is_gone_has_no_command():
    with subprocess.Popen(SLEEPER, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        pass

    assert command_of(child.pid) == []


def test_a_process_that_goes_between_the_look_and_the_kill_went_by_itself(monkeypatch):
    """It was a traceback: an `up` that was terminated ended with 1, and left the other server running."""
    known = psutil.Process.wait

    def gone_too_late(process, timeout):
        known(process)
        raise psutil.TimeoutExpired(timeout, process.pid)

    monkeypatch.setattr(psutil.Process, "wait", gone_too_late)
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE) as child:
        assert terminate(child.pid, patience_s=0) is True


@pytest.mark.parametrize(("on_sigterm", "patience_s", "went"), [("SIG_DFL", 10, True), ("SIG_IGN", 0, False)])
def test_what_nobody_reaps_is_gone_all_the_same(on_sigterm, patience_s, went):
    """In a container whose first process is a `sleep`, `down` took a minute, and ended with a traceback."""
    script = [sys.executable, "-c", REAPS_NOBODY.format(on_sigterm=on_sigterm)]
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        pid = int(parent.stdout.readline())

        assert terminate(pid, patience_s=patience_s) is went
        assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
