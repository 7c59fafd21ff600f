"""What the stages must have done when all is over, and how long they took to go on after each fault."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from harmonystate.config import Config, Topics
from harmonystate.edges.kafka.reading import read_all
from tests.support.account import Account, Truth, Verdict, compare
from tests.support.fake_discord import FakeDiscord
from tests.support.watcher import STORED, Watcher

STAGES = ("produce", "stream-alerts", "alert-bot")
# Where it shows that a stage goes on.
LEADS_TO: dict[str, Callable[[Topics], tuple[str, ...]]] = {
    "produce": lambda topics: (topics.global1,),
    "stream-alerts": lambda topics: (topics.alert,),
    "alert-bot": lambda topics: (topics.delivery,),
    "ingest": lambda _: (STORED,),
    "broker": lambda topics: (topics.global1, topics.alert, topics.delivery, STORED),
    "Cassandra": lambda _: (STORED,),
}


def account_of(config: Config, topic: str) -> Account:
    """Read all that is committed in a topic of reports or alerts."""
    return Account(record.value for record in read_all(config.kafka, topic) if record.value is not None)


def verdicts_on(config: Config, truth: Truth, discord: FakeDiscord | None) -> list[Verdict]:
    """Hold all topics, and the channel, against the truth; the reports byte for byte."""
    topics = config.kafka.topics
    reports = [account_of(config, topic) for topic in (topics.global1, topics.global2)]
    verdicts = [compare(truth.reports.order, account.order) for account in reports]
    if all(verdict.holds for verdict in verdicts):
        assert [account.texts for account in reports] == [truth.reports.texts] * 2
    verdicts.append(compare(truth.alerts.order, account_of(config, topics.alert).order))
    if discord is not None:
        delivered = (record.key.decode() for record in read_all(config.kafka, topics.delivery) if record.key)
        verdicts += [counted(truth.alert_ids, delivered), counted(truth.alert_ids, told(discord).elements())]
    return verdicts


def counted(expected: Counter[str], found: Iterable[str]) -> Verdict:
    """Compare where there is no order to keep."""
    actual = Counter(found)
    return Verdict((expected & actual).total(), (expected - actual).total(), (actual - expected).total())


def told(discord: FakeDiscord) -> Counter[str]:
    """Return how often each alert stands in the channel."""
    return discord.told()


def worst_recovery_s(watcher: Watcher, topics: Topics, faults: Sequence[tuple[int, str]]) -> float | None:
    """Return the longest time that it took until a victim's work went on; None when none had any left."""
    return max(recoveries_s(watcher, topics, faults).values(), default=None)


def recoveries_s(watcher: Watcher, topics: Topics, faults: Sequence[tuple[int, str]]) -> dict[str, float]:
    """Return for each victim the longest time until its work went on; without those that had none left."""
    worst: dict[str, float] = defaultdict(float)
    for at, who in faults:
        for topic in LEADS_TO[who](topics):
            took = watcher.recovery_s(topic, at)
            # What was hit again before is measured from there.
            if took and not any(
                at < later <= at + took * 1000 and topic in LEADS_TO[again](topics) for later, again in faults
            ):
                worst[who] = max(took, worst[who])
    return dict(worst)
