"""S7: the logs of a hundred thousand reports, as talkative as they get, name nobody."""

import pytest

from tests.support.account import Verdict
from tests.support.canaries import names_in
from tests.support.harmony import run_harmony

REPORTS = 100_000
# On stdout the cards and the answers name people: that is what they are for.
COMMANDS = (
    ("produce", "--count", str(REPORTS), "--backfill", "24h"),
    ("stream-alerts", "--once"),
    ("alert-bot", "--once", "--sink", "console"),
    ("ingest", "--once"),
    ("analyze", "--since", "48h"),
    ("verify",),
)


@pytest.mark.faults
def test_s7_no_log_of_a_hundred_thousand_reports_names_anybody(everything, report):
    config, path = everything
    said = []
    for command in COMMANDS:
        done = run_harmony(path, *command, "-v", within_s=600)
        assert done.returncode == 0, (command, done.stderr[-1_000:])
        said.append(done.stderr)

    said += [log.read_text(errors="replace") for log in (config.local.home / "logs").rglob("*") if log.is_file()]
    found = names_in("\n".join(said))

    report("S7", f"{len(found)} names in {sum(map(len, said)):,} characters of logs", Verdict(REPORTS))
    assert found == []
    assert '"acknowledged"' in said[0]
