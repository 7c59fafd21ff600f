"""`/harmony status`, `/harmony silence` and `/harmony top`: told to whoever asks; a silence to the whole channel."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import hikari
import structlog

from harmonystate.core.matchers import parse_matchers
from harmonystate.core.silence import parse_span
from harmonystate.edges.discord.desk import Desk, Wish
from harmonystate.edges.discord.faults import FAULTS
from harmonystate.edges.discord.markdown import escape
from harmonystate.edges.discord.naming import name_of
from harmonystate.edges.discord.replies import tell_condition, tell_saddest, tell_silence, tell_silences
from harmonystate.errors import HarmonyError

NAME = "harmony"
# Each matcher is an option of its own.
MATCHERS = {
    "drone": (hikari.OptionType.INTEGER, "A drone's number"),
    "person": (hikari.OptionType.STRING, "First Last, as on a card"),
    "area": (hikari.OptionType.STRING, "SOUTH,WEST,NORTH,EAST in degrees"),
    "min_score": (hikari.OptionType.INTEGER, "The lowest score of the alert is at least this"),
    "max_score": (hikari.OptionType.INTEGER, "The lowest score of the alert is at most this"),
}
LONGEST_COMMENT = 200
AN_HOUR = "1h"

Options = Sequence[hikari.CommandInteractionOption]


class Slash:
    """Answers commands."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._log = structlog.get_logger("harmony.alert-bot")

    async def register(self, event: hikari.ShardReadyEvent) -> None:
        """Let Discord know the commands; who may not, tells alerts all the same."""
        try:
            await event.app.rest.set_application_commands(event.application_id, [command()])
        except FAULTS as fault:
            why = type(fault).__name__
            self._log.warning("no commands in Discord; alerts are told all the same", because=why)

    async def hear(self, event: hikari.CommandInteractionCreateEvent) -> None:
        """Answer a command: within three seconds that it was heard, then with what was asked for."""
        asked = event.interaction
        if asked.command_name != NAME or not asked.options:
            return
        wanted, options = asked.options[0].name, asked.options[0].options or ()
        makes = wanted == "silence" and any(option.name in MATCHERS for option in options)
        flags = hikari.UNDEFINED if makes else hikari.MessageFlag.EPHEMERAL
        try:
            await asked.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=flags)
            answer = self._answer(wanted, options, name_of(asked), makes=makes)
            await asked.edit_initial_response(await self._say(answer))
        except FAULTS as fault:
            self._log.debug("a command is not ours to answer", because=type(fault).__name__)

    async def _say(self, answer: Callable[[], str]) -> str:
        try:
            return await asyncio.to_thread(answer)
        except (HarmonyError, ValueError) as fault:
            return escape(str(fault))[:2000]

    def _answer(self, wanted: str, options: Options, author: str, *, makes: bool) -> Callable[[], str]:
        if makes:
            return lambda: tell_silence(self._desk.silence(_wish(options, author)))
        if wanted == "silence":
            return lambda: tell_silences(self._desk.silences())
        if wanted == "top":
            return lambda: tell_saddest(self._desk.saddest())
        return lambda: tell_condition(self._desk.condition())


def command() -> hikari.api.SlashCommandBuilder:
    """Return `/harmony` with all that follows it."""
    silence = [_option(name, kind, said) for name, (kind, said) in MATCHERS.items()]
    silence.append(_option("for", hikari.OptionType.STRING, "How long, such as 30m; an hour unless given"))
    silence.append(_option("comment", hikari.OptionType.STRING, "Why", max_length=LONGEST_COMMENT))
    ways = {
        "status": ("What waits, when the last report came, what is silenced", []),
        "silence": ("Mute alerts for a while; without a matcher, show what is muted", silence),
        "top": ("Who was most frequently sad, by the last analysis", []),
    }
    builder = hikari.impl.SlashCommandBuilder(name=NAME, description="Drones, alerts, silences")
    for name, (said, options) in ways.items():
        builder.add_option(_option(name, hikari.OptionType.SUB_COMMAND, said, options=options))
    return builder


def _option(name: str, kind: hikari.OptionType, said: str, **more: object) -> hikari.CommandOption:
    return hikari.CommandOption(type=kind, name=name, description=said, **more)  # type: ignore[arg-type]


def _wish(options: Options, author: str) -> Wish:
    """Read what is to be silenced.

    Raises:
        ValueError: when a matcher or the duration is none.
    """
    given = {option.name: str(option.value) for option in options}
    matchers = parse_matchers(f"{name}={value}" for name, value in given.items() if name in MATCHERS)
    lasts: timedelta = parse_span(given.get("for", AN_HOUR))
    return Wish(matchers, lasts, author, given.get("comment", ""))
