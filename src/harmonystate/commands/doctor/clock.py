"""Clocks: Cassandra's own, and the records in Kafka, against ours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from harmonystate.commands.doctor.examining import Category, Look
from harmonystate.config import Config
from harmonystate.core.card import spell_age
from harmonystate.core.checkup import Finding, fail, ok, warn
from harmonystate.edges.cassandra.condition import ask
from harmonystate.edges.cassandra.connect import connected
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.freshness import newest_records
from harmonystate.errors import HarmonyError

# Ages on cards, leases and the order of writes rest on clocks that agree about so far.
SOME, MUCH = timedelta(seconds=1), timedelta(seconds=30)

# Why they do not answer is said in their own categories.
UNKNOWN = "see that it answers"


def of_cassandra(config: Config) -> Iterator[Finding]:
    """Compare Cassandra's clock with ours."""
    try:
        with connected(config.cassandra) as session:
            node = ask(session)
    except HarmonyError:
        yield warn("Cassandra's clock is not known", UNKNOWN)
        return
    yield judge("Cassandra's clock", node.clock - node.asked_at)


def of_records(config: Config) -> Iterator[Finding]:
    """Look for records of the future: Kafka tells no time of its own, but a clock that runs ahead shows in them."""
    topics = list(dict.fromkeys(config.kafka.topics.model_dump().values()))
    try:
        with answering(config.kafka):
            newest = newest_records(config.kafka, topics)
    except HarmonyError:
        yield warn("whether records come from the future is not known", UNKNOWN)
        return
    ahead = max(newest.values(), default=datetime.min.replace(tzinfo=UTC)) - datetime.now(UTC)
    if ahead <= SOME:
        yield ok("no record in Kafka comes from the future")
        return
    topic = max(newest, key=lambda name: newest[name])
    yield judge(f"the newest record of topic {topic}", ahead)


def judge(what: str, ahead: timedelta) -> Finding:
    """Say how far something is ahead of our clock, or behind it."""
    apart = abs(ahead)
    if apart <= SOME:
        return ok(f"{what} is within a second of ours")
    says = f"{what} is {spell_age(apart)} {'ahead of' if ahead > timedelta(0) else 'behind'} our clock"
    return warn(says) if apart <= MUCH else fail(says)


_ADVICE = "let every host keep its clock by NTP (`timedatectl`)"
CLOCK = Category("clock", (Look("clock-cassandra", _ADVICE, of_cassandra), Look("clock-kafka", _ADVICE, of_records)))
