"""R14: whatever Discord answers instead of a 200, once or for five minutes, each alert is told once."""

import json
import time
from collections import Counter
from itertools import pairwise

import pytest

from harmonystate.edges.kafka.reading import read_all
from tests.support.fake_discord import CHANNEL_ID, Answer
from tests.support.kafka import wait_until
from tests.support.proofs import counted
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
# So long that hikari would not wait for it.
BANNED = Answer(status=429, retry_after=301)
LONG_S, EVERY_S = 300, 10
# Discord bans who makes 10,000 invalid requests in ten minutes.
MOST_TRIES = 2_500
SOUTH, NORTH = 48.75, 48.96


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


def strip_by_strip(config, channels):
    """Return the same config, with a channel for each strip of the city from south to north."""
    edges = [SOUTH + (NORTH - SOUTH) * number / len(channels) for number in range(len(channels) + 1)]
    boxes = [{"south": south, "north": north, "west": 2, "east": 3} for south, north in pairwise(edges)]
    routes = [{"channel_id": channel, "area": box} for channel, box in zip(channels, boxes, strict=True)]
    return config.model_copy(update={"discord": config.discord.model_validate({"routes": routes})})


@pytest.mark.faults
def test_r14_five_minutes_of_any_refusal_lose_and_double_nothing(chance, hire, config, discord, history, report):
    """Each kind in a channel of its own, side by side; then Discord takes everything again."""
    kinds = [*REFUSALS, *FORBIDDEN, BANNED]
    channels = [CHANNEL_ID + number for number in range(len(kinds))]
    discord.channels = set(channels)
    crew, alerts = hire(strip_by_strip(config, channels)), []
    bot = crew.start("alert-bot", "--instance", "a")
    wait_until(lambda: discord.messages, what="Online")

    discord.refusals = dict(zip(channels, kinds, strict=True))
    until = time.monotonic() + LONG_S
    while time.monotonic() < until:
        new = [heard_at(len(alerts) + number, now(), chance) for number in range(3 * len(kinds))]
        alerts += new
        tell(config, new)
        time.sleep(EVERY_S)
    tries = [[status for _, status in discord.tries].count(status) for status in (403, 404)]
    history.note(f"tries: {len(discord.tries)}, of the forbidden {tries}")
    discord.refusals = {}
    back = time.monotonic()
    # Whoever is banned anew just before that waits for it once more.
    wait_until(is_all_told(config), within_s=2 * LONG_S, every_s=1, what="the last delivery")
    drained_s = time.monotonic() - back
    crew.stop(bot)

    report("R14", f"{len(kinds)} kinds of refusal, {LONG_S} s each", *verdicts_on(config, discord, alerts),
           recovery_s=drained_s)  # fmt: skip
    assert max(tries) <= LONG_S / 60 + 1
    assert len(discord.tries) <= MOST_TRIES


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(1, marks=pytest.mark.services, id="quick"),
        pytest.param(LONG_S // EVERY_S, marks=pytest.mark.faults, id="full"),
    ],
)
def test_r14_where_all_is_refused_as_invalid_each_alert_is_one_dead_letter_and_offsets_move_on(
    rounds, chance, crew, config, discord, report
):
    bot, alerts = crew.start("alert-bot", "--instance", "a"), []
    wait_until(lambda: discord.messages, what="Online")
    discord.always = Answer(status=400)
    for number in range(rounds):
        time.sleep(EVERY_S if number else 0)  # it is to last
        alerts += [heard_at(len(alerts) + more, now(), chance) for more in range(3)]
        tell(config, alerts[-3:])
    wait_until(is_all_told(config), every_s=0.5, what="the last dead letter")
    crew.stop(bot)

    letters = (
        json.loads(record.value)["alertId"] for record in read_all(config.kafka, config.kafka.topics.dead_letter)
    )
    refused = counted(Counter(alert.alert_id for alert in alerts), letters)
    report("R14", f"400 for {len(alerts)} alerts, {rounds} x", refused, *verdicts_on(config, discord, []))
    assert len(discord.tries) <= MOST_TRIES


@pytest.mark.services
def test_r14_a_refused_token_ends_the_bot_and_what_it_could_not_tell_is_told_by_the_next(
    chance, crew, config, discord, report
):
    bot = crew.start("alert-bot", "--instance", "a")
    wait_until(lambda: discord.messages, what="Online")
    discord.script.append(Answer(status=401))
    alerts = [heard_at(number, now(), chance) for number in range(3)]
    tell(config, alerts)
    assert crew.wait(bot, 60) == 78
    bot = crew.start("alert-bot", "--instance", "a")
    wait_until(is_all_told(config), what="the last delivery")
    crew.stop(bot)

    report("R14", "401, then a token that is taken", *verdicts_on(config, discord, alerts))
