"""What hikari raises, as what it means for the message that was to be posted."""

import asyncio

import aiohttp
import hikari

from harmonystate.core.message import Undelivered
from harmonystate.errors import HarmonyError, Misconfigured

# 10,000 invalid requests in 10 minutes are a ban; who may not enter is let in by a human, not by trying.
FORBIDDEN_S = 60.0
# Somebody has deleted the message that was to be changed.
UNKNOWN_MESSAGE = 10008
# hikari lets some of its HTTP client's own errors through: an answer that is cut, or is not what it should be.
FAULTS = (hikari.HikariError, aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError, LookupError)


def explain(fault: Exception, channel_id: int) -> Undelivered | HarmonyError:
    """Return what one of FAULTS means: for the message, or (a refused token) for the whole process.

    The reasons name no content: Discord's own words may repeat it.
    """
    if isinstance(fault, hikari.UnauthorizedError):
        return refused_token()
    if isinstance(fault, hikari.RateLimitTooLongError):
        return Undelivered("rate limit", wait_s=fault.retry_after)
    if isinstance(fault, hikari.HTTPResponseError):
        return _explain_status(int(fault.status), fault, channel_id)
    # Cut off, timed out, unreadable: the message may stand in the channel all the same.
    return Undelivered(f"no answer: {type(fault).__name__}", unknown=True)


def refused_token() -> Misconfigured:
    """Return what a 401 means."""
    return Misconfigured("Discord refuses the token (401): check HARMONY_DISCORD__TOKEN or discord.token_file")


def _explain_status(status: int, fault: hikari.HTTPResponseError, channel_id: int) -> Undelivered:
    code = getattr(fault, "code", 0)
    if status in (400, 413) or code == UNKNOWN_MESSAGE:
        return Undelivered(f"Discord refuses it ({status}, code {code})", refused=True)
    if status == 429:
        return Undelivered("rate limit (429)", wait_s=_retry_after(fault))
    if status == 403:
        return Undelivered(f"403: let the bot see channel {channel_id} and write there", wait_s=FORBIDDEN_S)
    if status == 404:
        return Undelivered(
            f"404: no channel {channel_id}: check discord.channel_id and discord.routes", wait_s=FORBIDDEN_S
        )
    if status < 500:
        return Undelivered(f"Discord answers {status}", wait_s=FORBIDDEN_S)
    return Undelivered(f"Discord answers {status}", unknown=True)


def _retry_after(fault: hikari.HTTPResponseError) -> float | None:
    try:
        return float(fault.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
