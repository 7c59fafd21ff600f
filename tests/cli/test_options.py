"""What is typed reaches the one function of its command, and nothing else does."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from harmonystate.config import Config
from tests.cli.conftest import Harmony, StandIn


class Recorder:
    """Stands in for a command's functions and keeps how they were called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Config, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, function: str) -> Any:
        def call(config: Config, *positional: Any, **named: Any) -> int:
            self.calls.append((function, config, positional, named))
            return 0

        return call

    def only(self) -> tuple[str, dict[str, Any]]:
        """Return the function that was called, once, and its named arguments."""
        [(function, config, _, named)] = self.calls
        assert isinstance(config, Config)
        return function, named

    @property
    def config(self) -> Config:
        return self.calls[-1][1]


@pytest.fixture
def recorder(stand_in: StandIn) -> Recorder:
    recorder = Recorder()
    for command in ("stream_alerts", "alert_bot", "ingest", "analyze", "setup", "status", "dashboard", "demo"):
        stand_in(command, run=recorder.run, filter_lines=recorder.filter_lines, watch=recorder.watch)
    stand_in("stack", up=recorder.up, down=recorder.down)
    bounds = SimpleNamespace(parse=lambda **named: named)
    stand_in("produce", run=recorder.run, print_reports=recorder.print_reports, Bounds=bounds)
    return recorder


QUIET = {"metrics_port": None}
ANALYZE = {"until": None, "threshold": None, "full": False, "save": True, "output": "table", "metrics_file": None}
ALL = {"until": "2026-11-24", "threshold": 3, "full": True, "save": False, "output": "csv", "metrics_file": None}


@pytest.mark.parametrize(
    ("typed", "function", "named"),
    [
        ("produce", "run", {"seed": None, "run_name": None, "instance": None, **QUIET}),
        ("produce --seed 0 --run b --instance c", "run", {"seed": 0, "run_name": "b", "instance": "c", **QUIET}),
        ("produce --seed 7 --output -", "print_reports", {"seed": 7}),
        ("stream-alerts", "run", {"once": False, "instance": None, **QUIET}),
        ("stream-alerts --once --instance a", "run", {"once": True, "instance": "a", **QUIET}),
        ("stream-alerts --input - --output -", "filter_lines", {}),
        ("alert-bot", "run", {"sink": None, "once": False, "instance": None, **QUIET}),
        (
            "alert-bot --sink console --once --instance a",
            "run",
            {"sink": "console", "once": True, "instance": "a", **QUIET},
        ),
        (
            "ingest --metrics-port 9200",
            "run",
            {**dict.fromkeys(("once", "repair_checkpoint", "accept_loss"), False), "metrics_port": 9200},
        ),
        ("analyze --metrics-file a.prom", "run", {**ANALYZE, "metrics_file": Path("a.prom")}),
        ("ingest", "run", {"once": False, "repair_checkpoint": False, "accept_loss": False, **QUIET}),
        (
            "ingest --once --repair-checkpoint",
            "run",
            {"once": True, "repair_checkpoint": True, "accept_loss": False, **QUIET},
        ),
        ("ingest --accept-loss", "run", {"once": False, "repair_checkpoint": False, "accept_loss": True, **QUIET}),
        ("analyze", "run", ANALYZE),
        ("analyze --output json", "run", {**ANALYZE, "output": "json"}),
        ("analyze --until 2026-11-24 --threshold 3 --full --no-save -o csv", "run", ALL),
        ("setup", "run", {}),
        ("up", "up", {}),
        ("down", "down", {"wipe": False, "yes": False}),
        ("down --wipe --yes", "down", {"wipe": True, "yes": True}),
        ("status", "run", {"output": "table", "max_age": None}),
        ("status -o json --max-age 10m", "run", {"output": "json", "max_age": "10m"}),
        ("status --watch", "watch", {"output": "table"}),
        ("dashboard", "run", {"open_browser": False}),
        ("dashboard --open", "run", {"open_browser": True}),
        ("demo", "run", {"exit_after": False, "discord": False}),
        ("demo --exit --discord", "run", {"exit_after": True, "discord": True}),
    ],
)
def test_each_command_calls_its_one_function(
    typed: str, function: str, named: dict[str, Any], harmony: Harmony, recorder: Recorder
):
    assert harmony(*typed.split()) == (0, "", "")
    assert recorder.only() == (function, named)


NO_BOUNDS = {"count": None, "duration": None, "speed": 1.0, "start": None, "backfill": None}


@pytest.mark.parametrize(
    ("typed", "bounds"),
    [
        ("", NO_BOUNDS),
        ("--count 0", {**NO_BOUNDS, "count": 0}),
        ("--duration 10m --speed 60", {**NO_BOUNDS, "duration": "10m", "speed": 60.0}),
        ("--start 2026-11-24", {**NO_BOUNDS, "start": "2026-11-24"}),
        ("--backfill 6h", {**NO_BOUNDS, "backfill": "6h"}),
    ],
)
def test_produce_is_told_when_to_begin_and_to_end(
    typed: str, bounds: dict[str, Any], harmony: Harmony, recorder: Recorder
):
    harmony("produce", *typed.split())

    assert [positional for _, _, positional, _ in recorder.calls] == [(bounds,)]


@pytest.mark.parametrize(
    ("typed", "path", "value"),
    [
        ("produce --drones 7", "produce.drones", "7"),
        ("produce --rate 2/s", "produce.rate", "120"),
        ("produce --alert-ratio 0.1", "produce.alert_ratio", "0.1"),
        ("produce --alert-ratio 0", "produce.alert_ratio", "0.0"),
        ("stream-alerts --threshold 0", "alerts.threshold", "0"),
        ("analyze --top 3", "analysis.top", "3"),
        ("analyze --since 7d", "analysis.since", "7d"),
        ("analyze --threshold 5", "alerts.threshold", "2"),
    ],
)
def test_a_flag_becomes_part_of_the_config(typed: str, path: str, value: str, harmony: Harmony, recorder: Recorder):
    harmony(*typed.split())
    section, key = path.split(".")

    assert str(getattr(getattr(recorder.config, section), key)) == value


def test_the_config_is_the_named_one(harmony: Harmony, recorder: Recorder, tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("alerts: {threshold: 4}")

    assert harmony("setup", "--config", "mine.yaml") == (0, "", "")
    assert recorder.config.alerts.threshold == 4


def test_verbose_names_the_config_in_use_on_stderr(harmony: Harmony, recorder: Recorder, tmp_path: Path):
    (tmp_path / "mine.yaml").touch()

    assert harmony("setup", "-v", "--config", "mine.yaml") == (0, "", "harmony: config: mine.yaml\n")
    assert harmony("setup", "--verbose").err == "harmony: config: none found, all defaults\n"


def speak(_: Config) -> int:
    log = structlog.get_logger("harmony.setup")
    log.info("said", reports=3)
    log.warning("warned")
    return 0


def test_logs_are_json_lines_on_stderr_where_there_is_no_terminal(harmony: Harmony, stand_in: StandIn):
    stand_in("setup", run=speak)
    _, out, err = harmony("setup")
    said, warned = map(json.loads, err.splitlines())

    assert out == ""
    assert (said["event"], said["level"], said["logger"], said["reports"]) == ("said", "info", "harmony.setup", 3)
    assert warned["level"] == "warning"
    assert said["timestamp"].endswith("Z")


def test_quiet_leaves_what_went_wrong(harmony: Harmony, stand_in: StandIn):
    stand_in("setup", run=speak)

    assert [json.loads(line)["event"] for line in harmony("setup", "-q").err.splitlines()] == ["warned"]


def test_text_is_for_people_and_has_no_colour_off_a_terminal(harmony: Harmony, stand_in: StandIn):
    stand_in("setup", run=speak)
    err = harmony("setup", "--log-format", "text").err

    assert "said" in err
    assert "reports=3" in err
    assert "\x1b" not in err
