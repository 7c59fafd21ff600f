"""S5, S6: what drones report, and what a config names, stays data."""

import re
import uuid
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from harmonystate.config import Config, DiscordSettings
from harmonystate.core.message import Form, Message
from harmonystate.core.report import Person, Report
from harmonystate.core.wire import decode_report, encode_report
from harmonystate.edges.cassandra import schema
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.reports import read_rows, write_rows
from harmonystate.edges.discord.sink import open_sink
from tests.support.alerts import as_raised
from tests.support.chain import LAST_HOUR
from tests.support.fake_discord import CHANNEL_ID, FakeDiscord
from tests.support.hostile import strings
from tests.support.kafka import wait_until

# What Discord would make something of: a mention, a link, markup.
LIVE = re.compile(r"(?<!\\)(?:\\\\)*[*_~`|\[\]<>#@]|https?://(?!osm\.org/)")
# Ours: the map on a card, the time in the reader's zone, the ids in a digest.
OURS = re.compile(r"\[map\]\(https://osm\.org/\S+\)|<t:\d+>|^alerts `[\w -]+`$", re.MULTILINE)
# Control characters but the end of a line, and those that turn the direction of writing or are not seen.
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def reports_of(names):
    """Return reports of one sad person and one contact each, whose names and key word are these."""
    return [
        Report(str(uuid.uuid4()), number, LAST_HOUR, 48.5, 2.25, (Person(a, b, 0), Person(c, d, 9)), (d,))
        for number, (a, b, c, d) in enumerate(zip(*[iter(names)] * 4, strict=True))
    ]


# A digest and a text of one alert each, for a digest of many leaves names out.
@pytest.mark.parametrize(
    ("form", "at_once", "count", "shows"),
    # A digest leaves out two of the longest names.
    [(Form.CARD, 10, 1_000, 250), (Form.DIGEST, 1, 200, 48), (Form.TEXT, 1, 200, 50)],
)
def test_a_thousand_strings_through_discord_mention_nobody_and_lead_nowhere(form, at_once, count, shows):
    told = [as_raised(decode_report(encode_report(report)), 2) for report in reports_of(strings(count))]
    with FakeDiscord() as discord:
        settings = DiscordSettings(**discord.settings)
        with open_sink(settings, announce=False, now=lambda: datetime.now(UTC)) as sink:
            while told:
                some = told[: min(sink.fit(told, form), at_once)]
                wait_until(lambda: sink.wait_s(str(CHANNEL_ID)) == 0, what="leave to post")
                sink.tell(str(CHANNEL_ID), Message(tuple(some), form)).result()
                told = told[len(some) :]

    bodies = [body for body, status in discord.tries if status == 200]
    assert all(body["allowed_mentions"] == {"parse": []} for body in bodies)
    shown = [text for body in bodies for text in texts_of(body)]
    assert sum(text.count(" (0)") for text in shown) == shows
    assert [value for value in shown if LIVE.search(OURS.sub("", value))] == []
    assert [value for value in shown if UNSEEN.search(value)] == []


def texts_of(body):
    """Return all that Discord would draw of a message."""
    embeds = body["embeds"]
    fields = [field["value"] for embed in embeds for field in embed.get("fields", ())]
    return [
        body["content"],
        *(embed[key] for embed in embeds for key in ("title", "description") if key in embed),
        *fields,
    ]


@pytest.mark.parametrize("path", ["cassandra.keyspace", "kafka.topics.alert"])
def test_no_name_of_a_keyspace_or_topic_can_end_a_statement(path):
    allowed = re.compile(r"[a-z][a-z0-9_]{0,47}" if path == "cassandra.keyspace" else r"[a-z][a-z0-9_.\-]{0,47}")
    *sections, key = path.split(".")
    for name in strings(500):
        content = {key: name}
        for section in reversed(sections):
            content = {section: content}
        if allowed.fullmatch(name):
            Config.model_validate(content)
        else:
            with pytest.raises(ValidationError):
                Config.model_validate(content)


@pytest.mark.services
def test_five_hundred_strings_are_stored_as_they_are(config):
    schema.apply(config.cassandra)
    told = reports_of(strings(500))
    with open_session(config.cassandra) as session:
        write_rows(session, config.cassandra, told, now=datetime.now(UTC))
        stored = [row.report for row in read_rows(session, config.cassandra, [LAST_HOUR])]

        assert sorted(stored, key=lambda report: report.drone_id) == told
        tables = session.execute(
            "SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s", (config.cassandra.keyspace,)
        )
        assert {"report", "settings"} <= {row.table_name for row in tables}
