"""What the doctor makes of figures, without a service."""

from datetime import timedelta
from pathlib import Path

import pytest

from harmonystate.commands.doctor import clock, disk
from harmonystate.commands.doctor.examining import examine
from harmonystate.commands.doctor.python import PYTHON, wrong_with
from harmonystate.config import Config
from harmonystate.core.checkup import Level


def test_this_python_is_fit_for_us():
    assert [check.level for check in examine(PYTHON, Config()).checks] == [Level.OK, Level.OK]


@pytest.mark.parametrize(
    ("requirement", "installed", "wrong"),
    [
        ("kafka-python==3.0.12", "3.0.12", None),
        ("kafka-python==3.0.12", "3.0.13", "package kafka-python 3.0.13 is installed, and harmony is made for 3.0.12"),
        ("crc32c>=2.7", "2.8", None),
        ("crc32c>=2.7", None, "package crc32c is not installed"),
        ("setuptools>=70; python_version >= '3.12'", None, None),
        ("pandas<3,>=2.2", "2.3.1", None),
    ],
)
def test_a_package_is_wrong_when_it_is_missing_or_not_the_pinned_one(requirement, installed, wrong):
    assert wrong_with(requirement, installed) == wrong


@pytest.mark.parametrize(
    ("ahead_s", "level"),
    [(0, Level.OK), (-1, Level.OK), (1.5, Level.WARN), (-30, Level.WARN), (31, Level.FAIL), (-86_400, Level.FAIL)],
)
def test_clocks_may_be_a_second_apart_and_must_not_be_half_a_minute(ahead_s, level):
    found = clock.judge("Cassandra's clock", timedelta(seconds=ahead_s))

    assert found.level is level
    assert level is Level.OK or ("ahead of" if ahead_s > 0 else "behind") in found.says


@pytest.mark.parametrize(("gib", "level"), [(0.9, Level.FAIL), (1.0, Level.WARN), (4.9, Level.WARN), (5.0, Level.OK)])
def test_a_disk_needs_room(gib, level):
    assert disk.judge("home /x", int(gib * disk.GIB)).level is level


def test_a_folder_that_is_not_made_yet_is_judged_by_the_one_above(tmp_path: Path):
    assert disk.nearest(tmp_path / "a" / "b") == tmp_path
