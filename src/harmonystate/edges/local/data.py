"""The people and the sentences that come with the package (docs/data.md)."""

import csv
from collections.abc import Iterator
from importlib.resources import files

from harmonystate.core.population import Sentence


def read_people() -> list[tuple[str, str]]:
    """Return first and last names, nobody twice, in the order of the file."""
    return [(row["firstname"], row["lastname"]) for row in _rows("people.csv")]


def read_sentences() -> list[Sentence]:
    """Return the sentences, without their text, in the order of the file."""
    return [Sentence(int(row["happiness"]), tuple(row["words"].split())) for row in _rows("sentences.csv")]


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("harmonystate").joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
