"""docs/guarantees.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_a_promise_names_is_there():
    named = re.findall(r"`(tests/[a-z_/]+\.py)::(test_\w+)`", (ROOT / "docs/guarantees.md").read_text())

    assert len(named) > 15
    assert [(path, name) for path, name in named if f"def {name}(" not in (ROOT / path).read_text()] == []


def is_full_only(path, name):
    """Say whether `make test` leaves a test out: of its marks, and those of its parameters, none is another."""
    before, _, _ = (ROOT / path).read_text().partition(f"def {name}(")
    decorators = before.rpartition("\n\n\n")[2]
    return "mark.faults" in decorators and "mark.services" not in decorators


def test_which_tests_make_test_leaves_out_is_said():
    named = re.findall(
        r"`(tests/[a-z_/]+\.py)::(test_\w+)`( \(full only\))?", (ROOT / "docs/guarantees.md").read_text()
    )

    assert [name for path, name, said in named if is_full_only(path, name) != bool(said)] == []
    assert [name for _, name, said in named if said] != []


def test_every_promise_names_a_test():
    promises = re.split(r"^\*\*", (ROOT / "docs/guarantees.md").read_text().split("## ")[1], flags=re.MULTILINE)[1:]

    assert len(promises) >= 7
    assert [promise.splitlines()[0] for promise in promises if "::test_" not in promise] == []
