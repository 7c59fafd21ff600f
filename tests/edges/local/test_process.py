import subprocess
import sys

import psutil

from harmonystate.edges.local.process import command_of, terminate

SLEEPER = [sys.executable, "-c", "input()"]


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
