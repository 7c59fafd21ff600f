"""What the commands that look at the installation are handed: a file that nobody has read yet."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import harmonystate.commands
from tests.cli.conftest import Harmony


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list:
    calls = []

    def function(name):
        return lambda *positional, **named: calls.append((name, positional, named)) or 0

    monkeypatch.setattr(harmonystate.commands, "doctor", SimpleNamespace(run=function("run")), raising=False)
    configuring = SimpleNamespace(show_all=function("show_all"), check=function("check"))
    monkeypatch.setattr(harmonystate.commands, "configuring", configuring, raising=False)
    return calls


@pytest.mark.parametrize(
    ("typed", "function", "named"),
    [
        ("doctor", "run", {"wait": None, "start_spark": False, "output": "table"}),
        ("doctor --wait 2m --spark -o json", "run", {"wait": "2m", "start_spark": True, "output": "json"}),
        ("config show", "show_all", {"output": "table"}),
        ("config show -o yaml", "show_all", {"output": "yaml"}),
    ],
)
def test_a_broken_config_file_is_handed_on_and_not_read(typed, function, named, harmony: Harmony, calls):
    Path("broken.yaml").write_text("kafka: [")

    assert harmony(*typed.split(), "--config", "broken.yaml").code == 0
    assert calls == [(function, (Path("broken.yaml"),), named)]


def test_config_check_is_handed_the_file_that_is_named(harmony: Harmony, calls):
    assert harmony("config", "check", "mine.yaml").code == 0
    assert calls == [("check", (Path("mine.yaml"),), {})]
