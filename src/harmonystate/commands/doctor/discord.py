"""Discord: is the token one, and may the bot do in its channels what it has to. Posts nothing."""

from collections.abc import Iterator

from harmonystate.commands.doctor.examining import Category, Look
from harmonystate.config import Config
from harmonystate.core.checkup import Finding, fail, ok
from harmonystate.errors import HarmonyError


def channels(config: Config) -> Iterator[Finding]:
    """Look at the token, then at the rights in every channel that the config names."""
    if config.discord.token is None:
        yield ok("no token is configured: alerts go to the terminal")
        return
    from harmonystate.edges.discord.rights import examine

    try:
        name, channels = examine(config.discord, config.discord.token.get_secret_value())
    except HarmonyError as fault:
        yield fail(str(fault))
        return
    yield ok(f"the token is that of the bot {name}")
    if config.discord.channel_id is None:
        yield fail("a token is configured, and no channel", "set discord.channel_id")
    for channel in channels:
        if channel.fault:
            yield fail(f"channel {channel.channel_id}: {channel.fault}", "invite the bot, or mend the channel's id")
        elif channel.missing:
            rights = ", ".join(channel.missing)
            yield fail(f"channel {channel.channel_id}: the bot lacks {rights}", f"grant its role there: {rights}")
        else:
            yield ok(f"channel {channel.channel_id}: the bot may post cards and read them again")


_ADVICE = "check HARMONY_DISCORD__TOKEN or discord.token_file, and discord.rest_url"
DISCORD = Category("discord", (Look("discord", _ADVICE, channels),))
