"""R22: two processes of one name. On one host the second is refused (75); on two hosts, here two homes, one gives up.

*Full* one after the other comes from the other host, while the one before it is at work.
"""

from datetime import UTC, datetime

import pytest

from harmonystate.config import LocalSettings
from tests.support.account import Account, truth_of
from tests.support.groups import members
from tests.support.kafka import wait_until
from tests.support.proofs import verdicts_on
from tests.support.runs import bounded, ended
from tests.support.telling import heard_at, is_all_told, tell
from tests.support.telling import verdicts_on as verdicts_on_telling
from tests.support.watcher import Watcher

RATE = ("--rate", "240/min")  # 400 reports a second
NAMED = ("--instance", "a")
# So many alerts wait all the time.
BACKLOG = 200
TAKEN, GIVEN_UP = 75, 78

TIMES = pytest.mark.parametrize(
    "times",
    [
        pytest.param(1, marks=pytest.mark.services, id="quick"),
        pytest.param(10, marks=pytest.mark.faults, id="full"),
    ],
)


@pytest.fixture
def crews(hire, config, tmp_path):
    """Those of one host, and those of another."""
    elsewhere = config.model_copy(update={"local": LocalSettings(home=tmp_path / "elsewhere")})
    return [hire(config), hire(elsewhere)]


@pytest.fixture
def run(chance, begins):
    return ("--seed", str(chance.randrange(10**6)), "--start", begins, *RATE)


def rivalled(crews, child, *command, meanwhile=lambda: None):
    """Start the same on the other host; return who goes on once one of the two has given up, its crew first."""
    here, elsewhere = crews
    assert here.wait(here.start(*command), 60) == TAKEN
    both = {child: crews, elsewhere.start(*command): crews[::-1]}
    wait_until(lambda: meanwhile() or any(one.exit_code is not None for one in both), what="the end of one")
    ends = {one: one.exit_code for one in both}
    assert sorted(map(str, ends.values())) == [str(GIVEN_UP), "None"], ends
    return next((one, both[one]) for one, code in ends.items() if code is None)


@TIMES
def test_r22_of_two_that_transform_under_one_name_one_goes_on(times, run, crews, config, report):
    topics, command = config.kafka.topics, ("stream-alerts", *NAMED)
    crew = crews[0]

    with Watcher(config.kafka, topics.global1, topics.alert) as watcher:
        produce = crew.start("produce", *run, "--run", "day")
        child = crew.start(*command)
        wait_until(lambda: members(config.kafka, "stream-alerts") == {"a"}, within_s=120, every_s=0.2)
        for _ in range(times):
            child, crews = rivalled(crews, child, *command)
        truth = ended(run, produce, crew, watcher, config)
        crew.stop(child)

    report("R22", f"stream-alerts, two of one name {times} x", *verdicts_on(config, truth, None))
    assert watcher.faults == []


@TIMES
def test_r22_of_two_bots_of_one_name_one_goes_on_and_no_alert_is_told_twice(
    times, chance, crews, config, discord, report
):
    """Kafka fences one of them out, and Discord nobody: whoever is to give up has to know before it tells."""
    discord.limit, discord.window_s = 4, 1.0
    alerts, command = [], ("alert-bot", *NAMED)
    crew, child = crews[0], crews[0].start(*command)

    def raise_more():
        if discord.told().total() > len(alerts) - BACKLOG:
            more = [heard_at(len(alerts) + number, datetime.now(UTC), chance) for number in range(BACKLOG)]
            alerts.extend(more)
            tell(config, more)

    for _ in range(times):
        told = discord.told().total()
        wait_until(lambda n=told: raise_more() or discord.told().total() > n + BACKLOG, what="its next messages")
        child, crews = rivalled(crews, child, *command, meanwhile=raise_more)
    wait_until(is_all_told(config), every_s=0.5, what="the last delivery")
    crew.stop(child)

    report("R22", f"alert-bot, two of one name {times} x", *verdicts_on_telling(config, discord, alerts))


@TIMES
def test_r22_of_two_at_one_run_one_goes_on_and_no_report_is_written_twice(times, run, crews, config, report):
    topics, command = config.kafka.topics, ("produce", *run, "--run", "day")
    crew, child = crews[0], crews[0].start(*command)

    with Watcher(config.kafka, topics.global1, topics.global2) as watcher:
        for _ in range(times):
            before = watcher.count(topics.global1)
            wait_until(lambda n=before: watcher.count(topics.global1) > n, what="its next reports")
            child, crews = rivalled(crews, child, *command)
        run = bounded(run, child, crew, config)
    truth = truth_of(*run)._replace(alerts=Account(()))  # nobody looks for them here

    report("R22", f"produce, two at one run {times} x", *verdicts_on(config, truth, None))
    assert watcher.faults == []
