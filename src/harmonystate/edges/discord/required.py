"""What whoever tells Discord needs of the config; apart, because hikari takes half a second to be loaded."""

from harmonystate.config import DiscordSettings
from harmonystate.errors import Misconfigured


def require_settings(settings: DiscordSettings) -> tuple[int, str]:
    """Return the channel that alerts go to by default, and the token.

    Raises:
        Misconfigured: without one of them.
    """
    if settings.token is None:
        raise Misconfigured("discord.token_file: no token: name its file, or set HARMONY_DISCORD__TOKEN")
    if settings.channel_id is None:
        raise Misconfigured("discord.channel_id: the bot has a token and no channel to tell alerts in")
    return settings.channel_id, settings.token.get_secret_value()
