"""A card as Discord shows it: escaped, within its limits; and the alert ids read back from a message.

Limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits. hikari checks none of them.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from harmonystate.core.card import HEADLINE, Card, Dialect, map_link, spell_degrees
from harmonystate.core.message import long_id

MOST_EMBEDS = 10
LONGEST_VALUE = 1024
# 6000 over all embeds of a message; the age of an alert may grow by a few characters until it is posted.
LONGEST_EMBEDS = 5900

# A backslash before any of these is not shown. With `:` and `/` escaped nothing becomes a link or an emoji, with `<`
# and `@` no mention, with `-` and `#` at the beginning no list and no heading.
_MARKUP = re.compile(r"[\\*_~`|\[\]()<>#@:/+-]")
_ID_LINE = re.compile(r"^alert ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", re.ASCII | re.MULTILINE)
_ID_LIST = re.compile(r"^alerts `([A-Za-z0-9_-]{22}(?: [A-Za-z0-9_-]{22})*)`\Z", re.ASCII | re.MULTILINE)
# Of a name in a message without embeds, whose 2000 characters have to hold three lists.
_LONGEST_NAME = 100


def escape(text: str) -> str:
    """Return `text` so that Discord shows it letter by letter."""
    return _MARKUP.sub(r"\\\g<0>", text)


def text_of(card: Card) -> str:
    """Return a card spelt in TEXT as a message without embeds, below 2000 characters."""
    return "\n".join([HEADLINE, *(f"{name}: {value}" for name, value in card.fields), card.footer])


def card_ids_in(content: str | None, footers: Iterable[str | None]) -> frozenset[str]:
    """Return the ids of the alerts that a message shows, in its embeds' footers or on a line of its own.

    A name cannot forge one: it never begins a line.
    """
    return frozenset(_ID_LINE.findall("\n".join([content or "", *(footer or "" for footer in footers)])))


def listed_ids_in(texts: Iterable[str | None]) -> frozenset[str]:
    """Return the ids in the last line of each of these texts, which are ours: a digest's, or who was seen again."""
    lists = (_ID_LIST.search(text or "") for text in texts)
    return frozenset(long_id(short) for found in lists if found for short in found[1].split(" "))


def _place(latitude: float, longitude: float) -> str:
    return f"{spell_degrees(latitude)}, {spell_degrees(longitude)}"


def _linked_place(latitude: float, longitude: float) -> str:
    return f"{_place(latitude, longitude)}\n[map]({map_link(latitude, longitude)})"


def _moment(time: datetime) -> str:
    """Spell a time in UTC, and so that Discord shows it in the reader's own zone too."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC, <t:{int(time.timestamp())}>"


def _short(text: str) -> str:
    return escape(text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…")


EMBED = Dialect(text=escape, place=_linked_place, moment=_moment, longest=LONGEST_VALUE)
TEXT = Dialect(text=_short, place=_place, moment=_moment, longest=500)
