"""What looks for secrets and names finds them where they are: else it would prove nothing elsewhere."""

import subprocess
import sys

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


def test_a_name_of_the_city_is_found_in_a_log():
    assert names_in('{"event": "Patrik Kiss was heard"}') == ["Patrik Kiss"]
    assert names_in('{"event": "drone 7 was heard"}') == []
