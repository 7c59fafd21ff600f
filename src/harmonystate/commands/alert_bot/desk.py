"""Answers what people in the channel ask for (edges/discord/desk.py), each question with connections of its own."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

from harmonystate.commands.alert_bot.silences import Silences
from harmonystate.config import Config
from harmonystate.core.condition import Condition
from harmonystate.core.ranking import Ranked
from harmonystate.core.silence import Silence
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.saved import read_saddest
from harmonystate.edges.discord.desk import Wish
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.freshness import newest_records
from harmonystate.edges.kafka.overview import Observer
from harmonystate.edges.kafka.plans import readers_of


class Desk:
    """Its methods raise a HarmonyError that says what is away."""

    def __init__(self, config: Config, silences: Silences, now: Callable[[], datetime]) -> None:
        self._config, self._silences, self._now = config, silences, now

    def silence(self, wish: Wish) -> Silence:
        """Mute what matches."""
        now = self._now()
        identity = wish.identity or str(uuid4())
        made = Silence(identity, wish.matchers, now, now + wish.lasts, wish.author, wish.comment)
        self._silences.add(made, now)
        return made

    def silences(self) -> Sequence[Silence]:
        """Return those that mute now."""
        return self._silences.active(self._now())

    def condition(self) -> Condition:
        """Return how the pipeline is."""
        kafka = self._config.kafka
        groups, reports = readers_of(kafka.topics), kafka.topics.global1
        with answering(kafka):
            with Observer(kafka, list(dict.fromkeys(groups.values())), groups) as observer:
                lags = observer.look().lags
            last = newest_records(kafka, [reports]).get(reports)
        return Condition(lags, last, self.silences())

    def saddest(self) -> Sequence[Ranked]:
        """Return the last analysis's list, first rank first."""
        with open_session(self._config.cassandra) as session:
            return read_saddest(session)
