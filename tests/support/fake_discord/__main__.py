"""Run it by hand."""

import threading

from tests.support.fake_discord import CHANNEL_ID, TOKEN, FakeDiscord

with FakeDiscord(limit=5) as fake:
    print(f"HARMONY_DISCORD__TOKEN={TOKEN}", f"HARMONY_DISCORD__CHANNEL_ID={CHANNEL_ID}")
    print(f"HARMONY_DISCORD__REST_URL={fake.url}", flush=True)
    threading.Event().wait()
