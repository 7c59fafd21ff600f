"""What the tests of deploy/ share."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from harmonystate import config

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def load_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, str]], "config.Config"]:
    """Load the config as a process with this environment would, and no other setting; what is unknown is refused."""

    def load(environment: Mapping[str, str]) -> config.Config:
        for name, value in environment.items():
            if name.startswith("HARMONY_") and name != "HARMONY_CONFIG":
                monkeypatch.setenv(name, value)
        return config.load(None)

    return load
