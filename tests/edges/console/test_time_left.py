import io

import pytest
from rich.console import Console
from rich.progress import Progress

from harmonystate.edges.console.time_left import TimeLeft


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def bar(now):
    return Progress(TimeLeft(compact=True), console=Console(file=io.StringIO()), get_time=lambda: now[0])


def test_nothing_is_left_of_what_has_no_known_end(bar, now):
    task = bar.add_task("computes", total=None)
    now[0] = 11.0

    assert TimeLeft().render(bar.tasks[task]).plain == ""


def test_what_goes_at_a_known_pace_has_so_much_left(bar, now):
    task = bar.add_task("computes", total=100)
    before = TimeLeft().render(bar.tasks[task]).plain
    for second in range(1, 11):
        now[0] = float(second)
        bar.update(task, advance=5)

    assert before == ""
    assert TimeLeft(compact=True).render(bar.tasks[task]).plain == "00:10 left"
