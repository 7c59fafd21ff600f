"""How often Discord may be asked, from what its answers say: a queue of tokens per bucket and channel, and one for all.

https://discord.com/developers/docs/topics/rate-limits. One request of a bucket is on its way at a time, and its answer
tells how many more are taken until a moment. When that moment has passed, or an answer was lost, what we have sent
ourselves decides: in no window of the longest length seen more than the limit. So it does not matter whether Discord's
window slides or begins anew.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

# Discord takes 50 a second of a bot, whatever the channel.
MOST_PER_S = 45
# A request on its way will tell: look again then.
LOOK_AGAIN_S = 0.05


class Headers(NamedTuple):
    """What an answer says of its bucket, by the headers X-RateLimit-...

    Attributes:
        bucket: its name; several routes may share one.
        limit: requests it takes in a window.
        remaining: requests it takes now ...
        reset_after_s: ... within so long.
    """

    bucket: str
    limit: int
    remaining: int
    reset_after_s: float


@dataclass(slots=True)
class _Bucket:
    """A bucket in one channel; `limit` 0 = no answer has told of it yet."""

    limit: int = 0
    window_s: float = 0.0
    left: int = 0
    resets_at: float = 0.0
    is_asked: bool = False
    sent: deque[float] = field(default_factory=deque)

    def wait_s(self, now: float) -> float:
        if self.is_asked:
            return LOOK_AGAIN_S
        if self.left or not self.limit:
            return 0.0
        ours = self.sent[-self.limit] + self.window_s if len(self.sent) >= self.limit else now
        return max(self.resets_at, ours) - now


class Limits:
    """What may be sent when. Times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._closed_until = 0.0
        self._sent: deque[float] = deque(maxlen=MOST_PER_S)

    def wait_s(self, route: str, channel: str, now: float) -> float:
        """Return how long to wait before a request may be sent; 0 = it may be sent now.

        Args:
            route: which method and path.
            channel: each has its own buckets.
            now: the clock.
        """
        in_all = self._sent[0] + 1.0 - now if len(self._sent) == MOST_PER_S else 0.0
        return max(self._closed_until - now, in_all, self._bucket(route, channel).wait_s(now), 0.0)

    def send(self, route: str, channel: str, now: float) -> None:
        """Note a request that is sent now; `finish` must follow."""
        bucket = self._bucket(route, channel)
        bucket.left, bucket.is_asked = max(bucket.left - 1, 0), True
        self._sent.append(now)

    def learn(self, route: str, channel: str, says: Headers, now: float) -> None:
        """Note what an answer says that has come now."""
        bucket = self._bucket(route, channel)
        self._names[route] = says.bucket
        bucket = self._buckets.setdefault((says.bucket, channel), bucket)
        bucket.limit, bucket.left = max(says.limit, 1), max(says.remaining, 0)
        bucket.resets_at = now + says.reset_after_s
        bucket.window_s = max(bucket.window_s, says.reset_after_s)

    def finish(self, route: str, channel: str, now: float) -> None:
        """Note that a request is over, with or without an answer; it was counted by now at the latest."""
        bucket = self._bucket(route, channel)
        bucket.is_asked = False
        bucket.sent.append(now)
        while len(bucket.sent) > max(bucket.limit, 1):
            bucket.sent.popleft()

    def close(self, until: float) -> None:
        """Send nothing until then, whatever the channel: the limit of all requests is reached."""
        self._closed_until = max(self._closed_until, until)

    def _bucket(self, route: str, channel: str) -> _Bucket:
        return self._buckets.setdefault((self._names.get(route, route), channel), _Bucket())
