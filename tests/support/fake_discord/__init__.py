"""A Discord for tests, on 127.0.0.1: channels by REST, a gateway, and people who press buttons and type commands.

server.py        channels and messages    gateway.py  who listens    limits.py  how often
interactions.py  what people do           answers.py  whom it knows, and what its requests get
directory.py             who the bot is, and what it may do
By hand: `python -m tests.support.fake_discord` prints the settings that lead to it.
"""

from tests.support.fake_discord.answers import BOT_ID, CHANNEL_ID, TOKEN, Answer, Json
from tests.support.fake_discord.interactions import Interaction, custom_ids
from tests.support.fake_discord.server import FakeDiscord

__all__ = ["BOT_ID", "CHANNEL_ID", "TOKEN", "Answer", "FakeDiscord", "Interaction", "Json", "custom_ids"]
