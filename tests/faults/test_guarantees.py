"""docs/guarantees.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_a_promise_names_is_there():
    named = re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", (ROOT / "docs/guarantees.md").read_text())

    assert len(named) > 15
    assert [(path, name) for path, name in named if f"def {name}(" not in (ROOT / path).read_text()] == []


def test_every_promise_names_a_test():
    promises = re.split(r"^\*\*", (ROOT / "docs/guarantees.md").read_text().split("## ")[1], flags=re.MULTILINE)[1:]

    assert len(promises) >= 7
    assert [promise.splitlines()[0] for promise in promises if "::test_" not in promise] == []
