"""The two files the simulated city is made of, read as they are committed."""

import csv
import re
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "src" / "harmonystate" / "data"
# Not the library's list: these must be gone whatever list the tool uses.
STOP_WORDS = frozenset(
    """
    a about after all am an and any are as at be been but by can did do for from had has have he her him his how i if
    in is it its me more my no not of off on once or our out over she so some such than that the their them then there
    these they this to too up us very was we were what when where which who why will with you your
    """.split()  # noqa: SIM905 - 80 quoted words would hide the list
)


def read_rows(name: str) -> list[list[str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


@pytest.fixture(scope="module")
def people() -> list[list[str]]:
    return read_rows("people.csv")


@pytest.fixture(scope="module")
def sentences() -> list[list[str]]:
    return read_rows("sentences.csv")


@pytest.mark.parametrize(
    ("name", "header"),
    [("people.csv", ["firstname", "lastname"]), ("sentences.csv", ["sentence", "happiness", "words"])],
)
def test_the_header_comes_first_and_nowhere_else(name, header):
    rows = read_rows(name)

    assert rows[0] == header
    assert all(len(row) == len(header) for row in rows)
    assert not any(set(row) & set(header) for row in rows[1:])


@pytest.mark.parametrize("name", ["people.csv", "sentences.csv"])
def test_a_file_is_utf8_with_plain_line_ends_and_no_byte_order_mark(name):
    content = (DATA / name).read_bytes()

    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")


def test_ten_thousand_people_and_nobody_twice(people):
    assert len({tuple(person) for person in people[1:]}) == len(people) - 1 == 10_000


def test_names_fit_a_report_and_hold_letters_and_single_joiners_only(people):
    names = {name for person in people[1:] for name in person}

    assert all(1 <= len(name) <= 200 for name in names)
    assert all(unicodedata.is_normalized("NFC", name) for name in names)
    assert all(name == " ".join(name.split()) for name in names)
    assert {unicodedata.category(c)[0] for name in names for c in name if c not in " -'\u2019"} <= {"L", "M"}


def test_people_need_no_quotes_in_csv(people):
    assert not any(set(name) & set(',"\n') for person in people for name in person)


def test_people_write_in_many_scripts(people):
    scripts = Counter(unicodedata.name(person[1][0]).split()[0] for person in people[1:])

    assert all(
        scripts[script] >= 50 for script in ("GREEK", "CYRILLIC", "CJK", "ARABIC", "HEBREW", "HANGUL", "DEVANAGARI")
    )
    assert scripts["LATIN"] >= 8_000
    assert sum(not "".join(person).isascii() for person in people[1:]) - (10_000 - scripts["LATIN"]) >= 1_000


def test_nobody_mixes_latin_letters_with_another_script(people):
    scripts = [
        {unicodedata.name(c).startswith("LATIN") for name in person for c in name if c.isalpha()} for person in people
    ]

    assert all(len(latin) == 1 for latin in scripts)


def test_names_are_as_long_as_a_report_of_412_bytes_allows(people):
    first, last = (sum(len(person[i].encode()) for person in people[1:]) / 10_000 for i in (0, 1))

    assert 5.5 <= first <= 7.5
    assert 6.5 <= last <= 8.5


def test_every_mood_has_much_to_say(sentences):
    moods = Counter(int(happiness) for _, happiness, _ in sentences[1:])

    assert sum(moods.values()) >= 220
    assert sorted(moods) == list(range(11))
    assert min(moods.values()) >= 15


def test_no_sentence_comes_twice(sentences):
    assert len({sentence.casefold() for sentence, _, _ in sentences}) == len(sentences)


def test_key_words_are_one_to_four_of_the_sentence_in_its_order(sentences):
    for sentence, _, words in sentences[1:]:
        keys = words.split(" ")
        spoken = iter(re.findall("[a-z]+", sentence.lower().replace("'s", "")))

        assert 1 <= len(keys) <= 4, sentence
        assert len(set(keys)) == len(keys), sentence
        assert all(key in spoken for key in keys), sentence  # `in` uses up the iterator, so order counts


def test_no_stop_word_is_a_key_word(sentences):
    said = Counter(word for _, _, words in sentences[1:] for word in words.split())

    assert not said.keys() & STOP_WORDS
    assert {"tram", "queue", "tax", "bread"} <= said.keys()


def run_check(root: Path, tool: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, root / "tools" / tool, "--check"], check=False, capture_output=True, text=True
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("tool", ["make_people.py", "make_sentences.py"])
def test_a_file_is_made_again_to_the_byte(tool):
    assert run_check(ROOT, tool) == (0, "")


@pytest.mark.parametrize(("tool", "name"), [("make_people.py", "people.csv"), ("make_sentences.py", "sentences.csv")])
def test_a_file_changed_by_hand_is_noticed(tool, name, tmp_path):
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    changed = tmp_path / "src" / "harmonystate" / "data" / name
    changed.parent.mkdir(parents=True)
    changed.write_bytes((DATA / name).read_bytes() + b"\n")

    code, said = run_check(tmp_path, tool)

    assert code == 1
    assert str(changed) in said
    assert len(said.splitlines()) == 1
