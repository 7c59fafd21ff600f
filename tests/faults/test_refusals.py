"""R14: whatever Discord answers instead of a 200, once or for five minutes, each alert is told once."""

import time
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from harmonystate.config import Config
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.local.children import Child
from tests.support.crew import Crew
from tests.support.fake_discord import CHANNEL_ID, TOKEN, Answer, FakeDiscord
from tests.support.kafka import wait_until
from tests.support.services import Services, local_config, write_config
from tests.support.telling import heard_at, is_all_told, now, tell, verdicts_on

REFUSALS = [
    *(Answer(status=429, scope=scope, retry_after=0.5) for scope in ("user", "shared", "global")),
    Answer(status=429, retry_after=None),
    *(Answer(status=status) for status in (500, 502, 503, 504)),
    Answer(cut=True),
    Answer(status=500, cut=True),
    Answer(delay_s=13),
    Answer(hold_s=13),
]
# Told each minute, for they want somebody's hand, and not for a moment.
FORBIDDEN = [Answer(status=403), Answer(status=404)]
LONG_S, EVERY_S = 300, 10
# Discord bans who makes 10,000 invalid requests in ten minutes.
MOST_TRIES = 1_000


def has_told(discord, count):
    return lambda: discord.told().total() >= count and not discord.script


@pytest.mark.services
def test_r14_whatever_discord_answers_each_alert_is_told_once(chance, crew, config, discord, report):
    bot, alerts = crew.start("alert-bot", "--instance", "a"), []
    wait_until(lambda: discord.messages, what="Online")
    for refusal in REFUSALS:
        discord.script.append(refusal)
        alerts += [heard_at(len(alerts) + number, now(), chance) for number in range(3)]
        tell(config, alerts[-3:])
        wait_until(has_told(discord, len(alerts)), what=str(refusal))
    wait_until(is_all_told(config), what="the last delivery")
    crew.stop(bot)

    report("R14", f"{len(REFUSALS)} kinds of refusal", *verdicts_on(config, discord, alerts))


class Bot(NamedTuple):
    """A bot with a Discord, an alert topic and an account of its own."""

    config: Config
    discord: FakeDiscord
    crew: Crew
    child: Child
    alerts: list


@pytest.fixture
def bots(broker, history, tmp_path):
    """One for each refusal, all at work; the group is one, but each reads a topic that no other reads."""
    with ExitStack() as at_work:

        def start(number):
            discord = at_work.enter_context(FakeDiscord())
            config = local_config(Services(broker.address, "127.0.0.1", 9), tmp_path / "home")
            create_topics(config.kafka)
            variables = {"TOKEN": TOKEN, "CHANNEL_ID": str(CHANNEL_ID), "REST_URL": discord.url}
            path = write_config(config, tmp_path / f"bot-{number}.yaml")
            crew = Crew(path, history, {f"HARMONY_DISCORD__{name}": value for name, value in variables.items()})
            at_work.callback(crew.abandon)
            return Bot(config, discord, crew, crew.start("alert-bot", "--instance", f"bot-{number}"), [])

        started = [start(number) for number in range(len(REFUSALS + FORBIDDEN))]
        for bot in started:
            wait_until(lambda b=bot: b.discord.messages, within_s=180, what="Online")
        yield started


@pytest.mark.faults
@pytest.mark.timeout(1_200)
def test_r14_five_minutes_of_any_refusal_lose_and_double_nothing(bots, chance, history, report):
    """All kinds side by side; then Discord takes everything again."""
    for bot, refusal in zip(bots, REFUSALS + FORBIDDEN, strict=True):
        bot.discord.always = refusal
    until = time.monotonic() + LONG_S
    while time.monotonic() < until:
        for bot in bots:
            bot.alerts.extend([heard_at(len(bot.alerts) + number, now(), chance) for number in range(3)])
            tell(bot.config, bot.alerts[-3:])
        time.sleep(EVERY_S)
    tries = [len(bot.discord.tries) for bot in bots]
    history.note(f"tries: {tries}")
    for bot in bots:
        bot.discord.always = None
    back = time.monotonic()
    for bot in bots:
        wait_until(is_all_told(bot.config), within_s=180, every_s=1, what="the last delivery")
    drained_s = time.monotonic() - back
    for bot in bots:
        bot.crew.stop(bot.child)

    verdicts = [verdict for bot in bots for verdict in verdicts_on(bot.config, bot.discord, bot.alerts)]
    report("R14", f"{len(bots)} kinds of refusal, {LONG_S} s each", *verdicts, recovery_s=drained_s)
    assert max(tries) <= MOST_TRIES
