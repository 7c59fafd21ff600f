"""What we post, as Discord takes it; and what a message that stands there shows."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import hikari

from harmonystate.core.buttons import buttons_of
from harmonystate.core.card import HEADLINE, SEEN_AGAIN, Card, card_of
from harmonystate.core.delivery import Posted
from harmonystate.core.digest import Digest, digests_of
from harmonystate.core.message import Edit, Form, Message
from harmonystate.edges.discord.markdown import EMBED, TEXT, card_ids_in, listed_ids_in, text_of

EARLIER = "Earlier alerts"
# Of a card that needs nobody's eye any more.
GREY = 0x9E9E9E


class Content(NamedTuple):
    """What a message holds.

    Attributes:
        roles: whom it mentions.
        buttons: a row of them, or none.
    """

    text: str
    embeds: Sequence[hikari.Embed] = ()
    roles: Sequence[int] = ()
    buttons: Sequence[hikari.api.ComponentBuilder] = ()


def content_of(message: Message, now: datetime) -> Content:
    """Return a message that is posted `now`."""
    if message.form is Form.DIGEST:
        return Content(EARLIER, [_digest_embed(digest) for _, digest in digests_of(message.alerts, EMBED)], ())
    mentions = "".join(f"<@&{role}> " for role in message.roles)
    if message.form is Form.TEXT:
        return Content(mentions + text_of(card_of(message.alerts[0], TEXT, now=now)), [], message.roles)
    embeds = [card_embed(card_of(raised, EMBED, now=now)) for raised in message.alerts]
    return Content(mentions + HEADLINE, embeds, message.roles, _buttons(message))


def embeds_of(edit: Edit) -> list[hikari.Embed]:
    """Return the cards of a message on which somebody was seen again."""
    return [card_embed(card) for card in cards_of(edit)]


def greyed(embeds: Iterable[hikari.Embed]) -> list[hikari.Embed]:
    """Return these cards in grey."""
    cards = list(embeds)
    for card in cards:
        card.color = hikari.Color(GREY)
    return cards


def cards_of(edit: Edit) -> Iterator[Card]:
    """Yield the cards of a message on which somebody was seen again."""
    for raised in edit.message.alerts:
        yield card_of(raised, EMBED, now=edit.told_at, again=edit.again.get(raised.alert_id, ()))


def posted_of(message: hikari.Message, at: datetime) -> Posted:
    """Return what a message in the channel proves."""
    footers = [embed.footer.text for embed in message.embeds if embed.footer]
    in_digests = listed_ids_in(embed.description for embed in message.embeds)
    again = listed_ids_in(field.value for embed in message.embeds for field in embed.fields if field.name == SEEN_AGAIN)
    shown = card_ids_in(message.content, footers) | again | in_digests
    return Posted(str(message.channel_id), str(message.id), at, shown, "digest" if in_digests else "card")


def _buttons(message: Message) -> list[hikari.api.ComponentBuilder]:
    """Return a row of buttons. Numbered by us, for hikari reads no message whose components have no number."""
    row = hikari.impl.MessageActionRowBuilder(id=1)
    for number, button in enumerate(buttons_of(message), start=2):
        row.add_interactive_button(hikari.ButtonStyle.SECONDARY, button.custom_id, label=button.label, id=number)
    return [row]


def card_embed(card: Card) -> hikari.Embed:
    """Return a card as Discord draws it."""
    embed = hikari.Embed(color=card.colour).set_footer(card.footer)
    for name, value in card.fields:
        embed.add_field(name, value, inline=name in ("Drone", "Position"))
    return embed


def _digest_embed(digest: Digest) -> hikari.Embed:
    return hikari.Embed(title=digest.title, description=digest.text, color=digest.colour)
