"""Every query of the dashboard on a real Cassandra, as the plugin sends it, over what ingest and analyze have written.

None names ALLOW FILTERING (test_dashboard.py), so a query that needs it is refused here.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harmonystate.core.answers import Minute
from harmonystate.core.ranking import Ranked
from harmonystate.core.rollups import Analyzed
from harmonystate.core.windows import Window
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.analysis_reader import RollupReader
from harmonystate.edges.cassandra.analysis_writer import RollupWriter
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.hours import mark_changed
from tests.support.grafana_plugin import ask, queries, variables
from tests.support.services import local_config

pytestmark = [
    pytest.mark.services,
    pytest.mark.filterwarnings("ignore:Prefer using dashboardv2:DeprecationWarning"),  # classic JSON is what we want
]

NOW = datetime.now(UTC)
HOUR = NOW.replace(minute=0, second=0, microsecond=0)
SINCE, UNTIL = HOUR, HOUR + timedelta(minutes=5)
ANALYZED_AGO = timedelta(minutes=20)
# minute: sightings, sum of scores, people, sad people. The last one is outside of what Grafana shows.
SEEN = {0: (2, 9, 2, 0), 1: (8, 30, 7, 3), 2: (20, 90, 18, 10), 3: (40, 100, 36, 25), 4: (0, 0, 0, 0), 6: (1, 7, 1, 1)}
SADDEST = [Ranked(rank, f"First{rank}", "Last", 20 - rank, 20, (20 - rank) / 20, 0.1) for rank in range(1, 13)]


@pytest.fixture(scope="module")
def settings(stack, tmp_path_factory):
    return local_config(stack, tmp_path_factory.mktemp("grafana")).cassandra


@pytest.fixture(scope="module")
def session(settings):
    schema.apply(settings)
    with open_session(settings) as session:
        fill(session, settings)
        session.set_keyspace("system")  # the queries name their own
        yield session


@pytest.fixture(scope="module")
def dashboard(settings):
    sys.path.insert(0, str(Path(__file__).parent.parent.parent / "tools"))
    import make_grafana

    return json.loads(make_grafana.text(settings.keyspace))


@pytest.fixture
def answer(session, dashboard):
    """Return a function that runs one query of the dashboard and returns its only frame, as rows."""
    asked = {(title, query["refId"]): query for title, query in queries(dashboard)}

    def run(title, ref="A", **values):
        known = variables(dashboard) | values
        frames = ask(session, asked[title, ref], since=SINCE, until=UNTIL, values=known)
        assert len(frames) == 1
        return next(iter(frames.values()))

    return run


def fill(session, settings):
    """Write as ingest and analyze do: an hour that is analysed, and the one before it that is not."""
    mark_changed(session, [HOUR, HOUR - timedelta(hours=1)], settings=settings, now=NOW)
    began = round((NOW - ANALYZED_AGO).timestamp() * 1e6)
    writer = RollupWriter(session, settings, now=NOW, timestamp=began)
    writer.replace_series(HOUR, [Minute(HOUR + timedelta(minutes=at), *counts) for at, counts in SEEN.items()])
    window = Window(HOUR, HOUR + timedelta(hours=1))
    changed = RollupReader(session, settings).changed(window)[HOUR]
    writer.mark_analyzed({HOUR: Analyzed(changed, 2, 71, 236)})
    writer.replace_saddest(window, SADDEST)


def at(minute):
    return (HOUR + timedelta(minutes=minute)).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("title", "column", "points"),
    [
        ("Average harmony score over time", "harmonyscore", {0: 4.5, 1: 3.75, 2: 4.5, 3: 2.5}),
        ("People supervised over time", "count", {0: 2, 1: 7, 2: 18, 3: 36, 4: 0}),
        ("Sad people over time", "count", {0: 0, 1: 3, 2: 10, 3: 25, 4: 0}),
    ],
)
def test_a_series_shows_the_points_of_the_time_on_the_screen(answer, title, column, points):
    rows = answer(title)

    assert {row["time"]: row[column] for row in rows} == {at(minute): value for minute, value in points.items()}


def test_the_table_shows_ten_of_the_saddest_in_their_order(answer):
    rows = answer("The people most frequently sad")

    assert [(row["rank"], row["firstname"], row["sad"], row["share"]) for row in rows] == [
        (rank, f"First{rank}", 20 - rank, (20 - rank) / 20) for rank in range(1, 11)
    ]


@pytest.mark.parametrize(("mark", "marked"), [("1", [1, 2, 3]), ("10", [2, 3]), ("20", [3]), ("100", [])])
def test_minutes_are_marked_from_so_many_sad_people_on(answer, mark, marked):
    shown = {
        row["time"]: row["text"]
        for row in answer("Sad minutes", "Anno", sad_at_least=mark)
        if SINCE.timestamp() * 1000 <= row["time"] <= UNTIL.timestamp() * 1000
    }

    told = {1: "3 sad people", 2: "10 sad people", 3: "25 sad people"}
    assert shown == {(HOUR + timedelta(minutes=one)).timestamp() * 1000: told[one] for one in marked}


def test_the_ages_are_those_of_the_last_report_the_last_analysis_and_the_newest_minute(answer):
    since_filled = (time.time() - NOW.timestamp()) * 1000

    stored = min(row["age"] for row in answer("Last report stored"))
    (analysis,) = answer("Last analysis")
    (newest,) = answer("Newest minute with answers")

    # Cassandra's clock is this host's; it has moved on a little since.
    slack_ms = 30_000
    assert -1000 <= stored <= since_filled + slack_ms
    assert 0 <= analysis["age"] - ANALYZED_AGO.total_seconds() * 1000 - since_filled <= slack_ms
    newest_ms = (HOUR + timedelta(minutes=6)).timestamp() * 1000
    assert 0 <= newest["age"] - (NOW.timestamp() * 1000 + since_filled - newest_ms) <= slack_ms


def test_an_hour_that_is_analysed_has_the_same_change_on_both_sides_and_a_dirty_one_does_not(answer):
    changed = {row["hour"]: row["changed"] for row in answer("Hours of today and yesterday, UTC", "A")}
    made_from = {row["hour"]: row["made_from"] for row in answer("Hours of today and yesterday, UTC", "B")}

    assert set(changed) == {at(0), at(-60)}
    assert made_from == {at(0): changed[at(0)]}
