"""R5: replies of the broker that never come, or late; R7: a batch that expires inside its transaction."""

from itertools import zip_longest

import pytest

from tests.support.kafka import wait_until
from tests.support.proofs import verdicts_on, worst_recovery_s
from tests.support.proxy import Api
from tests.support.runs import ended_under
from tests.support.supervisor import Supervisor
from tests.support.watcher import Watcher

# The client gives a batch up while it, or the broker's reply to it, is on its way.
IMPATIENT = {"request_timeout_ms": 1_000, "delivery_timeout_ms": 2_000}
LATER_S = 3.0
ALL_THE_TIME = 1_000_000
# Longer than anybody waits for the end of a transaction.
LATE_S = 20.0
EXPIRED = "has passed since batch creation"
WRITERS = ("produce", "stream-alerts", "alert-bot")
INSTANCE = dict.fromkeys(("stream-alerts", "alert-bot"), ("--instance", "a"))


def run_of(chance, begins):
    return ("--seed", str(chance.randrange(10**6)), "--start", begins, "--rate", "240/min")


@pytest.mark.parametrize(
    ("times", "late"),
    [
        pytest.param(5, 1, marks=pytest.mark.services, id="quick"),
        pytest.param(100, 5, marks=pytest.mark.faults, id="full"),
    ],
)
def test_r5_a_transaction_whose_replies_are_lost_is_neither_torn_nor_lost_nor_doubled(
    times, late, chance, hire, proxied, config, discord, history, begins, proxy, report
):
    topics, run = config.kafka.topics, run_of(chance, begins)
    fates = [(api, None, in_turn(number)) for api in Api for number in range(times)]
    # First the others: without produce nobody has anything to do.
    fates += [(Api.END_TXN, LATE_S, in_turn(number + 1)) for number in range(late)]
    fates += [(Api.TXN_OFFSET_COMMIT, LATE_S, in_turn(number + 2)) for number in range(late)]
    chance.shuffle(fates)

    with Watcher(config.kafka, topics.global1, topics.global2, topics.alert, topics.delivery) as watcher:
        supervisor = Supervisor(hire(proxied), history, {"produce": (*run, "--run", "day"), **INSTANCE})
        for api, hold_s, stage in by_turns(fates):
            wait_until(supervisor_tends(supervisor, watcher, topics), within_s=120, what="reports")
            client = f"harmony-{stage}-"
            met = proxy.met.of(api, client)
            if hold_s is None:
                proxy.lose(api, client=client)
            else:
                proxy.hold(api, hold_s, client=client)
            wait_until(
                lambda a=api, c=client, n=met: supervisor.tend() or proxy.met.of(a, c) > n,
                within_s=120, what=f"{api.name} of {stage}",
            )  # fmt: skip
            history.fault(f"{'lost' if hold_s is None else 'late'} {api.name} to", stage)
        truth = ended_under(supervisor, watcher, config, run)

    worst = worst_recovery_s(watcher, topics, history.faults)
    report(
        "R5",
        f"replies lost, {times} of each of {len(Api)} kinds, and {late} of two late",
        *verdicts_on(config, truth, discord),
        recovery_s=worst,
    )
    assert watcher.faults == []


def in_turn(number):
    """Return whose reply is the next: each stage is to meet each kind of it."""
    return WRITERS[number % len(WRITERS)]


def by_turns(fates):
    """Put them in an order in which whoever has just lost a reply recovers while others lose theirs."""
    of_stages = ([fate for fate in fates if fate[-1] == stage] for stage in WRITERS)
    return [fate for turn in zip_longest(*of_stages) for fate in turn if fate]


def supervisor_tends(supervisor, watcher, topics):
    """Return a condition: more reports have come since it was made."""
    before = watcher.count(topics.global1)
    return lambda: supervisor.tend() or watcher.count(topics.global1) > before


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(1, marks=pytest.mark.services, id="quick"),
        pytest.param(20, marks=pytest.mark.faults, id="full"),
    ],
)
def test_r7_no_transaction_is_committed_without_a_batch_that_expired_in_it(
    times, chance, hire, proxied, config, discord, history, begins, proxy, report
):
    topics, run = config.kafka.topics, run_of(chance, begins)
    impatient = proxied.model_copy(update={"kafka": proxied.kafka.model_copy(update={"client": IMPATIENT})})

    with Watcher(config.kafka, topics.global1, topics.global2, topics.alert, topics.delivery) as watcher:
        supervisor = Supervisor(hire(impatient), history, {"produce": (*run, "--run", "day"), **INSTANCE})
        for number in range(times):
            wait_until(supervisor_tends(supervisor, watcher, topics), within_s=120, what="reports")
            # One after the other: who has nothing to read has nothing to write.
            for stage in WRITERS:
                give_up_a_batch(stage, HOW[number % 2], supervisor, proxy, history)
        truth = ended_under(supervisor, watcher, config, run)

    worst = worst_recovery_s(watcher, topics, history.faults)
    report(
        "R7",
        f"batches expired in three stages, {times} x each",
        *verdicts_on(config, truth, discord),
        recovery_s=worst,
    )
    assert watcher.faults == []
    assert [stage for stage in WRITERS if history.said(EXPIRED, stage) < times] == []


def unheard(proxy, client):
    """The broker has nothing of it: what is committed all the same is lost."""
    proxy.withhold(Api.PRODUCE, ALL_THE_TIME, client=client)


def unanswered(proxy, client):
    """The broker has it, and the client does not know: what is sent again all the same is doubled."""
    proxy.hold(Api.PRODUCE, LATER_S, ALL_THE_TIME, client=client)


HOW = (unheard, unanswered)


def give_up_a_batch(stage, how, supervisor, proxy, history):
    """Have a stage give a batch up; wait until it says so, or has ended that transaction as if nothing were amiss."""
    client, expired = f"harmony-{stage}-", history.said(EXPIRED, stage)
    met = proxy.met.of(Api.PRODUCE, client)
    history.fault(f"{how.__name__} PRODUCE, again and again, of", stage)
    how(proxy, client)
    wait_until(lambda: supervisor.tend() or proxy.met.of(Api.PRODUCE, client) > met, what=f"a batch of {stage}")
    ends = proxy.passed.of(Api.END_TXN, client)
    wait_until(
        lambda: (
            supervisor.tend()
            or history.said(EXPIRED, stage) > expired
            or proxy.passed.of(Api.END_TXN, client) > ends
        ),
        what=f"the end of a batch of {stage}",
    )  # fmt: skip
    proxy.relent()
