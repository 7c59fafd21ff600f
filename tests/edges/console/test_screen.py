"""What the demo's screen shows of a View."""

import sys

import pytest
import structlog
from rich.console import Console
from structlog.testing import capture_logs

from harmonystate.edges.console.screen import AlertLine, StageRow, View, render, showing, sparkline

STAGES = [
    StageRow("produce", "→ global1, global2", 42_103, 81.4, None),
    StageRow("stream-alerts", "global1 → alert", 2_105, 4.0, 0),
    StageRow("ingest", "global2 → Cassandra", 41_954, 79.0, 1_149),
]
ALERTS = [
    AlertLine("06:07:33", 83, "חיה לב (0)", 0, "0.0 s"),
    AlertLine("06:07:32", 29, "Евдокия Александрова (0), Prudencia Verdejo (1)", 3, "1.8 s"),
]
ANSWERS = {
    "saddest": [
        {"rank": 1, "firstname": "Patrik", "lastname": "Kiss", "sad": 17, "sightings": 35, "share": 0.4857},
        {"rank": 2, "firstname": "[bold]Ada", "lastname": "Byron", "sad": 1, "sightings": 3, "share": 0.3333},
    ],
    "harmonyscores": [{"value": 4.75234}, {"value": 5.74}],
    "persons": [{"value": 151}, {"value": 3_953}],
    "badpersons": [],
}
LIVE = View("live reports", "http://127.0.0.1:29797/   Kafka 127.0.0.1:26577", STAGES, ALERTS, ANSWERS)


def drawn(view, width=112):
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        console.print(render(view))
    return [" ".join(line.strip("│╭╮╰╯─ ").split()) for line in captured.get().splitlines()]


def test_it_says_where_the_page_and_kafka_are():
    assert drawn(LIVE)[0] == "Harmony State live reports http://127.0.0.1:29797/ Kafka 127.0.0.1:26577"


def test_a_stage_is_shown_with_its_records_rate_and_lag():
    lines = drawn(LIVE)

    assert "produce │ → global1, global2 │ 42,103 │ 81" in lines
    assert "stream-alerts │ global1 → alert │ 2,105 │ 4 │ 0" in lines
    assert "ingest │ global2 → Cassandra │ 41,954 │ 79 │ 1,149" in lines


def test_an_alert_is_one_line():
    assert "06:07:33 drone 83 חיה לב (0) alone 0.0 s" in drawn(LIVE)
    assert "06:07:32 drone 29 Евдокия Александрова (0), Prudencia Verdejo (1) met 3 1.8 s" in drawn(LIVE)


def test_the_answers_stand_side_by_side():
    lines = drawn(LIVE)

    assert "1. Patrik Kiss 17 of 35 49% Harmony ▁█ 4.752 to 5.74" in lines
    assert any("People ▁█ 151 to 3,953" in line for line in lines)
    assert any("2. [bold]Ada Byron 1 of 3 33%" in line for line in lines)
    assert any(line.endswith("Sad people none") for line in lines)


def test_what_there_is_not_yet_is_said():
    lines = drawn(LIVE._replace(alerts=[], answers=None))

    assert "none yet" in lines
    assert "analyze runs as soon as the backfill is stored" in lines


@pytest.mark.parametrize("width", [80, 112, 200])
def test_no_line_is_wider_than_the_terminal_however_many_are_sad(width):
    crowd = AlertLine("06:07:33", 83, ", ".join(["Prudencia Verdejo (1)"] * 5), 3, "0.0 s")

    assert len(drawn(LIVE._replace(alerts=[crowd]), width)) == len(drawn(LIVE._replace(alerts=ALERTS[:1]), width))


def test_a_stage_that_is_counted_before_its_input_is_not_behind():
    assert STAGES[2]._replace(lag=-3).without_negative_lag().lag == 0
    assert STAGES[0].without_negative_lag().lag is None


def test_a_line_of_bars_has_the_mean_of_each_share_and_no_more_than_its_width():
    assert sparkline([]) == ""
    assert sparkline([3.0, 3.0]) == "▁▁"
    assert sparkline(range(8)) == "▁▂▃▄▅▆▇█"
    assert sparkline([0, 2, 7, 9], width=2) == "▁█"
    assert len(sparkline(range(1_000))) == 32


def test_without_a_terminal_it_says_each_phase_once(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    structlog.reset_defaults()
    with capture_logs() as said, showing(live=True) as show:
        show(LIVE._replace(phase="analyze"))
        show(LIVE._replace(phase="analyze"))
        show(LIVE)

    assert [(line["event"], line["produce"], line["stream_alerts"]) for line in said] == [
        ("analyze", 42_103, 2_105),
        ("live reports", 42_103, 2_105),
    ]
