"""Spark: is its part of ours there, is the checkpoint sound, and, when asked, does a session start."""

import threading
from collections.abc import Iterator
from importlib import metadata

from harmonystate.commands.doctor.examining import Category, Look
from harmonystate.config import Config
from harmonystate.core.checkup import Finding, fail, ok, warn
from harmonystate.edges.kafka.connect import cluster_id
from harmonystate.edges.local import java
from harmonystate.edges.local.home import Home
from harmonystate.edges.local.jars import fetch
from harmonystate.edges.spark.checkpoint_repair import find_damage, is_local, local_folder
from harmonystate.edges.spark.conf import free_conf
from harmonystate.edges.spark.kafka_source import security_options
from harmonystate.errors import HarmonyError

STARTS_WITHIN_S = 120.0


def settings(config: Config) -> Iterator[Finding]:
    """Look at what can be said of Spark without starting it."""
    free_conf(config.spark.conf)
    security_options(config.kafka)
    yield ok(f"pyspark {metadata.version('pyspark')}, master {config.spark.master}")


def checkpoint(config: Config) -> Iterator[Finding]:
    """Look for damage that ingest would not start with."""
    home, topic = Home(config.local.home), config.kafka.topics.global2
    try:
        place = config.spark.checkpoint or home.checkpoint_of(cluster_id(config.kafka), topic)
    except HarmonyError:
        # Why it does not answer is said in its own category.
        yield warn("where the checkpoint of ingest lies is not known: Kafka does not answer", "see that it answers")
        return
    if not is_local(place):
        yield ok(f"the checkpoint {place} is not on this host, and is not looked at")
        return
    damage = find_damage(local_folder(place))
    if damage is None:
        yield ok(f"the checkpoint of ingest is sound, or not made yet: {place}")
        return
    yield fail(f"the checkpoint {place} is damaged: {', '.join(map(str, damage.files))}")


def unstarted(_: Config) -> Iterator[Finding]:
    """Say how to have it started: that takes ten seconds and a gigabyte, so it is done when asked for."""
    yield ok("no session was started: --spark starts one")


def session(config: Config) -> Iterator[Finding]:
    """Start Spark as analyze does, let it count, and stop it."""
    from harmonystate.edges.spark.session import open_spark

    home, connector = java.find_java(), fetch(["spark"])["spark"]
    outcome: list[int | BaseException] = []

    def start() -> None:
        try:
            with open_spark(config, app="doctor", jars=connector, java_home=home) as spark:
                outcome.append(spark.range(100).count())
        except BaseException as fault:  # noqa: BLE001 - raised again by whoever waits for it
            outcome.append(fault)

    starting = threading.Thread(target=start, name="spark", daemon=True)
    starting.start()
    starting.join(STARTS_WITHIN_S)
    if not outcome:
        yield fail(f"Spark has not started within {STARTS_WITHIN_S:.0f} s")
    elif isinstance(outcome[0], BaseException):
        raise outcome[0]
    else:
        yield ok(f"a session starts on {config.spark.master} and counts to {outcome[0]}")


SETTINGS = Look("spark-settings", "mend spark.conf", settings)
CHECKPOINT = Look("spark-checkpoint", "`harmony ingest --repair-checkpoint` moves what is damaged aside", checkpoint)
SESSION, ADVICE = "spark-session", "read local.home/logs/spark-doctor.log and .out"


def category(*, start: bool) -> Category:
    """Return the checks of Spark."""
    return Category("spark", (SETTINGS, CHECKPOINT, Look(SESSION, ADVICE, session if start else unstarted)))
