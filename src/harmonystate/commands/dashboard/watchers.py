"""The two threads that watch Kafka and Cassandra: whatever fails, they say so, and try again for ever."""

import threading
from collections.abc import Callable
from datetime import datetime

from harmonystate.commands.dashboard.board import Board
from harmonystate.commands.dashboard.topics import LOOK_EVERY_S, Memory, TopicWatch
from harmonystate.config import Config
from harmonystate.edges.cassandra.connect import open_session, translating
from harmonystate.edges.cassandra.saved import SavedReader
from harmonystate.edges.kafka.transaction import TransactionFailed
from harmonystate.edges.local.stop import Stop
from harmonystate.errors import HarmonyError

READ_EVERY_S = 3.0
RETRY_AFTER_S = 1.0

Clock = Callable[[], datetime]
Watch = Callable[[Config, Board, Stop, Clock], None]


def start_watching(config: Config, board: Board, stop: Stop, *, now: Clock) -> None:
    """Start both; they end soon after `stop`, and with the process in any case."""
    for watch in (watch_topics, watch_tables):
        arguments = (watch, config, board, stop, now)
        threading.Thread(target=_to_the_end, args=arguments, name=watch.__name__, daemon=True).start()


def watch_topics(config: Config, board: Board, stop: Stop, now: Clock) -> None:
    """Keep the board's stream fresh."""
    memory = Memory(config.kafka.topics)
    while not stop.is_set():
        try:
            with TopicWatch(config, memory, now=now) as topics:
                while not stop.is_set():
                    board.put_stream(topics.look())
                    stop.wait(LOOK_EVERY_S)
        except (HarmonyError, TransactionFailed) as fault:
            board.kafka_is_away(_of_kafka(fault, config), now())
            stop.wait(RETRY_AFTER_S)


def watch_tables(config: Config, board: Board, stop: Stop, now: Clock) -> None:
    """Keep what the board knows of the tables fresh."""
    while not stop.is_set():
        try:
            with open_session(config.cassandra) as session, translating(config.cassandra):
                saved = SavedReader(session, config.cassandra)
                while not stop.is_set():
                    board.put_saved(saved.read(now()))
                    stop.wait(READ_EVERY_S)
        except HarmonyError as fault:
            board.cassandra_is_away(fault, now())
            stop.wait(RETRY_AFTER_S)


def _to_the_end(watch: Watch, config: Config, board: Board, stop: Stop, now: Clock) -> None:
    """Run one of them; a bug ends the whole command: no page is better than one that stands still."""
    try:
        watch(config, board, stop, now)
    except BaseException:
        stop.set(1)
        raise


def _of_kafka(fault: Exception, config: Config) -> str:
    if isinstance(fault, HarmonyError):
        return str(fault)
    return f"Kafka at {config.kafka.bootstrap_servers} does not answer: {fault}"
