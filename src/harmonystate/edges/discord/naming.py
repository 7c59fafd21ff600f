"""What we call whoever presses a button or types a command: as the channel does, and no more of them is kept."""

import hikari

from harmonystate.core.card import clean

LONGEST = 64


def name_of(interaction: hikari.ComponentInteraction | hikari.CommandInteraction) -> str:
    """Return their display name, on one line; no mention, and not escaped yet."""
    person = interaction.member or interaction.user
    return clean(person.display_name or person.username)[:LONGEST]
