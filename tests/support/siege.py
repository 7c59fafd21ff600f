"""All stages at work under a supervisor, and each of them, and the servers, killed in its turn."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from harmonystate.config import Topics
from tests.support.history import History
from tests.support.kafka import wait_until
from tests.support.memory import resident
from tests.support.node import Node
from tests.support.proofs import LEADS_TO
from tests.support.supervisor import Supervisor
from tests.support.watcher import Watcher


class Scale(NamedTuple):
    """How much of it.

    Attributes:
        kills: how often each dies; ingest runs where it, or Cassandra, is among them.
        away_s: how long a server is away after each of its kills.
        rate: reports a second; as fast as kills leave time to meet everybody at work.
    """

    reports: int
    kills: Mapping[str, int]
    away_s: float
    rate: int
    within_s: float


def victims(kills: Mapping[str, int], servers: Sequence[str], chance: random.Random) -> list[str]:
    """Return whom to kill, in no order; servers neither first nor last."""
    plan = [stage for stage, times in kills.items() for _ in range(times) if stage not in servers]
    chance.shuffle(plan)
    for server in servers:
        for _ in range(kills.get(server, 0)):
            plan.insert(chance.randrange(1, len(plan)), server)
    return plan


class Siege:
    """What is done to them.

    Args:
        nodes: the servers among the victims.

    Attributes:
        killed: how many were; whoever has done its work is left alone.
        grown: by how much produce's memory grew (bytes) each time that a server was away.
        gave_up: which stages were at work when a server went, and did not live to see it back.
    """

    def __init__(
        self,
        scale: Scale,
        supervisor: Supervisor,
        watcher: Watcher,
        history: History,
        topics: Topics,
        nodes: Mapping[str, Node],
    ) -> None:
        self._scale, self._supervisor, self._watcher, self._topics = scale, supervisor, watcher, topics
        self._history, self._nodes = history, nodes
        self.killed = 0
        self.grown: list[int] = []
        self.gave_up: list[str] = []

    def kill(self, chance: random.Random) -> None:
        """Kill each in its turn, at random moments of the run."""
        plan = victims(self._scale.kills, list(self._nodes), chance)
        for number, victim in enumerate(plan, start=1):
            moment = self._scale.reports * (number - chance.random()) / (len(plan) + 1)
            self.wait(lambda m=moment: self._has_come(m), f"the time to kill {victim}")
            if "ingest" in self._scale.kills:
                self.wait(lambda v=victim: self._is_at_work(v), f"work of {victim}")
            self.killed += victim in self._nodes or not self._supervisor.is_done(victim)
            if victim in self._nodes:
                self._kill_server(victim)
            else:
                self._supervisor.kill(victim)

    def wait(self, condition: Callable[[], object], what: str, *, every_s: float = 0.05) -> None:
        """Wait, and start again whoever may be."""

        def holds() -> object:
            self._supervisor.tend()
            return condition()

        wait_until(holds, within_s=self._scale.within_s, what=what, every_s=every_s)

    def _has_come(self, moment: float) -> bool:
        return self._supervisor.is_done("produce") or self._watcher.count(self._topics.global1) > moment

    def _is_at_work(self, victim: str) -> bool:
        """Say whether a victim has done anything since its start, or has nothing left to do."""
        stage = {"broker": "produce", "Cassandra": "ingest"}.get(victim, victim)
        return self._supervisor.is_done("produce") or self._has_worked(stage)

    def _has_worked(self, stage: str) -> bool:
        (topic, *_) = LEADS_TO[stage](self._topics)
        return self._supervisor.is_at_work(stage, self._watcher, topic)

    def _kill_server(self, name: str) -> None:
        """Kill it, and start it again after a while; who is at work waits, who has just been started may give up."""
        self.wait(lambda: self._is_at_work("produce"), "work of produce")
        lives = {stage: child for stage, child in self._supervisor.children.items() if self._has_worked(stage)}
        produce, node, held = self._supervisor.children["produce"], self._nodes[name], []
        before = resident(produce)
        self._history.fault("killed", name)
        node.kill()
        until = time.monotonic() + self._scale.away_s
        self.wait(lambda: held.append(resident(produce)) or time.monotonic() > until, "its return")
        self._history.fault("starting", name)
        node.start()
        self._supervisor.tend()
        self.gave_up += [stage for stage, child in lives.items() if self._supervisor.children[stage] is not child]
        if produce.exit_code is None:
            self.grown.append(max(held) - before)
