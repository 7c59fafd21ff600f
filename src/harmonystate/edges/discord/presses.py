"""Presses of the buttons under a message. All that a press means stands in its id, so any bot understands it."""

import asyncio
from datetime import timedelta

import hikari
import structlog

from harmonystate.core.buttons import Press, read_press, silence_id
from harmonystate.core.card import spell_age
from harmonystate.core.matchers import Matchers
from harmonystate.edges.discord.channels import Channels
from harmonystate.edges.discord.desk import Desk, Wish
from harmonystate.edges.discord.faults import FAULTS
from harmonystate.edges.discord.markdown import escape
from harmonystate.edges.discord.messages import greyed
from harmonystate.edges.discord.naming import name_of
from harmonystate.errors import HarmonyError

OURS = "harmony"
UNKNOWN = "This button is of another version of harmony: type `/harmony silence`."
# While a message is marked, whoever is seen again waits to be counted on it; together below a lane's last wait.
HOLD_S = 2.0
AGAIN_S = (1.0, 5.0)


class Presses:
    """Does what buttons ask for, and marks their messages: who, grey, without buttons."""

    def __init__(self, desk: Desk, channels: Channels) -> None:
        self._desk, self._channels = desk, channels
        self._log = structlog.get_logger("harmony.alert-bot")

    async def hear(self, event: hikari.ComponentInteractionCreateEvent) -> None:
        """Answer a press within three seconds, then do what it asks for."""
        pressed = event.interaction
        press = read_press(pressed.custom_id)
        if press is None and not pressed.custom_id.startswith(OURS):
            return
        try:
            if press is None:
                flags = hikari.MessageFlag.EPHEMERAL
                await pressed.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, UNKNOWN, flags=flags)
                return
            self._channels.note_marked(pressed.message.id)
            await pressed.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)
        except FAULTS as fault:
            # Another instance was first; or three seconds are over, which whoever pressed is told by Discord.
            self._log.debug("a press is not ours to answer", because=type(fault).__name__)
            return
        await self._serve(pressed, press)

    async def _serve(self, pressed: hikari.ComponentInteraction, press: Press) -> None:
        try:
            await self._mark(pressed, await self._do(pressed, press))
        except (HarmonyError, *FAULTS) as fault:
            why = str(fault) if isinstance(fault, HarmonyError) else type(fault).__name__
            self._log.warning("a press came to nothing", because=why, message=str(pressed.message.id))
            await self._apologise(pressed, why)

    async def _do(self, pressed: hikari.ComponentInteraction, press: Press) -> str:
        """Do it; return the line that says so."""
        name = name_of(pressed)
        if not press.drones:
            self._log.info("acknowledged", message=str(pressed.message.id))
            return f"acknowledged by {escape(name)}, {_clock(pressed)}"
        message = str(pressed.message.id)
        matchers = Matchers(drones=press.drones)
        wish = Wish(matchers, press.lasts, name, f"message {message}", silence_id(message))
        silence = await asyncio.to_thread(self._desk.silence, wish)
        drones = ", ".join(map(str, press.drones))
        until = f"<t:{int(silence.ends_at.timestamp())}:t>"
        return f"silenced for {_span(press.lasts)} by {escape(name)}, until {until}: drone {drones}"

    async def _mark(self, pressed: hikari.ComponentInteraction, line: str) -> None:
        for again_s in AGAIN_S:
            try:
                await self._mark_once(pressed, line)
            except FAULTS:
                await asyncio.sleep(again_s)
            else:
                return
        await self._mark_once(pressed, line)

    async def _mark_once(self, pressed: hikari.ComponentInteraction, line: str) -> None:
        """Change the message as it stands now: since the press, somebody may have been counted on it."""
        async with self._channels.changing(pressed.message.id), asyncio.timeout(HOLD_S):
            message = await pressed.fetch_initial_response()
            lines = (message.content or "").split("\n")
            if line not in lines:
                lines.append(line)
            await pressed.edit_initial_response("\n".join(lines), embeds=greyed(message.embeds), components=[])

    async def _apologise(self, pressed: hikari.ComponentInteraction, why: str) -> None:
        try:
            await pressed.execute(f"It could not be done: {escape(why)}", flags=hikari.MessageFlag.EPHEMERAL)
        except FAULTS as fault:
            self._log.debug("nobody hears of it", because=type(fault).__name__)


def _clock(pressed: hikari.ComponentInteraction) -> str:
    return f"<t:{int(pressed.created_at.timestamp())}:t>"


def _span(lasts: timedelta) -> str:
    return f"{lasts // timedelta(hours=1)} h" if not lasts % timedelta(hours=1) else spell_age(lasts)
