import platform

import psutil
import pytest

from harmonystate.edges.kafka.memory import give_back

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
