"""A day's reports through the whole chain, by the commands that a script in cron would call.

The truth is what `produce --output -` prints for the same seed and start, judged by plain Python.
"""

import csv
import io
import json
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from harmonystate.config import Config
from tests.support.analysis import expected_answers
from tests.support.canaries import names_in
from tests.support.cassandra import looking_into
from tests.support.harmony import HARMONY, run_harmony
from tests.support.kafka import read
from tests.support.oracle import read_report
from tests.support.services import child_environment, local_config, write_config

pytestmark = pytest.mark.services

REPORTS, ALERTS = 20_000, 1_000
# What the commands have said on stderr.
SAID = "said.txt"


class Chain(NamedTuple):
    """What is left when every command of the chain has ended."""

    config: Config
    truth: list[bytes]
    analyze: tuple[str, ...]
    printed: str

    def values(self, topic: str) -> list[bytes]:
        return [record.value for record in read(self.config.kafka, topic)]

    def run(self, *arguments: str) -> str:
        return succeeded(self.config, *arguments)


def succeeded(config: Config, *arguments: str) -> str:
    done = run_harmony(config.local.home.parent / "harmony.yaml", *arguments)
    with (config.local.home.parent / SAID).open("a") as said:
        said.write(done.stderr)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def chain(stack, tmp_path_factory) -> Chain:
    folder = tmp_path_factory.mktemp("chain")
    config = local_config(stack, folder / "home")
    write_config(config, folder / "harmony.yaml")
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = (f"{midnight - timedelta(days=ago):%Y-%m-%dT%H:%M:%SZ}" for ago in (1, 0))
    made = ("produce", "--count", str(REPORTS), "--seed", "3", "--start", since)
    analyze = ("analyze", "--since", since, "--until", until)
    for arguments in (
        *(("setup",), made, ("stream-alerts", "--once"), ("ingest", "--once")),
        ("alert-bot", "--once", "--sink", "console"),
    ):
        succeeded(config, *arguments)
    printed = succeeded(config, *analyze, "-o", "json")
    truth = subprocess.run([HARMONY, *made, "--output", "-"], check=True, capture_output=True, env=child_environment())
    return Chain(config, truth.stdout.splitlines(), analyze, printed)


def sad(line: bytes) -> bool:
    return any(person["harmonyscore"] < 2 for person in json.loads(line)["persons"])


def ids(values: list[bytes]) -> list[str]:
    return sorted(json.loads(value)["reportId"] for value in values)


def test_both_topics_hold_every_report_once(chain: Chain):
    topics = chain.config.kafka.topics

    assert len(chain.truth) == REPORTS
    assert sorted(chain.values(topics.global1)) == sorted(chain.values(topics.global2)) == sorted(chain.truth)


def test_every_report_with_a_sad_person_is_an_alert_and_every_alert_was_delivered_once(chain: Chain):
    topics = chain.config.kafka.topics
    alerts = [json.loads(value) for value in chain.values(topics.alert)]
    deliveries = [json.loads(value) for value in chain.values(topics.delivery)]

    expected = ids([line for line in chain.truth if sad(line)])
    assert len(expected) == ALERTS
    assert sorted(alert["reportId"] for alert in alerts) == expected
    assert sorted(delivery["reportId"] for delivery in deliveries) == expected
    assert Counter(d["alertId"] for d in deliveries) == Counter(dict.fromkeys((a["alertId"] for a in alerts), 1))


def test_nothing_was_buried(chain: Chain):
    assert chain.values(chain.config.kafka.topics.dead_letter) == []


def test_no_log_names_anybody(chain: Chain):
    home = chain.config.local.home
    logs = [home.parent / SAID, *(path for path in (home / "logs").rglob("*") if path.is_file())]

    found = names_in("\n".join(path.read_text(errors="replace") for path in logs))

    assert found == []
    assert '"acknowledged"' in logs[0].read_text()


def test_every_report_is_a_row_and_every_hour_that_has_one_is_marked(chain: Chain):
    settings = chain.config.cassandra
    with looking_into(settings, settings.keyspace) as session:
        rows = [str(row.reportid) for row in session.execute("SELECT reportid FROM report")]
        hours = {f"{row.hour:%Y-%m-%dT%H}" for row in session.execute("SELECT hour FROM report_hours")}

    assert sorted(rows) == ids(chain.truth)
    assert hours == {json.loads(line)["time"][:13] for line in chain.truth}


def test_ingest_says_its_own_lines_and_none_of_spark_s(chain: Chain):
    said = [json.loads(line)["logger"] for line in (chain.config.local.home.parent / SAID).read_text().splitlines()]

    assert "harmony.ingest" in said
    assert [logger for logger in said if not logger.startswith("harmony.")] == []


def test_the_four_answers_are_those_of_plain_python(chain: Chain):
    answers = json.loads(chain.printed)

    expected = expected_answers([report for line in chain.truth if (report := read_report(line))])
    assert answers["saddest"] == [
        person | {name: pytest.approx(person[name], rel=1e-9) for name in ("share", "share_low")}
        for person in expected["saddest"]
    ]
    assert [len(answers[name]) for name in ("saddest", "harmonyscores", "persons", "badpersons")] == [10, 200, 200, 200]
    assert {name: answers[name] for name in ("harmonyscores", "persons", "badpersons")} == {
        name: [point | {"value": pytest.approx(point["value"], rel=1e-12)} for point in expected[name]]
        for name in ("harmonyscores", "persons", "badpersons")
    }


def test_with_nothing_new_the_same_answers_come_again_and_csv_has_the_same_numbers(chain: Chain):
    assert chain.run(*chain.analyze, "-o", "json") == chain.printed

    rows = list(csv.DictReader(io.StringIO(chain.run(*chain.analyze, "-o", "csv"))))
    answers = json.loads(chain.printed)
    for name in ("harmonyscores", "persons", "badpersons"):
        points = [(row["time"], float(row["value"])) for row in rows if row["answer"] == name]
        assert points == [(point["time"], point["value"]) for point in answers[name]]
    saddest = [(int(row["rank"]), row["name"], int(row["value"])) for row in rows if row["answer"] == "saddest"]
    assert saddest == [(p["rank"], f"{p['firstname']} {p['lastname']}", p["sad"]) for p in answers["saddest"]]


def test_verify_finds_nothing_wrong_and_names_a_row_that_is_taken_away(chain: Chain):
    assert "Nothing is missing, doubled, late or disagreeing." in chain.run("verify", "--since", "3d")

    settings = chain.config.cassandra
    with looking_into(settings, settings.keyspace) as session:
        row = session.execute("SELECT hour, shard, droneid, time, reportid FROM report LIMIT 1").one()
        key = "hour = %s AND shard = %s AND droneid = %s AND time = %s AND reportid = %s"
        session.execute(f"DELETE FROM report WHERE {key}", tuple(row))
    found = run_harmony(chain.config.local.home.parent / "harmony.yaml", "verify", "-o", "json")
    mended = chain.run("verify", "--repair", "-q")

    assert (found.returncode, json.loads(found.stdout)["cases"][0]["id"]) == (1, str(row.reportid))
    assert "repaired: 1" in mended
    assert json.loads(chain.run("verify", "-o", "json"))["wrong"] == {}
