"""setup: makes the topics and the tables; changes nothing that is there. Safe to run again, and by several at once."""

import structlog

from harmonystate.config import Config
from harmonystate.edges.cassandra import schema
from harmonystate.edges.kafka import topics


def run(config: Config) -> int:
    """Make what is missing, and say of each whether it was made or there."""
    log = structlog.get_logger("harmony.setup")
    for line in topics.create_topics(config.kafka):
        say = log.warning if line.startswith("warning: ") else log.info
        say(line)
    for line in schema.apply(config.cassandra):
        log.info(line)
    return 0
