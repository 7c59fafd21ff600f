"""Make src/harmonystate/data/sentences.csv, what people say, from tools/sentences.txt.

Run `.venv/bin/python tools/make_sentences.py`, or with `--check` to compare the committed file.
The key words are worked out here, once, so that no drone needs the stop-word list.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from data_file import main
from stop_words import get_stop_words

SOURCE = Path(__file__).with_name("sentences.txt")
HEADER = ("sentence", "happiness", "words")
MAX_WORDS = 4  # a sentence; a report has few sentences and should stay near 400 bytes

_STOP_WORDS = frozenset(get_stop_words("english"))
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def key_words(sentence: str) -> tuple[str, ...]:
    """Return the first words that are no stop words: 1..4, lower case, each once, possessives without their 's.

    Raises:
        ValueError: when nothing is left.
    """
    spoken = (word for word in _WORD.findall(sentence.lower()) if word not in _STOP_WORDS)
    bare = (word.removesuffix("'s") for word in spoken)
    words = tuple(dict.fromkeys(word for word in bare if word not in _STOP_WORDS))
    if not words:
        raise ValueError(f"only stop words in {sentence!r}")
    return words[:MAX_WORDS]


def rows() -> Iterator[tuple[str, int, str]]:
    """Yield (sentence, happiness 0..10, key words joined by a space) in the order of the source.

    Raises:
        ValueError: for a line that is not a happiness and a sentence.
    """
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            happiness, sentence = line.split(" ", maxsplit=1)
            if not 0 <= int(happiness) <= 10:
                raise ValueError(f"happiness is not 0 to 10: {line}")
            yield sentence, int(happiness), " ".join(key_words(sentence))


if __name__ == "__main__":
    sys.exit(main("sentences.csv", HEADER, rows(), description=__doc__))
