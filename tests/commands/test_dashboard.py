"""The page in a real browser: as it shows what it is handed, and then with the command and the services behind it."""

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect

from harmonystate.config import Config, DashboardSettings
from harmonystate.core.answers import BADPERSONS, HARMONYSCORES, PERSONS
from harmonystate.core.newest import Told
from harmonystate.core.pipeline import Arrow, State
from harmonystate.core.ranking import Ranked
from harmonystate.core.record import Outgoing
from harmonystate.core.report import Person, Report
from harmonystate.core.snapshot import Saved, Service, Snapshot, Stream
from harmonystate.edges.cassandra.analysis_reader import SERIES_ID
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.kafka.connect import open_admin
from harmonystate.edges.kafka.offsets import end_offsets
from harmonystate.edges.kafka.topics import create_topics
from harmonystate.edges.local.ports import free_ports
from tests.support.alerts import as_raised, encoded, raised
from tests.support.broker import Broker
from tests.support.browser import PATIENCE_MS, open_browser
from tests.support.chain import set_up
from tests.support.harmony import run_harmony, start_harmony
from tests.support.kafka import write
from tests.support.relay import Relay
from tests.support.services import local_config, write_config

pytestmark = pytest.mark.services
# A loaded machine may take its time; what must come within a given time, a test says itself.
expect.set_options(timeout=PATIENCE_MS)

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
MINUTE = timedelta(minutes=1)
HOSTILE = "<img src=x onerror=alert(1)></script>{{ 7*7 }}`${1}`"


def there(stream: Stream | None = None, saved: Saved | None = None) -> Snapshot:
    """Return a snapshot of services that answer."""
    kafka, cassandra = (Service(name, "127.0.0.1:1", answered=True) for name in ("Kafka", "Cassandra"))
    return Snapshot(kafka, cassandra, stream or Stream((), (), ()), saved)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def stage() -> Iterator[SimpleNamespace]:
    """A page that shows whatever snapshot a test puts on the stage."""
    from harmonystate.edges.page.server import listen, serving

    made = SimpleNamespace(snapshot=there())
    listener = listen("127.0.0.1", 0)
    with serving(lambda: made.snapshot, listener, now=lambda: datetime.now(UTC), names={}) as made.address:
        yield made


@contextmanager
def visiting(browser: Browser, address: str, **how: object) -> Iterator[Page]:
    """Open the page; it may fetch nothing from elsewhere, and its scripts may not fail."""
    with browser.new_context(**how) as context:
        page, faults = context.new_page(), []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.on("request", lambda one: one.url.startswith((address, "ws", "data:")) or faults.append(one.url))
        page.goto(address)
        # Until then nothing that a visitor does has an effect.
        expect(page.locator(".chart svg text").first).to_be_attached(timeout=PATIENCE_MS)
        yield page
        assert faults == []


def test_what_a_report_says_is_text_whatever_it_says(browser, stage):
    report = raised(1).alert.report
    person = Person(HOSTILE, "Byron", 1)
    alert = as_raised(Report(report.report_id, 7, report.time, 48.5, 2.25, (person,), (HOSTILE,)), threshold=2)
    saddest = [Ranked(1, HOSTILE, "Byron", 3, 4, 0.75, 0.3)]
    stage.snapshot = there(Stream((), (Told(alert, report.time),), ()), Saved(saddest, {}, 0, None, None))

    with visiting(browser, stage.address) as page:
        card = page.locator(f'[data-alert="{alert.alert_id}"]')
        expect(card).to_contain_text(f"{HOSTILE} Byron (1)")
        expect(card).to_contain_text("delivered 0.0 s after it was heard")
        expect(page.locator(".ranking .person")).to_have_text(f"{HOSTILE} Byron")
        assert page.locator("img").count() == 0


def test_a_stage_that_stalls_is_red_and_said_in_words(browser, stage):
    arrow = Arrow("global2", "ingest", 0.0, 1_234, age_s=75.0, state=State.STALLS)
    stage.snapshot = there(Stream((arrow,), (), ()))

    with visiting(browser, stage.address, color_scheme="light") as page:
        expect(page.locator(".lamp.stalls")).to_have_text("Pipeline stalls")
        expect(page.get_by_role("status")).to_contain_text("ingest stalls: records wait, and none is handled")
        line = page.locator(".picture.wide .stalls > .arrow")
        expect(line).to_have_css("stroke", "rgb(213, 0, 0)")
        page.get_by_text("As a table").click()
        expect(page.locator(".pipeline tr", has_text="stalls")).to_have_text(
            "global2ingeststallsstalls≈ 1,234 waitoldest 1 min"
        )


def test_it_fits_a_phone_follows_the_system_s_colours_and_remembers_what_is_chosen(browser, stage):
    stage.snapshot = there()

    with visiting(browser, stage.address, viewport={"width": 360, "height": 740}, color_scheme="dark") as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        expect(page.locator("body.body--dark")).to_be_attached()
        expect(page.locator(".picture.tall")).to_be_visible()
        page.get_by_role("button", name="Light").click()
        page.get_by_role("button", name="7d").click()
        expect(page.locator("body.body--light")).to_be_attached()
        page.wait_for_url("**/?theme=Light&span=7d")
        page.reload()
        expect(page.get_by_role("button", name="7d")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("body.body--light")).to_be_attached()


def test_it_can_be_read_and_used_without_eyes_and_without_a_mouse(browser, stage):
    stage.snapshot = there()

    with visiting(browser, stage.address) as page:
        for landmark in ("banner", "main", "contentinfo"):
            expect(page.get_by_role(landmark)).to_have_count(1)
        named = [page.get_by_role("region", name=name) for name in ("Over time", "Alerts", "Drones", "Most often sad")]
        for region in named:
            expect(region).to_have_count(1)
        charts = page.locator(".chart[role=img]")
        expect(charts).to_have_count(4)
        assert all(len(chart.get_attribute("aria-label")) > 40 for chart in charts.all())
        page.keyboard.press("Tab")
        expect(page.get_by_text("Skip to main content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".page")).to_be_focused()
        page.get_by_role("button", name="Pause").press("Enter")
        expect(page.get_by_role("button", name="Go on")).to_have_attribute("aria-pressed", "true")


SCORES = {0: 5.25, 1: 6.5, 90: 1.25}
PEOPLE = {0: 1_234, 1: 900, 90: 2_000}
SAD = {0: 0, 1: 7, 90: 99}
SADDEST = [("Ada", "Byron", 16, 23, 16 / 23, 0.4913), ("Zoë", "Ångström", 5, 24, 5 / 24, 0.0923)]


@pytest.fixture(scope="module")
def filled(stack, tmp_path_factory) -> Config:
    """Topics, and tables with what analyze would have written."""
    config = local_config(stack, tmp_path_factory.mktemp("dashboard"))
    set_up(config)
    fill(config)
    return config


def fill(config: Config) -> None:
    """Write each series by the minutes before NOW, and who is saddest."""
    with open_session(config.cassandra) as session:
        for table, column, values in (
            (HARMONYSCORES.name, "harmonyscore", SCORES),
            (PERSONS.name, "count", PEOPLE),
            (BADPERSONS.name, "count", SAD),
        ):
            insert = session.prepare(f"INSERT INTO {table} (id, time, {column}) VALUES (?, ?, ?)")
            for back, value in values.items():
                session.execute(insert, (SERIES_ID, NOW - back * MINUTE, value))
        insert = session.prepare(
            "INSERT INTO saddest (window, rank, firstname, lastname, sad, sightings, share, share_low) "
            "VALUES ('latest', ?, ?, ?, ?, ?, ?, ?)"
        )
        for rank, row in enumerate(SADDEST, start=1):
            session.execute(insert, (rank, *row))


@contextmanager
def dashboard(config: Config) -> Iterator[str]:
    """Run the command; it ends with 0 when asked to, and has said its address on stdout and nothing else."""
    (port,) = free_ports(1)
    config = config.model_copy(update={"dashboard": DashboardSettings(port=port)})
    with start_harmony(write_config(config, config.local.home / "harmony.yaml"), "dashboard") as child:
        try:
            yield child.stdout.readline().strip()
        finally:
            child.terminate()
            out, err = child.communicate(timeout=300)
    assert (child.returncode, out) == (0, ""), err
    assert "Traceback" not in err


def test_the_numbers_are_those_of_the_tables_and_an_alert_shows_within_two_seconds(filled, browser):
    with dashboard(filled) as address, visiting(browser, address) as page:
        for question, value in ((HARMONYSCORES, "5.25"), (PERSONS, "1,234"), (BADPERSONS, "0")):
            expect(page.locator(f"#now-{question.name}")).to_have_text(value)
        page.get_by_role("button", name="1h").click()
        expect(page.get_by_text("5.25 at")).to_contain_text("between 5.25 and 6.50 in this time")
        page.get_by_role("button", name="24h").click()
        expect(page.get_by_text("5.25 at")).to_contain_text("between 1.25 and")
        rows = page.locator(".ranking tbody tr")
        expect(rows).to_have_text(["1Ada Byron70%at least 49%16 of 23", "2Zoë Ångström21%at least 9%5 of 24"])
        expect(page.locator(".lamp").first).to_have_text("Kafka answers")
        # Where the machine is busy with something else at that moment, another one shows it.
        assert any(delay_of_an_alert(filled, page, number) < 2.0 for number in range(5))


def delay_of_an_alert(config: Config, page: Page, number: int) -> float:
    """Raise an alert, and return how long it took to the page, in seconds."""
    alert = raised(number, heard=datetime.now(UTC))
    write(config.kafka, [Outgoing(config.kafka.topics.alert, b"7", encoded(alert))])
    begun = time.monotonic()
    page.wait_for_selector(f'[data-alert="{alert.alert_id}"]')
    return time.monotonic() - begun


def test_whoever_comes_and_presses_everything_writes_nothing(filled, browser):
    ends, rows, groups = everything_in(filled)
    with dashboard(filled) as address, visiting(browser, address) as page:
        expect(page.locator(".lamp").first).to_have_text("Kafka answers")
        buttons = page.get_by_role("button").all()
        assert buttons != []
        for button in buttons:
            button.click()
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with pytest.raises(urllib.error.HTTPError, match="405"):
                urllib.request.urlopen(urllib.request.Request(address, data=b"{}", method=method))

    ends_after, rows_after, groups_after = everything_in(filled)
    assert (ends_after, rows_after) == (ends, rows)
    # A group of a test before this one may end meanwhile.
    assert groups_after <= groups


def everything_in(config: Config) -> tuple[object, object, set[str]]:
    """Return where each topic ends, all rows of all tables, and who reads from Kafka as a group."""
    topics = config.kafka.topics
    ends = {topic: end_offsets(config.kafka, topic) for topic in (topics.alert, topics.delivery, topics.dead_letter)}
    with open_admin(config.kafka) as admin, open_session(config.cassandra) as session:
        groups = {group["group_id"] for group in admin.list_groups()}
        tables = session.execute(
            "SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s", (config.cassandra.keyspace,)
        )
        rows = {one.table_name: sorted(map(str, session.execute(f"SELECT * FROM {one.table_name}"))) for one in tables}
    assert any(rows.values())
    return ends, rows, groups


def test_it_starts_while_services_are_away_says_what_goes_and_comes_back_by_itself(filled, browser, tmp_path):
    broker, (port,) = Broker(tmp_path / "broker"), free_ports(1)
    theirs = filled.kafka.model_copy(update={"bootstrap_servers": broker.address})
    relayed = filled.cassandra.model_copy(update={"port": port})
    config = filled.model_copy(update={"kafka": theirs, "cassandra": relayed})
    with dashboard(config) as address, visiting(browser, address) as page:
        alarm, away = page.get_by_role("alert"), page.locator(".lamp.away")
        expect(alarm).to_contain_text(f"no Kafka at {broker.address}: connection refused; start it with `harmony up`")
        expect(alarm).to_contain_text(f"Cassandra at 127.0.0.1:{port} does not answer")
        try:
            broker.start()
            create_topics(theirs)
            with Relay(port, filled.cassandra.port):
                lamps = ["Kafka answers", "Cassandra answers", "Pipeline flows"]
                expect(page.locator(".lamp")).to_have_text(lamps)
                expect(page.locator("#now-persons")).to_have_text("1,234")
                delay_of_an_alert(config, page, 1)
        finally:
            broker.stop()
        expect(away).to_have_text(["Kafka away", "Cassandra away"])
        expect(alarm).to_contain_text("what it said last is still shown")
        expect(page.locator("#now-persons")).to_have_text("1,234")
        with Relay(port, filled.cassandra.port):
            expect(away).to_have_text(["Kafka away"])


def test_a_port_that_is_taken_is_said_in_one_line(offline_config, stage):
    port = int(stage.address.rstrip("/").rpartition(":")[2])
    config = offline_config.model_copy(update={"dashboard": DashboardSettings(port=port)})

    done = run_harmony(write_config(config, config.local.home / "harmony.yaml"), "dashboard")

    assert (done.returncode, done.stdout) == (75, "")
    assert f"127.0.0.1:{port} is in use by" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_who_comes_by_another_name_is_sent_away(stage):
    asked = urllib.request.Request(stage.address, headers={"Host": "evil.example"})

    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(asked)
