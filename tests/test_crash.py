"""Points of crash: free unless asked for, and as sudden as kill -9 when asked for."""

import subprocess
import sys

import pytest

from harmonystate import crash

DIE = "import sys; sys.argv = ['harmony', 'produce']\nfrom harmonystate import crash\nfor n in range(9):\n"
DIE += "    crash.passing('elsewhere'); print(n, flush=True); crash.passing('after-send')"


def test_without_the_variable_no_point_costs_more_than_a_call():
    assert crash.passing is crash.nowhere
    assert crash.point_of("", ["harmony", "produce"]) is crash.nowhere


def test_another_command_of_the_same_environment_goes_on():
    assert crash.point_of("produce.after-send:1", ["harmony", "stream-alerts"]) is crash.nowhere
    assert crash.point_of("produce.after-send:1", ["harmony"]) is crash.nowhere


@pytest.mark.parametrize("number", [1, 3])
def test_the_process_dies_at_the_passing_that_was_asked_for(number: int):
    done = subprocess.run(
        [sys.executable, "-c", DIE],
        env={"HARMONY_CRASH_AT": f"produce.after-send:{number}"},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, len(done.stdout.split())) == (crash.EXIT_CODE, number)


@pytest.mark.parametrize("text", ["produce", "produce:1", "produce.after-send:x"])
def test_what_names_no_point_is_not_passed_over(text: str):
    with pytest.raises(ValueError, match=r"int|unpack"):
        crash.point_of(text, ["harmony", "produce"])
