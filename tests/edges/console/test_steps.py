import io
import threading

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn

from harmonystate.edges.console import steps
from harmonystate.edges.console.steps import Steps, stepping


def test_a_step_shows_how_much_of_it_is_done(monkeypatch):
    monkeypatch.setattr(steps, "LOOK_EVERY_S", 0.01)
    out, asked = io.StringIO(), threading.Semaphore(0)

    def look():
        asked.release()
        return 3, 8

    bar = Progress(TextColumn("{task.description}"), MofNCompleteColumn(), console=Console(file=out, width=60))
    shown = Steps(bar)
    with shown.step("computes 5 hours", look):
        # Asked twice: the first answer is drawn by then.
        assert all(asked.acquire(timeout=10) for _ in range(2))
        bar.console.print(bar.get_renderable())

    assert "computes 5 hours 3/8" in " ".join(out.getvalue().split())


def test_who_does_not_answer_keeps_nobody_waiting(monkeypatch):
    monkeypatch.setattr(steps, "LOOK_EVERY_S", 0.01)
    answered = threading.Event()
    with Steps(Progress(console=Console(file=io.StringIO()))).step("waits", lambda: answered.wait(60) and None):
        pass

    answered.set()


def test_off_a_terminal_nothing_is_shown_and_nobody_asked(capsys):
    asked = []
    with stepping("analyze") as shown, shown.step("computes", lambda: asked.append(1)):
        pass

    assert asked == []
    assert capsys.readouterr() == ("", "")
