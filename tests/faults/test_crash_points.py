"""R2: each stage dies at each of its points; R19: each stage is asked to leave in the middle of its work."""

import pytest

from tests.support.kafka import wait_until
from tests.support.proofs import LEADS_TO, STAGES, verdicts_on, worst_recovery_s
from tests.support.runs import ended_under
from tests.support.supervisor import Supervisor
from tests.support.watcher import Watcher

OF_A_TRANSACTION = ("after-send", "before-commit", "after-commit")
POINTS = {
    "produce": OF_A_TRANSACTION,
    "stream-alerts": OF_A_TRANSACTION,
    "alert-bot": ("before-post", "after-200", *OF_A_TRANSACTION),
}
# So often a point is passed, at most, before it is the last.
PASSINGS = 5

QUICK = pytest.param(1, marks=pytest.mark.services, id="quick")
FULL = pytest.param(20, marks=pytest.mark.faults, id="full")


def plan(times, chance):
    """Return for each stage where its lives end: at each point so many times, in no order."""
    points = {stage: [*of_stage] * times for stage, of_stage in POINTS.items()}
    for of_stage in points.values():
        chance.shuffle(of_stage)
    return {stage: [f"{point}:{chance.randint(1, PASSINGS)}" for point in some] for stage, some in points.items()}


@pytest.mark.parametrize("times", [QUICK, FULL])
def test_r2_r19_a_stage_may_die_at_any_point_and_be_asked_to_leave_at_any_time(
    times, chance, crew, config, discord, history, begins, report
):
    topics = config.kafka.topics
    run = ("--seed", str(chance.randrange(10**6)), "--start", begins, "--rate", "400/min")
    options = {"produce": (*run, "--run", "day"), **dict.fromkeys(("stream-alerts", "alert-bot"), ("--instance", "a"))}
    points = plan(times, chance)
    crashes = sum(map(len, points.values()))

    with Watcher(config.kafka, topics.global1, topics.global2, topics.alert, topics.delivery) as watcher:
        supervisor = Supervisor(crew, history, options, points)
        wait_until(lambda: supervisor.tend() or not supervisor.points_left, within_s=3_600, what="the last crash")
        for stage in STAGES * times:
            (topic, *_) = LEADS_TO[stage](topics)
            wait_until(lambda s=stage, t=topic: supervisor.is_at_work(s, watcher, t), within_s=120, what=stage)
            supervisor.stop(stage)
        truth = ended_under(supervisor, watcher, config, run)

    verdicts, worst = verdicts_on(config, truth, discord), worst_recovery_s(watcher, topics, history.faults)
    report("R2", f"crash points, {crashes} crashes", *verdicts, recovery_s=worst)
    report("R19", f"asked to leave, {3 * times} x at work", *verdicts)
    assert watcher.faults == []
    assert (worst or 0) <= 30
