import gc
import platform
import weakref

import kafka.errors
import psutil
import pytest

from harmonystate.config import KafkaSettings
from harmonystate.edges.kafka import transaction
from harmonystate.edges.kafka.memory import give_back
from harmonystate.edges.kafka.transaction import TransactionFailed, Transactor

MB = 1 << 20


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has malloc_trim")
def test_what_is_freed_between_what_stays_is_given_back():
    resident = psutil.Process().memory_info
    pile = [bytes(4_000) for _ in range(25_000)]  # 100 MB, each too large for Python's own arenas
    piled = resident().rss

    pile = pile[::100]  # what stays keeps the C library from giving anything back by itself
    give_back()

    assert len(pile) == 250
    assert piled - resident().rss > 50 * MB


def test_what_a_writer_that_failed_has_left_is_gone_before_the_next_one_opens(monkeypatch):
    """In an outage each try left what it was to send, until Python came to look for it."""

    class Left:
        def __init__(self) -> None:
            self.itself = self

    there = []

    def opens(*_: object, **__: object) -> None:
        there.append(left())
        raise kafka.errors.KafkaConnectionError

    monkeypatch.setattr(transaction, "open_producer", opens)
    gc.disable()  # it would not look for a while anyhow
    try:
        left = weakref.ref(Left())
        with pytest.raises(TransactionFailed):
            Transactor(KafkaSettings(), "one")
    finally:
        gc.enable()

    assert there == [None]
