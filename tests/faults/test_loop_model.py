"""The exactly-once loop against clients of which every call may go wrong, in any order."""

from collections import Counter
from contextlib import nullcontext
from itertools import chain
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from harmonystate.config import KafkaSettings
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka import exactly_once, group_reader, patience, session, transaction
from harmonystate.errors import Misconfigured
from tests.support.fake_kafka import SOURCE, Consumer, Fate, Killed, Producer, World, is_sad

NEVER, ALWAYS = 1e9, -1.0
# What goes wrong, and how many calls go well before: or nothing would ever be begun that could go wrong later.
fates = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(Fate)), max_size=8)
counts = st.fixed_dictionaries({0: st.integers(0, 20), 1: st.integers(0, 20)})
calm_s = st.sampled_from([NEVER, ALWAYS])


class NoWatchdog:
    """Nothing here hangs."""

    def __init__(self, **_):
        pass

    def watching(self, _call):
        return nullcontext()

    def close(self):
        pass


def transform(world, once):
    """Run the loop once as a process would: until all there is is done, or until it dies."""
    exactly_once.transform_exactly_once(
        KafkaSettings(),
        source=SOURCE,
        stage="stream-alerts",
        instance="a",
        decide=lambda batch: [
            Outgoing("alert", b"%d" % row.partition, b"%d/%d" % (row.partition, row.offset))
            for row in batch
            if is_sad(row.offset)
        ],
        stop=SimpleNamespace(is_set=lambda: False, wait=lambda _: False),
        once=once,
        meter=SimpleNamespace(**dict.fromkeys(("add", "show", "observe"), lambda **_: None)),
    )


def require_exactly_once(counted, happening, calm):
    """Run the loop until it is done, starting it again whenever it dies, and look at what was written."""
    world = World(counted, chain.from_iterable([Fate.FINE] * calls + [fate] for calls, fate in happening))
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        patch.setattr(transaction, "open_producer", lambda *_, **__: Producer(world))
        patch.setattr(transaction, "await_markers", lambda *_: None)
        patch.setattr(group_reader, "open_consumer", lambda *_, **__: Consumer(world))
        patch.setattr(exactly_once, "leave", lambda *_, **__: None)
        patch.setattr(session, "abort_what_was_left", lambda *_, **__: None)
        patch.setattr(patience, "give_back", lambda: None)
        patch.setattr(transaction, "gc", SimpleNamespace(collect=lambda: None))
        patch.setattr(exactly_once, "CALM_S", calm)
        patch.setattr(session, "LOOK_EVERY_S", calm)
        for module in (transaction, group_reader):
            patch.setattr(module, "Watchdog", NoWatchdog)
        # The other member may give its partition back when we have looked for the last time: then we come again.
        while not (done(world) and world.is_done):
            world.has_us = False
            world.let_another_work(world.theirs)

    expected = [(partition, offset) for partition, count in counted.items() for offset in range(count)]
    assert Counter(world.written) == Counter(place for place in expected if is_sad(place[1]))
    for partition in counted:
        of_one = [offset for at, offset in world.written if at == partition]
        assert of_one == sorted(of_one)


def done(world):
    try:
        transform(world, once=True)
    except (Killed, Misconfigured):  # the second: its name was taken twice; an operator would start it again
        return False
    return True


@given(counts, fates, calm_s)
@settings(max_examples=300)
def test_whatever_call_goes_wrong_each_alert_is_written_once_and_in_order(counted, happening, calm):
    require_exactly_once(counted, happening, calm)


@pytest.mark.faults
@given(counts, fates, calm_s)
@settings(max_examples=10_000)
def test_model_whatever_call_goes_wrong_ten_thousand_times(counted, happening, calm):
    require_exactly_once(counted, happening, calm)
