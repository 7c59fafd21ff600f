"""alert-bot: tells Discord, or the terminal, of every alert; each in exactly one message.

teller.py   the loop: read, let the lanes work, commit
lane.py     one channel: look up, tell, tell again
prover.py   what was told before it came to us
sink.py     what a place to tell alerts in must be able to do
silences.py what nobody is told of for a while
desk.py     what people in the channel may ask for
heartbeat.py says that no report comes
trial.py    a card marked TEST
"""

import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

from harmonystate.commands.alert_bot.heartbeat import Heartbeat
from harmonystate.commands.alert_bot.lane import Tools
from harmonystate.commands.alert_bot.silences import Silences
from harmonystate.commands.alert_bot.sink import Sink
from harmonystate.commands.alert_bot.teller import STAGE, Teller
from harmonystate.config import Config
from harmonystate.edges.console.cards import ConsoleSink
from harmonystate.edges.console.meter import Meter, metering
from harmonystate.edges.kafka import connect
from harmonystate.edges.kafka.alerts import AlertFeed
from harmonystate.edges.kafka.membership import leave
from harmonystate.edges.kafka.namesake import await_name
from harmonystate.edges.kafka.patience import Patience
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.edges.local import instance as instances
from harmonystate.edges.local.stop import Stop, stop_on_signals
from harmonystate.edges.metrics.exporter import exporting


def run(config: Config, *, sink: str | None, once: bool, instance: str | None, metrics_port: int | None = None) -> int:
    """Run the stage until asked to stop, or with `once` until what is there now is told."""
    stop = stop_on_signals()
    topics, silences = config.kafka.topics, Silences(config.kafka)
    opening = _sink(config, sink, silences, once=once)
    connect.require(config.kafka, [topics.alert, topics.delivery, topics.dead_letter, topics.silence])
    with (
        instances.claim(config.local.home, STAGE, instance) as name,
        silences.following(),
        opening as channel,
        _heartbeat(config, silences, channel, once=once),
        _meter(channel) as meter,
        exporting(meter, metrics_port),
    ):
        tools = Tools(meter, _now, _passed_s, silences.active)
        tell_all(config, channel, instance=name, once=once, stop=stop, tools=tools)
    return stop.exit_code


def tell_all(config: Config, sink: Sink, *, instance: str, once: bool, stop: Stop, tools: Tools) -> None:
    """Tell of alerts through one feed after the other: whatever fails, the next goes on from what is committed."""
    patience = Patience(config.kafka, stop, stage=STAGE, note=lambda: tools.meter.add(resets=1))
    client_id = f"{STAGE}-{instance}@{instances.holder_of(config.local.home)}"
    goal: Mapping[Any, int] | None = None
    done = torn = False
    while not (done or stop.is_set()):
        try:
            if not await_name(config.kafka, group=STAGE, instance=instance, client_id=client_id, stop=stop):
                return  # without a goodbye to the group: the name is another's
            with AlertFeed(config.kafka, instance=instance, meter=tools.meter, client_id=client_id) as feed:
                goal = goal or feed.ends()
                teller = Teller(feed, sink, topics=config.kafka.topics, stop=stop, tools=tools, inherits=torn)
                done = teller.run(goal if once else None, on_turn=patience.relieved)
        except TransactionFailed as fault:
            torn = True
            patience.bear(fault)
    leave(config.kafka, group=STAGE, instance=instance)


def _sink(config: Config, chosen: str | None, silences: Silences, *, once: bool) -> AbstractContextManager[Sink]:
    if (chosen or ("discord" if config.discord.token else "console")) == "console":
        return nullcontext(ConsoleSink(now=_now))
    from harmonystate.commands.alert_bot.desk import Desk
    from harmonystate.edges.discord.sink import open_sink

    return open_sink(config.discord, announce=not once, now=_now, desk=Desk(config, silences, _now))


def _heartbeat(config: Config, silences: Silences, sink: Sink, *, once: bool) -> AbstractContextManager[None]:
    after = config.discord.heartbeat_after
    if after is None or once:
        return nullcontext()
    return Heartbeat(config.kafka, after, silences=silences, say=sink.say, now=_now).beating()


def _meter(sink: Sink) -> AbstractContextManager[Meter]:
    """A live table would be torn by cards on the same terminal."""
    if isinstance(sink, ConsoleSink) and sys.stdout.isatty() and sys.stderr.isatty():
        return nullcontext(Meter(STAGE))
    return metering(STAGE)


def _now() -> datetime:
    return datetime.now(UTC)


def _passed_s() -> float:
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
