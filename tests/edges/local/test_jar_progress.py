"""What a log says while jars come: nobody watches it, and a fetch over a slow line takes minutes."""

import pytest
from structlog.testing import capture_logs

from harmonystate.edges.local import jar_progress
from harmonystate.edges.local.jar_lock import Jar


@pytest.fixture
def clock(monkeypatch):
    """The seconds that have passed, to be changed."""
    passed = [100.0]
    monkeypatch.setattr(jar_progress.time, "monotonic", lambda: passed[0])
    return passed


def test_off_a_terminal_a_line_every_ten_seconds_says_how_much_has_come_and_how_fast(clock):
    jars = [Jar(frozenset({"kafka"}), "org.example", name, "1.0", "", "0" * 64, 15_000_000) for name in ("one", "two")]

    with capture_logs() as said, jar_progress.fetching(jars, lambda: None) as progress:
        for name, after_s, size in (("one", 9.9, 5e6), ("two", 10.1, 5e6), ("one", 19.0, 1e6), ("one", 20.2, 1e6)):
            clock[0] = 100.0 + after_s
            with progress(name, 15_000_000) as came:
                came(int(size))

    assert [(line["event"], line["megabytes"], line.get("megabytes_per_s")) for line in said] == [
        ("fetching", 30.0, None),
        ("progress", 10.0, 1.0),
        ("progress", 12.0, 0.6),
    ]
    assert {line["of"] for line in said[1:]} == {30.0}
