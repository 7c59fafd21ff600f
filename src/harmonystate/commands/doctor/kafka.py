"""Kafka: does it answer, where it says that it is, with topics as configured, and does everybody keep up."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from harmonystate.commands.doctor.examining import Category, Look
from harmonystate.config import Config
from harmonystate.core.card import spell_age
from harmonystate.core.checkup import Finding, fail, ok, warn
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.cluster import advertised, unreachable
from harmonystate.edges.kafka.freshness import oldest_waiting
from harmonystate.edges.kafka.overview import Observer
from harmonystate.edges.kafka.plans import readers_of
from harmonystate.edges.kafka.topic_state import Difference, TopicState, compare, kept_too_short

# Older than that, a record does not wait for its batch: nobody comes for it.
WAITS_LONG = timedelta(minutes=10)
# Other keys of a topic's config are a matter of taste, or of disk.
_GRAVE = {"partitions", "replication", "max.message.bytes", "cleanup.policy", "min.insync.replicas"}
_KEYS = {"partitions": "kafka.partitions", "replication": "kafka.replication"}


def answers(config: Config) -> Iterator[Finding]:
    """Look whether a bootstrap server lets us in."""
    brokers = advertised(config.kafka)
    yield ok(f"{config.kafka.bootstrap_servers} answers; {len(brokers)} broker{'s' if len(brokers) != 1 else ''}")


def listeners(config: Config) -> Iterator[Finding]:
    """Look whether the brokers can be reached where they say that they are."""
    brokers = advertised(config.kafka)
    gone = unreachable(brokers)
    for broker, why in gone:
        yield fail(f"{broker}, as it advertises itself, cannot be reached from here: {why}")
    if not gone:
        yield ok(f"every advertised listener can be reached: {', '.join(map(str, brokers))}")


def topics(config: Config) -> Iterator[Finding]:
    """Look whether the topics are as configured."""
    states = compare(config.kafka)
    missing = [state.plan.name for state in states if state.differences is None]
    # What was made with another config differs everywhere alike: that is one line.
    alike: defaultdict[Difference, list[TopicState]] = defaultdict(list)
    for state in states:
        for difference in state.differences or ():
            alike[difference].append(state)
    for name in missing:
        yield fail(f"topic {name} is not there", "run `harmony setup`")
    for difference, some in alike.items():
        yield judge(difference, some, ours=config.kafka.partitions)
    if not (missing or alike):
        yield ok(f"{len(states)} topics, as configured: {_names(states)}")


def judge(difference: Difference, states: Sequence[TopicState], *, ours: int) -> Finding:
    """Say how bad it is that some topics differ in one property; `ours` = the partitions that the config names."""
    says = f"{'topic' if len(states) == 1 else 'topics'} {_names(states)}: {difference}"
    if difference.name not in _GRAVE:
        return warn(says)
    key = _KEYS.get(difference.name)
    # The partitions of the topic silence are not the config's to say.
    if key is None or any(state.plan.partitions != ours for state in states):
        return fail(says)
    return fail(says, f"set {key} to {difference.actual}, or change them by Kafka's own tools")


def _names(states: Iterable[TopicState]) -> str:
    return ", ".join(state.plan.name for state in states)


def retention(config: Config) -> Iterator[Finding]:
    """Look whether groups keep their offsets as long as topics keep their records."""
    short = kept_too_short(config.kafka)
    yield from map(warn, short)
    if not short:
        yield ok("groups keep their offsets at least as long as topics their records")


def lag(config: Config) -> Iterator[Finding]:
    """Look whether every group keeps up."""
    groups = readers_of(config.kafka.topics)
    with answering(config.kafka):
        with Observer(config.kafka, sorted(set(groups.values())), groups) as observer:
            lags = observer.look().lags
        waiting = oldest_waiting(config.kafka, {group: topic for group, topic in groups.items() if lags[group]})
    for group, behind in lags.items():
        says = f"{group}: lag ≈ {behind:,}"
        age = datetime.now(UTC) - waiting[group] if group in waiting else timedelta(0)
        if age > WAITS_LONG:
            yield warn(f"{says}, the oldest record waits for {spell_age(age)}", f"is harmony {group} running?")
        else:
            yield ok(says)


KAFKA = Category(
    "kafka",
    (
        Look(
            "kafka-answers",
            "start it (`harmony up` for a local one), or mend kafka.bootstrap_servers",
            answers,
            vital=True,
        ),
        Look("kafka-listeners", "mend advertised.listeners in that broker's own config", listeners, vital=True),
        Look("kafka-topics", "change the topic by Kafka's own tools", topics, vital=True),
        Look("kafka-retention", "raise offsets.retention.minutes in the brokers' config", retention),
        Look("kafka-lag", "see that the stage is running; start more of it", lag),
    ),
)
