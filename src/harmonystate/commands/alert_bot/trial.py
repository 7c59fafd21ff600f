"""`alert-bot --test`: is there anybody who sees a card? Nothing of it is recorded."""

from harmonystate.config import Config
from harmonystate.core.card import trial_card
from harmonystate.edges.console.cards import DIALECT, print_card


def run(config: Config, *, sink: str | None) -> int:
    """Post a card marked TEST wherever alerts may go.

    Raises:
        Misconfigured: token, channel or a right is missing; the message names which.
        Unavailable: when Discord does not answer.
        Busy: when it wants fewer messages.
    """
    if (sink or ("discord" if config.discord.token else "console")) == "console":
        print_card(trial_card(DIALECT))
        return 0
    from harmonystate.edges.discord.trial import post_trial_cards

    post_trial_cards(config.discord)
    return 0
