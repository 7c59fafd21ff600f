"""Make src/harmonystate/data/people.csv, the 10,000 people of the city, all of them invented.

Run `.venv/bin/python tools/make_people.py`, or with `--check` to compare the committed file.
The same people come out every time with the faker of requirements.lock; another release knows other names.
"""

import random
import re
import sys
import unicodedata
from collections.abc import Iterator

from data_file import main
from faker import Faker

HEADER = ("firstname", "lastname")
SEED = 2084
# How many people of each locale. Mostly Latin, since other scripts take 2 or 3 bytes a letter and a report should stay
# near 412 bytes; enough of the others that every table, card and CSV of ours has to cope with them.
PEOPLE = {
    "en_GB": 800, "fr_FR": 800, "de_DE": 800, "es_ES": 700, "en_IE": 600, "it_IT": 600, "pt_PT": 600, "nl_NL": 500,
    "pl_PL": 500, "sv_SE": 500, "tr_TR": 500, "fi_FI": 400, "yo_NG": 400, "cs_CZ": 300, "hu_HU": 300, "id_ID": 300,
    "vi_VN": 200, "el_GR": 200, "ru_RU": 200, "ar_DZ": 150, "ja_JP": 150, "he_IL": 100, "ko_KR": 100, "uk_UA": 100,
    "zh_CN": 100, "hi_IN": 50, "ka_GE": 50,
}  # fmt: skip

_JOINERS = re.compile("[ '\u2019-]")
# What faker's lists hold besides names: a numeral, halves of names, and Arabic letters stretched to fill a line.
_ODD = re.compile(r"\bII\b|\bvan$|\bauch\b|\u0640")


def people() -> list[tuple[str, str]]:
    """Return (first name, last name) of everybody, each pair once, the locales mixed."""
    everybody: dict[tuple[str, str], None] = {}
    for locale, count in PEOPLE.items():
        wanted = len(everybody) + count
        for person in _invented(locale):
            everybody[person] = None
            if len(everybody) == wanted:
                break
    mixed = list(everybody)
    random.Random(SEED).shuffle(mixed)
    return mixed


def _invented(locale: str) -> Iterator[tuple[str, str]]:
    """Yield women and men by turns, without end: in many languages the last name differs too."""
    fake = Faker(locale)
    fake.seed_instance(f"{SEED} {locale}")
    while True:
        for first, last in (
            (fake.first_name_female(), fake.last_name_female()),
            (fake.first_name_male(), fake.last_name_male()),
        ):
            person = unicodedata.normalize("NFC", first), unicodedata.normalize("NFC", last)
            if all(map(_is_clean, person)):
                yield person


def _is_clean(name: str) -> bool:
    """Tell whether `name` is words of letters with single joiners, so no "Hans D.", no "(x)" and nothing invisible."""
    words = _JOINERS.split(name)
    letters = all(unicodedata.category(character)[0] in "LM" for character in "".join(words))
    return all(words) and letters and not _ODD.search(name)


if __name__ == "__main__":
    sys.exit(main("people.csv", HEADER, people(), description=__doc__))
