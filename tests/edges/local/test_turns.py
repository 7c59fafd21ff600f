"""One `up` or `down` of a home at a time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from harmonystate.edges.local import servers, turn
from harmonystate.edges.local.home import Home
from harmonystate.errors import Busy
from tests.support.kafka import wait_until


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "PATIENCE_S", 0.01)


def take(home: Home) -> bool:
    with servers.one_at_a_time(home):
        return True


def test_whoever_comes_first_waits_for_nobody_and_says_nothing(tmp_path: Path):
    with capture_logs() as said:
        assert take(Home(tmp_path))
        assert take(Home(tmp_path))

    assert said == []


def test_whoever_waits_for_another_up_or_down_says_once_for_which_home(tmp_path: Path):
    with capture_logs() as said, ThreadPoolExecutor(1) as pool:
        with servers.one_at_a_time(Home(tmp_path)):
            second = pool.submit(take, Home(tmp_path))
            wait_until(lambda: said, what="a word of waiting")
        assert second.result()

    assert [(line["log_level"], line["event"]) for line in said] == [
        ("info", f"waiting for another harmony, which starts or stops the servers of {tmp_path}")
    ]


def test_one_that_does_not_end_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(servers, "TURN_S", 0.05)

    with servers.one_at_a_time(Home(tmp_path)), ThreadPoolExecutor(1) as pool:
        second = pool.submit(take, Home(tmp_path))
        with pytest.raises(Busy, match=f"another harmony up or down of {tmp_path} has not ended"):
            second.result()
