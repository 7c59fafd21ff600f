"""R2 and R16 for analyze: it dies at each of its points or at any moment, while others overlap and a reader looks on.

R19: it is asked to leave at work.

*Quick* all lives are spent in one Spark session, and a point ends one by an exception; *full* each is a process.
"""

import io
import json
import subprocess
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from harmonystate import crash
from harmonystate.commands.analyze import answer, make_job
from harmonystate.commands.analyze.engine import Engine
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.console.answers import write_json
from harmonystate.edges.spark.session import forget_cassandra
from harmonystate.errors import Busy, Unavailable
from tests.support.account import Verdict
from tests.support.analysis import expected_answers, some_reports, store_reports
from tests.support.crew import started_by
from tests.support.dying import Died, dying_at, end_of
from tests.support.harmony import start_harmony
from tests.support.kafka import wait_until
from tests.support.series import SeriesWatcher

POINTS = ("after-rollups", "after-series", "before-answers")
ANSWERS = ("saddest", "harmonyscores", "persons", "badpersons")
HOURS, EACH = 3, 40
KILLS = 20
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS)
END = START + timedelta(hours=HOURS)
WINDOW = ("--since", START.isoformat(), "--until", END.isoformat())


@pytest.fixture
def session(everything):
    config, _ = everything
    with open_session(config.cassandra) as session:
        yield session


@pytest.fixture
def watcher(session):
    with SeriesWatcher(session, [START + timedelta(hours=number) for number in range(HOURS)]) as watcher:
        yield watcher


class Hive:
    """Makes hours dirty, one report after the other, and holds answers against all of them."""

    def __init__(self, session, settings, chance):
        self._session, self._settings, self._chance = session, settings, chance
        self.reports = []

    def soil(self):
        more = some_reports(self._chance.randrange(10**6), start=START, hours=HOURS, each=EACH)
        self.reports += more
        store_reports(self._session, more, self._settings)

    def verdict(self, text):
        """Count the answers that are those of plain Python, and those that are not as lost."""
        found, expected = rounded(json.loads(text)), rounded(expected_answers(self.reports))
        parts = [(one, other) for name in ANSWERS for one, other in zip(expected[name], found[name], strict=True)]
        wrong = sum(one != other for one, other in parts)
        return Verdict(len(parts) - wrong, lost=wrong)


def rounded(answers):
    text = json.dumps({name: answers[name] for name in ANSWERS})
    return json.loads(text, parse_float=lambda digits: round(float(digits), 12))


@pytest.fixture
def hive(session, everything, chance):
    config, _ = everything
    return Hive(session, config.cassandra, chance)


@pytest.fixture
def in_one_spark(session, everything, monkeypatch, request):
    """Return a function that runs analyze in the tests' own Spark; where it is to die, another one is refused first."""
    config, _ = everything
    analysis = config.analysis.model_copy(update={"since": START.isoformat()})
    config = config.model_copy(update={"analysis": analysis})
    # Its connector may have asked for the schema before this test's keyspace was made.
    forget_cassandra(request.getfixturevalue("spark"))

    def run():
        job = make_job(config, until=END.isoformat(), threshold=None, full=False, save=True, now=datetime.now(UTC))
        engine = Engine(config.cassandra, lambda _: request.getfixturevalue("spark"))
        out = io.StringIO()
        write_json(answer(job, config.cassandra, session, engine), out)
        return out.getvalue()

    def live(crash_at=""):
        die = dying_at(crash_at)

        def passing(point):
            with pytest.raises(Busy):
                run()
            die(point)

        with monkeypatch.context() as patch:
            patch.setattr(crash, "passing", passing if crash_at else crash.nowhere)
            try:
                return run()
            except Died:
                return None

    return live


@pytest.fixture
def as_processes(everything, session):
    """Return a function that runs analyze as a process; who died holds the lease, which is taken from it."""
    _, path = everything

    def live(crash_at=""):
        end = end_of(path, "analyze", *WINDOW, "-o", "json", crash_at=crash_at)
        if not end.died:
            return end.out
        assert end_of(path, "analyze", *WINDOW).code == Busy.exit_code
        free_lease(session)
        return None

    return live


def kill_its_spark(run):
    """Kill the JVM of a run, where it has one: another one does the work, unless it was in the middle of its start."""
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(run.pid).children():
            child.kill()


def free_lease(session):
    # It would vanish by itself, half a minute later.
    session.execute("DELETE FROM leases WHERE name = 'analyze' IF EXISTS")


@pytest.mark.parametrize(
    ("times", "how"),
    [
        pytest.param(1, "in_one_spark", marks=pytest.mark.services, id="quick"),
        pytest.param(20, "as_processes", marks=pytest.mark.faults, id="full"),
    ],
)
def test_r2_r16_analyze_may_die_at_any_point_and_nobody_sees_half_of_it(
    times, how, request, hive, watcher, chance, report
):
    live, points = request.getfixturevalue(how), [*POINTS] * times
    chance.shuffle(points)
    hive.soil()
    assert live() is not None

    for point in points:
        hive.soil()
        assert live(f"{point}:1") is None, point
    first, again = live(), live()

    half = Verdict(watcher.looks, doubled=len(watcher.faults))
    report("R2", f"crash points of analyze, {len(points)} crashes", hive.verdict(first))
    report("R16", f"analyze killed and overlapping, {len(points)} x", hive.verdict(again), half)
    assert again == first
    assert len(watcher.seen) > 1


@pytest.mark.faults
def test_r16_analyze_killed_at_any_moment_is_made_good_by_the_next(hive, watcher, chance, session, everything, report):
    _, path = everything
    kills = 0
    while kills < KILLS:
        hive.soil()
        runs = [start_harmony(path, "analyze", *WINDOW) for _ in range(2)]
        time.sleep(chance.uniform(0, 15))  # the moment is what chance is for
        killed = [run.poll() is None for run in runs]
        said = []
        for run in runs:
            (kill_its_spark if chance.random() < 0.3 else subprocess.Popen.kill)(run)
            said.append(run.communicate(timeout=240)[1])
        assert {run.returncode for run in runs} <= {0, -9, Busy.exit_code, Unavailable.exit_code}, said
        kills += any(killed)
        free_lease(session)
    first, again = (end_of(path, "analyze", *WINDOW, "-o", "json").out for _ in range(2))

    half = Verdict(watcher.looks, doubled=len(watcher.faults))
    report("R16", f"analyze killed at any moment, {kills} x", hive.verdict(first), half)
    assert again == first


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(1, marks=[pytest.mark.services, pytest.mark.timeout(1_200)], id="quick"),
        pytest.param(10, marks=pytest.mark.faults, id="full"),
    ],
)
def test_r19_analyze_leaves_in_the_middle_of_its_work_and_takes_its_jvm_along(
    times, hive, watcher, session, hire, everything, report
):
    """`Crew.stop` holds it to 0, in time, and to leave no process behind."""
    config, path = everything
    crew = hire(config)
    for _ in range(times):
        hive.soil()
        run = crew.start("analyze", *WINDOW)
        wait_until(lambda one=run: is_leased(session) and started_by(one), within_s=300, what="its JVM", every_s=0.1)
        crew.stop(run)
        # Where it could not finish in time it has dropped what it had, and its lease ends by itself.
        wait_until(lambda: not is_leased(session), what="the end of its lease", every_s=0.5)
    again = end_of(path, "analyze", *WINDOW, "-o", "json").out

    half = Verdict(watcher.looks, doubled=len(watcher.faults))
    report("R19", f"analyze asked to leave, {times} x at work", hive.verdict(again), half)


def is_leased(session):
    return session.execute("SELECT name FROM leases WHERE name = 'analyze'").one() is not None
