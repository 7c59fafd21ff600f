"""The crontab: each line is one that cron takes, and starts commands of ours."""

import re

import pytest

from tests.deploy.conftest import ROOT
from tests.support.command_lines import in_shell, parse

LINES = [line for line in (ROOT / "deploy/cron/harmony").read_text().splitlines() if line and not line.startswith("#")]
SETTINGS = dict(line.split("=", 1) for line in LINES if re.match(r"[A-Z_]+=", line))
JOBS = [line.split(maxsplit=6) for line in LINES if not re.match(r"[A-Z_]+=", line)]
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def test_the_file_ends_with_a_newline_or_cron_leaves_its_last_line_out():
    assert (ROOT / "deploy/cron/harmony").read_text().endswith("\n")


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job[6])
def test_when_a_job_runs_is_written_as_cron_reads_it(job):
    for field, (low, high) in zip(job[:5], BOUNDS, strict=True):
        for part in field.split(","):
            match = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
            assert match, field
            assert all(low <= int(number) <= high for number in match.groups() if number)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job[6])
def test_a_job_runs_commands_of_ours_as_our_user(job):
    *_, user, command = job

    assert user == "harmony"
    assert "%" not in command  # to cron, the end of the line
    commands = list(in_shell(command))
    assert commands
    for arguments in commands:
        parse(arguments)


def test_no_job_locks_for_analyze_sees_to_it_itself():
    assert not [job for job in JOBS if "flock" in job[6]]


def test_the_settings_are_ours(load_with):
    home = load_with(SETTINGS).local.home

    assert str(home) == "/var/lib/harmony"
