"""Whatever a check meets, the doctor reports it."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from harmonystate.commands import doctor
from harmonystate.commands.doctor import examining, settings
from harmonystate.commands.doctor.examining import Category, Look, examine, examine_until
from harmonystate.commands.doctor.python import PYTHON
from harmonystate.config import Config
from harmonystate.core.checkup import Finding, Level, fail, ok
from harmonystate.errors import BadUsage, Unavailable

PAGE = Path(__file__).parents[3] / "docs/doctor.md"


def raising(fault: Exception):
    def find(_: Config) -> Iterator[Finding]:
        yield ok("the first half")
        raise fault

    return find


def test_a_failure_that_a_user_can_mend_is_a_line_and_keeps_what_was_found_before():
    category = Category("kafka", (Look("kafka-answers", "start it", raising(Unavailable("no Kafka at x:1"))),))

    checks = examine(category, Config()).checks

    assert [(check.level, check.says, check.hint) for check in checks] == [
        (Level.OK, "the first half", ""),
        (Level.FAIL, "no Kafka at x:1", "start it"),
    ]


def test_a_bug_in_a_check_is_a_line_too_and_the_others_are_looked_at():
    category = Category("c", (Look("a", "", raising(KeyError("broken\nthing"))), Look("b", "", lambda _: [ok("fine")])))

    checks = examine(category, Config()).checks

    assert [(check.id, check.level) for check in checks] == [("a", Level.OK), ("a", Level.FAIL), ("b", Level.OK)]
    assert "KeyError" in checks[1].says
    assert "\n" not in checks[1].says


def test_what_stands_on_a_vital_check_is_not_looked_at_when_that_fails():
    looks = (Look("a", "", lambda _: [fail("away")], vital=True), Look("b", "", raising(AssertionError())))

    assert [check.id for check in examine(Category("c", looks), Config()).checks] == ["a"]


def test_what_fails_is_looked_at_again_until_it_does_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(examining, "AGAIN_S", 0)
    tries = count(1)
    category = Category("c", (Look("a", "", lambda _: [ok("up") if next(tries) == 3 else fail("away")]),))

    checks = examine_until(category, Config(), is_over=lambda: False).checks

    assert [check.level for check in checks] == [Level.OK]
    assert next(tries) == 4


def test_when_the_time_is_over_what_fails_is_reported():
    checks = examine_until(Category("c", (Look("a", "", lambda _: [fail("away")]),)), Config(), is_over=lambda: True)

    assert [check.level for check in checks.checks] == [Level.FAIL]


def test_a_wait_that_is_no_duration_is_wrong_usage():
    with pytest.raises(BadUsage, match="--wait soon"):
        doctor.run(None, wait="soon", start_spark=False, output="table")


def test_with_a_config_that_is_none_every_fault_of_it_is_named_and_nothing_else_is_looked_at(tmp_path: Path):
    path = tmp_path / "harmony.yaml"
    path.write_text("alerts: {treshold: 3}\nkafka: {partitions: 0}\n")

    python, config = doctor.look(path, is_over=lambda: True)

    assert (python.name, config.name) == ("python", "config")
    assert [check.level for check in config.checks] == [Level.FAIL, Level.FAIL]
    assert "alerts.treshold: unknown key; did you mean alerts.threshold?" in config.checks[1].says
    assert all(check.hint and check.page == "docs/doctor.md#config" for check in config.checks)


def test_a_fault_of_the_environment_is_named_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HARMONY_KAFKA__PARTITIONS", "many")

    config, examined = settings.read(None)

    assert config is None
    assert "environment: kafka.partitions" in examined.checks[0].says


def test_the_page_has_a_heading_for_every_check_and_no_other():
    looks = [look.id for category in (PYTHON, *doctor.categories(start_spark=True)) for look in category.looks]

    assert re.findall(r"^## (.*)$", PAGE.read_text(), re.MULTILINE) == [*looks[:2], settings.CHECK, *looks[2:]]
