"""What is too old, and how that is said; what each look tells of the one before."""

from datetime import timedelta

from harmonystate.commands.status.freshness import say_too_old
from harmonystate.commands.status.watching import add_rates

LIMIT = timedelta(minutes=10)


def test_nothing_is_said_of_what_is_not_older_than_the_limit():
    assert say_too_old({"reports": 600.0, "stream-alerts": 0.0, "analyze": 599.9}, LIMIT) == ""


def test_each_part_that_is_too_old_is_named_with_its_age():
    said = say_too_old({"reports": 660.0, "stream-alerts": 0.0, "ingest": 7200.0, "analyze": 86_400.0}, LIMIT)

    assert said == (
        "no report came for 11 min 0 s; a report waits for ingest for 2 h 0 min; "
        "analyze last saved its answers so long ago: 1 d 0 h"
    )


def test_reports_that_never_came_are_too_old():
    assert say_too_old({"reports": None}, LIMIT) == "no report ever came"


def test_the_rate_of_a_topic_is_what_came_between_two_looks():
    before = {"kafka": {"topics": {"alert": {"records": 10}, "global1": {"records": 7}}}}
    found = {"kafka": {"topics": {"alert": {"records": 15}, "global1": {"records": 2}, "new": {"records": 1}}}}

    add_rates(found, before, seconds=2)

    assert {name: topic.get("per_s") for name, topic in found["kafka"]["topics"].items()} == {
        "alert": 2.5,
        "global1": 0,
        "new": None,
    }


def test_a_look_without_kafka_has_no_rates():
    away = {"kafka": {"state": "no Kafka at x:1"}}

    add_rates(away, away, seconds=2)

    assert away == {"kafka": {"state": "no Kafka at x:1"}}
