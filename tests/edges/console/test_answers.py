"""What people and scripts see of the answers."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from harmonystate.core.answers import BADPERSONS, HARMONYSCORES, PERSONS, Answers, Point, Series
from harmonystate.core.ranking import Tally, saddest
from harmonystate.core.windows import Window
from harmonystate.edges.console.answers import write_answers, write_csv, write_json, write_table

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
WINDOW = Window(NINE, NINE + timedelta(hours=2))
TIMES = [NINE + timedelta(minutes=minute) for minute in range(120)]


def answers(*tallies, points=TIMES):
    return Answers(
        window=WINDOW,
        threshold=2,
        saddest=saddest(tallies, top=10),
        harmonyscores=Series(HARMONYSCORES, [Point(time, 5 + time.minute / 7) for time in points], 9.25),
        persons=Series(PERSONS, [Point(time, 250 + time.minute % 9) for time in points], 253.5),
        badpersons=Series(BADPERSONS, [Point(time, time.minute % 2) for time in points], 0.5),
    )


def written(write, what):
    out = io.StringIO()
    write(what, out)
    return out.getvalue()


def test_json_has_the_contracts_keys_and_numbers_in_full():
    document = json.loads(written(write_json, answers(Tally("Ada", "Byron", 1, 3), points=TIMES[:2])))

    assert document == {
        "window": "2026-11-24T09:00:00Z/2026-11-24T11:00:00Z",
        "threshold": 2,
        "saddest": [
            {
                "rank": 1,
                "firstname": "Ada",
                "lastname": "Byron",
                "sad": 1,
                "sightings": 3,
                "share": 1 / 3,
                "share_low": pytest.approx(0.061490, abs=1e-6),
            }
        ],
        "harmonyscores": [
            {"time": "2026-11-24T09:00:00.000Z", "value": 5.0},
            {"time": "2026-11-24T09:01:00.000Z", "value": 5 + 1 / 7},
        ],
        "persons": [
            {"time": "2026-11-24T09:00:00.000Z", "value": 250},
            {"time": "2026-11-24T09:01:00.000Z", "value": 251},
        ],
        "badpersons": [
            {"time": "2026-11-24T09:00:00.000Z", "value": 0},
            {"time": "2026-11-24T09:01:00.000Z", "value": 1},
        ],
    }


def test_json_of_an_empty_store_has_empty_lists():
    document = json.loads(written(write_json, answers(points=[])))

    assert document["saddest"] == document["harmonyscores"] == document["persons"] == document["badpersons"] == []


def test_csv_is_one_value_a_line():
    text = written(write_csv, answers(Tally('Ada "A"', "Byron, Lady", 1, 3), points=TIMES[:1]))

    assert list(csv.reader(io.StringIO(text))) == [
        ["answer", "time", "rank", "name", "value"],
        ["saddest", "", "1", 'Ada "A" Byron, Lady', "1"],
        ["harmonyscores", "2026-11-24T09:00:00.000Z", "", "", "5.0"],
        ["persons", "2026-11-24T09:00:00.000Z", "", "", "250"],
        ["badpersons", "2026-11-24T09:00:00.000Z", "", "", "0"],
    ]


def test_the_table_shows_ranks_counts_shares_and_three_means_in_80_columns():
    text = written(write_table, answers(Tally("Ada", "Byron", 10, 20), Tally("李", "Ångström" * 25, 9, 1200)))

    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.split() == ["1", "Ada", "Byron", "10", "20", "50.0%", "29.9%"] for line in lines)
    assert any("1,200" in line and "…" in line for line in lines)
    assert [line.split("mean ")[1].split()[0] for line in lines if "mean " in line] == ["9.25", "253.50", "0.50"]
    assert "\x1b" not in text


def test_a_name_cannot_steer_the_terminal():
    text = written(write_table, answers(Tally("\x1b[2J[red]", "\u202egnol", 1, 1)))

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in text


def test_the_table_says_that_nothing_is_stored():
    assert "No report of this window is stored." in written(write_table, answers(points=[]))


def test_nobody_sad_is_said():
    assert "Nobody was sad." in written(write_table, answers())


@pytest.mark.parametrize("output", ["table", "json", "csv"])
def test_answers_go_to_stdout(output, capsys):
    write_answers(answers(Tally("Ada", "Byron", 1, 3)), output=output)

    captured = capsys.readouterr()
    assert "Byron" in captured.out
    assert captured.err == ""
