"""Alerts without a delivery: the channel alone can tell whether somebody was told of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from harmonystate.config import DiscordSettings
from harmonystate.core.alert import RaisedAlert
from harmonystate.core.delivery import Posted
from harmonystate.core.message import Undelivered
from harmonystate.errors import HarmonyError

if TYPE_CHECKING:
    from harmonystate.edges.discord.sink import DiscordSink

_log = structlog.get_logger("harmony.verify")


def find_told(settings: DiscordSettings, alerts: Sequence[RaisedAlert]) -> dict[str, Posted]:
    """Return, by alertId, the messages that show these alerts; why a channel could not be looked into is said."""
    if settings.token is None:
        _log.warning("deliveries are not looked up: no Discord token is configured", alerts=len(alerts))
        return {}
    from harmonystate.edges.discord.sink import open_sink

    try:
        with open_sink(settings, announce=False, now=lambda: datetime.now(UTC)) as sink:
            return _look_up(sink, alerts)
    except HarmonyError as fault:
        _log.warning("deliveries are not looked up", because=str(fault), alerts=len(alerts))
        return {}


def _look_up(sink: "DiscordSink", alerts: Sequence[RaisedAlert]) -> dict[str, Posted]:
    raised: defaultdict[str, list[datetime]] = defaultdict(list)
    for alert in alerts:
        raised[sink.target_of(alert).channel_id].append(alert.raised_at)
    found: dict[str, Posted] = {}
    for channel_id, moments in raised.items():
        try:
            messages = sink.posted_since(channel_id, min(moments)).result()
        except Undelivered as fault:
            _log.warning("a channel is not looked into", channel=channel_id, because=str(fault))
            continue
        found |= {alert_id: message for message in messages for alert_id in message.alert_ids}
    return found
