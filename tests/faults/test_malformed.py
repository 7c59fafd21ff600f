"""R8: reports among records that are none: each of those is a dead letter once per stage, and no report is lost."""

import json
from collections import Counter

import pytest

from harmonystate.core.dead_letter import read_burial
from harmonystate.core.record import Outgoing
from harmonystate.edges.kafka.reading import read_all
from harmonystate.edges.kafka.records import place_of
from tests.support.account import Account, compare, is_sad, printed
from tests.support.harmony import run_all
from tests.support.kafka import write
from tests.support.malformed import MALFORMED
from tests.support.proofs import account_of, counted, rows

STAGES = ("stream-alerts", "ingest")
AT_ONCE = 5_000
# Of the records that are too large each stands there once.
LARGE = {value for value in MALFORMED.values() if value and len(value) > 10_000}


def mix(chance, lines, malformed):
    """Return the reports among records that are none, with keys; the reports keep their order, as a drone's do."""
    small = [value for value in MALFORMED.values() if value not in LARGE]
    others = [*LARGE, *small, *chance.choices(small, k=malformed - len(LARGE) - len(small))]
    chance.shuffle(others)
    reports = iter([(b"%d" % json.loads(line)["droneId"], line) for line in lines])
    is_report = [True] * len(lines) + [False] * malformed
    chance.shuffle(is_report)
    return [next(reports) if this else (b"%d" % chance.randrange(100), others.pop()) for this in is_report]


@pytest.mark.parametrize(
    ("reports", "malformed"),
    [
        pytest.param(18_000, 2_000, marks=pytest.mark.services, id="quick"),
        pytest.param(90_000, 10_000, marks=[pytest.mark.faults, pytest.mark.timeout(900)], id="full"),
    ],
)
def test_r8_each_record_that_is_no_report_is_buried_once_by_each_stage_and_no_report_is_lost(
    reports, malformed, chance, everything, report
):
    (config, path), topics = everything, everything[0].kafka.topics
    lines = printed("--seed", chance.randrange(10**6), "--count", reports, "--start", "12h")
    records = mix(chance, lines, malformed)
    for first in range(0, len(records), AT_ONCE):
        some = records[first : first + AT_ONCE]
        write(config.kafka, [Outgoing(topic, *one) for one in some for topic in (topics.global1, topics.global2)])

    ended = run_all({stage: (path, (stage, "--once")) for stage in STAGES})

    assert {stage: done.returncode for stage, done in ended.items()} == dict.fromkeys(STAGES, 0)
    burials = [read_burial(record.headers) for record in read_all(config.kafka, topics.dead_letter)]
    verdicts = [
        counted(
            places_of_others(config, topic, set(lines)), (burial.place for burial in burials if burial.stage == stage)
        )
        for stage, topic in zip(STAGES, (topics.global1, topics.global2), strict=True)
    ]
    alerts = Account(line for line in lines if is_sad(line))
    verdicts.append(compare(alerts.order, account_of(config, topics.alert).order))
    verdicts.append(counted(Counter(ids_of(Account(lines))), rows(config)))
    report("R8", f"{malformed:,} of {reports + malformed:,} malformed, two stages", *verdicts)


def places_of_others(config, topic, of_reports):
    """Return where the records stand that are no reports, told by what was written and not by what is read."""
    records = read_all(config.kafka, topic)
    return Counter(place_of(record) for record in records if record.value not in of_reports)


def ids_of(account):
    return (each for ids in account.order.values() for each in ids)
