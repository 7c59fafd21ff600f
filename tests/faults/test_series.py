"""The watcher of what analyze saves sees half of a run where there is one."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tests.support.kafka import wait_until
from tests.support.series import SeriesWatcher


class Tables:
    """Stands for a session: by table, when its rows were written; the saddest by rank."""

    def __init__(self, **written):
        self._written = written

    def execute(self, query, _=None):
        table = query.split(" FROM ")[1].split()[0]
        if table == "saddest":
            return [SimpleNamespace(rank=rank, at=at) for rank, at in self._written[table]]
        return [(at,) for at in self._written[table]]


WHOLE = {"harmonyscores": [7, 7], "persons": [7, 7], "badpersons": [7, 7], "saddest": [(1, 7), (2, 7)]}


def faults_in(**tables):
    with SeriesWatcher(Tables(**WHOLE | tables), [datetime(2026, 11, 24, 16, tzinfo=UTC)]) as watcher:
        wait_until(lambda: watcher.looks > 1)
    return watcher.faults


def test_what_one_run_saved_is_whole():
    assert faults_in() == []


@pytest.mark.parametrize(
    "half",
    [
        {"persons": [6, 6]},
        {"persons": [6, 7]},
        {"badpersons": []},
        {"saddest": [(1, 6), (2, 7)]},
        {"saddest": [(2, 7)]},
    ],
)
def test_half_of_a_run_is_seen(half):
    assert faults_in(**half) != []
