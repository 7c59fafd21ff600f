from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harmonystate.core.rate_limits import MOST_PER_S, Headers, Limits


class Server:
    """A Discord's bucket: `limit` requests per window, which slides, or begins with the first request in it."""

    def __init__(self, limit, window_s, *, fixed):
        self.limit, self.window_s, self.fixed = limit, window_s, fixed
        self.window = deque()
        self.refused = 0

    def take(self, now):
        """Return what the answer says: how many are left, and until when."""
        # A nanosecond is what sums of floats may be off by.
        while self.window and now - self.window[0] >= self.window_s - 1e-9:
            self.window.clear() if self.fixed else self.window.popleft()
        if len(self.window) < self.limit:
            self.window.append(now)
        else:
            self.refused += 1
        return self.limit - len(self.window), self.window[0] + self.window_s - now


@given(
    st.integers(1, 10),
    st.floats(0.1, 10),
    st.booleans(),
    st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.booleans()), min_size=1, max_size=80),
)
def test_after_the_first_answer_whoever_asks_is_never_refused_though_answers_are_late_or_lost(
    limit, window_s, fixed, requests
):
    """Draw the way to Discord, the way back, and whether the answer arrives."""
    limits, server, now = Limits(), Server(limit, window_s, fixed=fixed), 0.0
    for number, (there, back, arrives) in enumerate(requests):
        now += limits.wait_s("POST", "1", now)
        limits.send("POST", "1", now)
        left, reset_after = server.take(now + there)
        now += there + back
        if arrives or number == 0:
            limits.learn("POST", "1", Headers("messages", limit, left, reset_after), now)
        limits.finish("POST", "1", now)

    assert server.refused == 0


def test_one_request_is_on_its_way_in_a_channel():
    limits = Limits()
    limits.send("POST", "1", 0.0)

    assert limits.wait_s("POST", "1", 0.0) > 0
    assert limits.wait_s("POST", "2", 0.0) == limits.wait_s("PATCH", "1", 0.0) == 0
    limits.finish("POST", "1", 0.1)
    assert limits.wait_s("POST", "1", 0.1) == 0


def test_what_an_answer_leaves_may_be_sent_at_once_and_then_the_reset_is_awaited():
    limits = Limits()
    limits.send("POST", "1", 0.2)
    limits.learn("POST", "1", Headers("messages", 5, 2, 5.0), 0.2)
    limits.finish("POST", "1", 0.2)
    for _ in range(2):
        assert limits.wait_s("POST", "1", 0.2) == 0
        limits.send("POST", "1", 0.2)
        limits.finish("POST", "1", 0.2)

    assert limits.wait_s("POST", "1", 0.2) == pytest.approx(5.0)
    assert limits.wait_s("PATCH", "1", 0.2) == 0


def test_methods_of_one_bucket_share_its_tokens_in_a_channel():
    limits = Limits()
    for method in ("POST", "PATCH"):
        limits.send(method, "1", 0.0)
        limits.learn(method, "1", Headers("both", 5, 0, 5.0), 0.0)
        limits.finish(method, "1", 0.0)

    assert limits.wait_s("POST", "1", 1.0) == limits.wait_s("PATCH", "1", 1.0) == 4.0
    assert limits.wait_s("POST", "2", 1.0) == 0


def test_a_global_limit_closes_all():
    limits = Limits()
    limits.close(301.0)

    assert limits.wait_s("POST", "1", 1.0) == limits.wait_s("GET", "2", 1.0) == 300.0


def test_never_more_than_the_bot_may_send_in_a_second_over_all_channels():
    limits = Limits()
    for channel in range(MOST_PER_S):
        assert limits.wait_s("POST", str(channel), 0.5) == 0
        limits.send("POST", str(channel), 0.5)

    assert limits.wait_s("POST", "elsewhere", 0.6) == pytest.approx(0.9)
    assert limits.wait_s("POST", "elsewhere", 1.5) == 0
