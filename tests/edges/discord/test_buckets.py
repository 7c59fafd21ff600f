"""Holds hikari to what our limits stand on, and shows what it does without them."""

import asyncio

import hikari
import pytest

from harmonystate.edges.discord.buckets import Buckets, install
from tests.support.fake_discord import CHANNEL_ID, TOKEN, Answer, FakeDiscord

pytestmark = pytest.mark.services

GLOBAL = Answer(status=429, scope="global", retry_after=301)


def tries_of(discord, *, ours, within_s=2.0):
    """Post one message, by hikari with our limits or its own; return how often it asked."""

    async def post():
        app = hikari.RESTApp(max_retries=0, url=discord.url)
        if ours:
            install(app)
        await app.start()
        try:
            async with app.acquire(TOKEN, hikari.TokenType.BOT) as rest, asyncio.timeout(within_s):
                await rest.create_message(CHANNEL_ID, "x")
        finally:
            await app.close()

    with pytest.raises((hikari.RateLimitTooLongError, hikari.HTTPError, TimeoutError)):
        asyncio.run(post())
    return len(discord.tries)


def test_a_global_limit_that_hikari_alone_would_run_against_is_met_by_one_request(discord):
    # Two of them: what the first client had under way when its time was up still arrives.
    with FakeDiscord() as another:
        discord.always = another.always = GLOBAL

        assert tries_of(discord, ours=False) > 20
        assert tries_of(another, ours=True) == 1


@pytest.mark.parametrize("scope", ["user", "shared"])
def test_a_limit_of_the_channel_is_met_by_one_request(discord, scope):
    discord.always = Answer(status=429, scope=scope, retry_after=0.05)

    assert tries_of(discord, ours=True) == 1


def test_hikari_takes_the_bucket_manager_that_is_put_into_its_app():
    app = hikari.RESTApp()
    before = type(app._bucket_manager)

    buckets = install(app)

    assert before is hikari.impl.RESTBucketManager
    assert isinstance(buckets, Buckets)
    assert app._bucket_manager is buckets
