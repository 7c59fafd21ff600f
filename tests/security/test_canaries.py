"""What looks for secrets and names finds them where they are: else it would prove nothing elsewhere."""

import json
import subprocess
import sys
import time

import pytest

from tests.support.canaries import files_with, names_in, watching_command_lines
from tests.support.kafka import wait_until

CANARY = "canary-9d31"


def test_a_secret_on_a_command_line_is_seen():
    with watching_command_lines([CANARY]) as seen:
        child = subprocess.Popen([sys.executable, "-c", "input()", f"--password={CANARY}"], stdin=subprocess.PIPE)
        wait_until(lambda: seen, within_s=10, what="the sight of it")
        child.communicate(b"\n")

    assert all(CANARY in line for line in seen)


def test_a_secret_in_a_file_is_found_in_whatever_it_is_wrapped(tmp_path):
    (tmp_path / "offsets").mkdir()
    guilty = tmp_path / "offsets" / "0"
    guilty.write_bytes(b"\x00\x01" + CANARY.encode() + b"\xff")
    (tmp_path / "innocent").write_text("nothing")

    assert files_with([CANARY], tmp_path) == [guilty]


@pytest.mark.parametrize(
    "log",
    [
        '{"event": "Patrik Kiss was heard"}',
        "Kiss, Patrik",
        "Kiss Patrik",
        '{"persons":[{"firstname":"Patrik","lastname":"Kiss","harmonyscore":1}]}',
        r'{"event": "{\"lastname\": \"Kiss\", \"firstname\": \"Patrik\"}"}',
        "Person(firstname='Patrik', lastname='Kiss', score=1)",
        "{'firstname': 'Patrik',\n 'lastname': 'Kiss'}",
        "[Patrik,Kiss,1]",
        "{Patrik, Kiss, 1}",
        "|    Patrik|      Kiss|    1|",
        r'{"event": "of these:\nPatrik Kiss"}',
        "/cards/Patrik_Kiss.png",
    ],
)
def test_a_name_of_the_city_is_found_in_a_log_however_it_is_written(log):
    assert names_in(f"a line\n{log}\nanother\n") == ["Patrik Kiss"]


def test_a_name_that_json_spells_with_escapes_is_found():
    assert names_in(json.dumps({"event": "Ildikó Nagy was heard"})) == ["Ildikó Nagy"]
    assert names_in(json.dumps(json.dumps(["승현", "김", 1]))) == ["승현 김"]


@pytest.mark.parametrize(
    "log",
    [
        '{"event": "drone 7 was heard"}',
        "Patrik was heard, Kiss was not",
        "by Patrik\nKiss of death",
        "Patrik Kissing",
        "the clerk Dr. Patrik: 7 Kiss",
        "PatrikKiss",
    ],
)
def test_what_is_no_name_of_the_city_is_no_false_alarm(log):
    assert names_in(log) == []


def test_megabytes_of_logs_are_looked_through_in_seconds():
    line = (
        '{"event": "committed", "records": %d, "place": "global1/3/%d", "level": "info", "logger": "harmony.ingest"}\n'
    )
    said = "".join(line % (number % 977, number) for number in range(20_000))

    began = time.process_time()
    assert names_in(said + "[Patrik,Kiss,1]") == ["Patrik Kiss"]
    assert time.process_time() - began < 15
