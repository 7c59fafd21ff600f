"""R1: kill -9 at random moments over all stages, the broker and Cassandra; R6: a broker that stays away.

Ten minutes of that are in test_broker_away.
"""

from collections import Counter

import pytest

from harmonystate.edges.kafka.offsets import lag
from tests.support.account import printed, truth_in
from tests.support.harmony import run_harmony
from tests.support.memory import MORE_BYTES
from tests.support.proofs import counted, recoveries_s, verdicts_on
from tests.support.siege import Scale, Siege
from tests.support.stored import rows_in, rows_of
from tests.support.supervisor import Supervisor
from tests.support.watcher import BatchWatcher, Watcher

OF_ALL = {"produce": 13, "stream-alerts": 12, "alert-bot": 12, "ingest": 5, "broker": 5, "Cassandra": 3}
QUICK = pytest.param(
    Scale(50_000, {"produce": 3, "stream-alerts": 2, "alert-bot": 2, "broker": 1}, 30, 1_500, 240),
    marks=pytest.mark.services, id="quick",
)  # fmt: skip
FULL = pytest.param(Scale(1_000_000, OF_ALL, 0, 1_250, 3_000), marks=pytest.mark.faults, id="full")
# ingest's includes the start of its JVM and of Spark in it: 15 to 20 s of a calm machine.
RECOVERED_WITHIN_S = {"broker": 60, "Cassandra": 60, "ingest": 60}


@pytest.fixture
def config(request, scale, config):
    """The config of the fault tests; with a Cassandra where ingest is to run."""
    return request.getfixturevalue("whole") if "ingest" in scale.kills else config


@pytest.fixture
def nodes(request, scale, broker):
    """The servers among the victims."""
    return {"broker": broker} | ({"Cassandra": request.getfixturevalue("cassandra")} if "ingest" in scale.kills else {})


@pytest.fixture
def watcher(config):
    """Who sees that the stages go on; where ingest is among them, it too."""
    topics = config.kafka.topics
    watcher = Watcher(config.kafka, topics.global1, topics.global2, topics.alert, topics.delivery)
    with watcher, BatchWatcher(config.local.home / "checkpoint", watcher.note_stored):
        yield watcher


@pytest.mark.parametrize("scale", [QUICK, FULL])
def test_r1_r6_everybody_is_killed_and_nothing_is_lost_doubled_or_out_of_order(
    scale, chance, crew, config, nodes, watcher, discord, history, begins, report
):
    topics, stored = config.kafka.topics, "ingest" in scale.kills
    run = ("--seed", str(chance.randrange(10**6)), "--start", begins, "--count", str(scale.reports))
    run += ("--rate", f"{scale.rate * 60 // config.produce.drones}/min")
    options = {"produce": (*run, "--run", "day"), **dict.fromkeys(("stream-alerts", "alert-bot"), ("--instance", "a"))}
    supervisor = Supervisor(crew, history, options | ({"ingest": ()} if stored else {}))
    siege = Siege(scale, supervisor, watcher, history, topics, nodes)

    siege.kill(chance)
    lines = printed(*run)
    truth = truth_in(lines)
    siege.wait(lambda: supervisor.is_done("produce"), "the last report")
    siege.wait(lambda: watcher.count(topics.delivery) >= truth.alerts.count, "the last delivery")
    if stored:
        siege.wait(lambda: lag(config.kafka, "ingest", topics.global2) == 0, "the last row", every_s=1)
    supervisor.stop_all()

    verdicts = verdicts_on(config, truth, discord)
    if stored:
        verdicts.append(counted(Counter(rows_of(lines)), rows_in(config)))
        verified = run_harmony(crew.config_file, "verify", within_s=900)
        assert verified.returncode == 0, verified.stdout + verified.stderr
    recoveries = recoveries_s(watcher, topics, history.faults)
    history.note(f"worst recoveries: {recoveries}")
    report("R1", f"kill everything, {siege.killed} kills", *verdicts, recovery_s=max(recoveries.values()))
    if scale.away_s:
        # Of one that ended, nothing was measured.
        assert (siege.gave_up, len(siege.grown)) == ([], sum(scale.kills[name] for name in nodes))
        report("R6", f"broker away {scale.away_s} s: {max(siege.grown) >> 20:+} MB", *verdicts)
        assert max(siege.grown) <= MORE_BYTES
    assert watcher.faults == []
    planned = sum(scale.kills.values())
    # A produce that catches up after an outage may have done its work before its last turns, where nobody waits for it.
    assert siege.killed >= (planned if stored else planned * 3 // 4)
    assert {who: took for who, took in recoveries.items() if took > RECOVERED_WITHIN_S.get(who, 30)} == {}
