"""R15: a start behind a long backlog takes no more memory than any other."""

import re
from pathlib import Path

import pytest

from tests.support.account import Account, compare, is_sad, printed
from tests.support.kafka import wait_until
from tests.support.proofs import account_of

MOST_KB = 300 * 1024


def peak_kb(pid):
    """Return the most memory that a process ever had resident; 0 when it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except FileNotFoundError:
        return 0
    return int(found[1]) if found else 0


@pytest.mark.parametrize(
    "reports",
    [
        pytest.param(300_000, marks=pytest.mark.services, id="quick"),
        pytest.param(3_000_000, marks=pytest.mark.faults, id="full"),
    ],
)
def test_r15_a_long_backlog_takes_no_more_memory(reports, chance, crew, config, report):
    run = ("--seed", str(chance.randrange(10**6)), "--start", "2026-01-01", "--count", str(reports))
    assert crew.wait(crew.start("produce", *run), 3_600) == 0
    alerts = Account(line for line in printed(*run) if is_sad(line))

    loop, peaks = crew.start("stream-alerts", "--once"), [0]
    wait_until(lambda: peaks.append(peak_kb(loop.process.pid)) or loop.exit_code is not None, within_s=3_600)

    found = account_of(config, config.kafka.topics.alert)
    report("R15", f"backlog of {reports:,}: {max(peaks) // 1024} MB at most", compare(alerts.order, found.order))
    assert loop.exit_code == 0
    assert max(peaks) <= MOST_KB
