"""Alerts for a bot to tell, and whether it has."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from harmonystate.config import Config
from harmonystate.core.alert import RaisedAlert
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.offsets import lag
from harmonystate.edges.kafka.reading import read_all
from tests.support.account import Verdict
from tests.support.alerts import encoded, raised
from tests.support.fake_discord import FakeDiscord
from tests.support.kafka import write
from tests.support.proofs import counted


def now() -> datetime:
    """Return the time, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def heard_at(number: int, heard: datetime, chance: random.Random) -> RaisedAlert:
    """Return alert `number`, of any of 5,000 drones, somewhere in a city of 24 km."""
    north = 48.75 + chance.random() * 0.21
    return raised(number, chance.choice((0, 1, 1)), drone=chance.randrange(5_000), heard=heard, latitude=north)


def tell(config: Config, alerts: Iterable[RaisedAlert]) -> None:
    """Write these as stream-alerts does."""
    topic = config.kafka.topics.alert
    write(config.kafka, (Outgoing(topic, b"%d" % a.alert.report.drone_id, encoded(a)) for a in alerts))


def is_all_told(config: Config) -> Callable[[], bool]:
    """Return a condition: the bot has committed all that stands there."""
    return lambda: lag(config.kafka, "alert-bot", config.kafka.topics.alert) == 0


def verdicts_on(config: Config, discord: FakeDiscord, alerts: Sequence[RaisedAlert]) -> list[Verdict]:
    """Hold the channels and the deliveries against what was raised."""
    truth = Counter(alert.alert_id for alert in alerts)
    recorded = (record.key.decode() for record in read_all(config.kafka, config.kafka.topics.delivery) if record.key)
    return [counted(truth, recorded), counted(truth, discord.told().elements())]
