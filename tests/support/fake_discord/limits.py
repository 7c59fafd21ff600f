"""How often a channel takes messages and edits (https://discord.com/developers/docs/topics/rate-limits)."""

import time
from collections import defaultdict, deque
from typing import Protocol

from aiohttp import web

from tests.support.fake_discord.answers import too_many


class Limit(Protocol):
    """So many messages per window; `fixed` windows begin with their first message and end for all at once."""

    limit: int | None
    window_s: float
    fixed: bool
    too_often: int


class Windows:
    """What each channel has taken of late, messages and edits apart."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def refuse(self, rule: Limit, method: str, channel: str) -> web.Response | None:
        """Count a request against the channel's limit; refuse it beyond."""
        now, window = time.monotonic(), self._windows[method, channel]
        while window and now - window[0] > rule.window_s:
            window.clear() if rule.fixed else window.popleft()
        if rule.limit is not None and len(window) >= rule.limit:
            rule.too_often += 1
            return too_many(rule.window_s - (now - window[0]), "user", self.headers(rule, method, channel))
        window.append(now)
        return None

    def headers(self, rule: Limit, method: str, channel: str) -> dict[str, str]:
        """Return what an answer says of the limit."""
        if rule.limit is None:
            return {}
        window = self._windows[method, channel]
        # A little late, so that whoever keeps to the header is never refused for a rounding.
        after = rule.window_s + 0.1 - (time.monotonic() - window[0])
        return {
            "X-RateLimit-Bucket": f"messages-{method}",
            "X-RateLimit-Limit": str(rule.limit),
            "X-RateLimit-Remaining": str(max(rule.limit - len(window), 0)),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
        }
