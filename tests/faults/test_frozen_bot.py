"""R3, as far as Discord is concerned: a bot that hears nothing for a while, whose alerts another tells meanwhile."""

import time
from datetime import UTC, datetime

import pytest

from tests.support.groups import members
from tests.support.kafka import wait_until
from tests.support.telling import heard_at, is_all_told, tell, verdicts_on

GROUP = "alert-bot"
# The shortest that a broker takes, so that another takes over soon.
SESSION = {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 2_000}
# So many alerts wait all the time.
BACKLOG = 50


@pytest.mark.parametrize(
    ("how", "times", "count", "limit"),
    [
        pytest.param("frozen", 1, 300, 2, marks=pytest.mark.services, id="quick"),
        pytest.param("frozen", 8, 2_000, 4, marks=pytest.mark.faults, id="frozen, full"),
        pytest.param("cut off", 8, 2_000, 4, marks=pytest.mark.faults, id="cut off, full"),
    ],
)
def test_r3_a_bot_that_comes_back_tells_nothing_that_another_has_told_meanwhile(
    how, times, count, limit, chance, hire, config, proxied, proxy, discord, report
):
    """Both tell from one backlog all the time, so the next message of either holds what the other may have told."""
    discord.limit, discord.window_s = limit, 1.0
    alerts = []
    first, other = (hire(with_short_session(at)) for at in (proxied, config))
    sleeper = first.start(GROUP, "--instance", "a")
    watcher = other.start(GROUP, "--instance", "b")

    def raise_alerts(count):
        more = [heard_at(len(alerts) + number, datetime.now(UTC), chance) for number in range(count)]
        alerts.extend(more)
        tell(config, more)

    def outlast():
        """Raise more where a busy machine takes longer than the backlog."""
        if discord.told().total() > len(alerts) - BACKLOG:
            raise_alerts(BACKLOG)

    for _ in range(times):
        wait_until(lambda: members(config.kafka, GROUP) == {"a", "b"}, every_s=0.2)
        raise_alerts(count)
        wait_for_told(discord, len(alerts) - count * 0.9)
        time.sleep(0.2 + chance.random())  # not while it commits what it has just told: that would find out
        with first.frozen(sleeper) if how == "frozen" else proxy.silent():
            wait_until(lambda: outlast() or members(config.kafka, GROUP) == {"b"}, every_s=0.2)
            wait_for_told(discord, discord.told().total() + 30, meanwhile=outlast)
            outlast()
        wait_until(is_all_told(config), every_s=0.5, what="the last delivery")
    first.stop(sleeper)
    other.stop(watcher)

    report("R3", f"a bot {how} {times} times", *verdicts_on(config, discord, alerts))


def wait_for_told(discord, count, *, meanwhile=lambda: None):
    wait_until(lambda: meanwhile() or discord.told().total() > count, what=f"message that makes {count:.0f} alerts")


def with_short_session(config):
    kafka = config.kafka.model_copy(update={"client": {**config.kafka.client, **SESSION}})
    return config.model_copy(update={"kafka": kafka})
