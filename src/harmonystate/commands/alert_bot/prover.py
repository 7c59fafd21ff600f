"""What was told before it came to us: by another instance, or by us before a kill."""

from collections.abc import Sequence
from datetime import datetime

from harmonystate.core.backlog import Backlog, Proofs
from harmonystate.core.delivery import Posted
from harmonystate.edges.kafka.alerts import AlertFeed


class Prover:
    """Finds it out for one channel."""

    def __init__(self, channel_id: str, backlog: Backlog, feed: AlertFeed) -> None:
        self._channel_id, self._backlog, self._feed = channel_id, backlog, feed
        self._read_since: datetime | None = None

    def since(self) -> datetime | None:
        """Return how far back the channel has to be looked into; None = not at all.

        What has its delivery record needs no look: a history may be too long for one, and nothing is told before it.
        """
        since = self._backlog.unproved_since(self._channel_id)
        if since is not None and (self._read_since is None or since < self._read_since):
            self._backlog.note_recorded(self._feed.told_since(since))
            self._read_since = since
            since = self._backlog.unproved_since(self._channel_id)
        return since

    def prove(self, since: datetime, found: Sequence[Posted]) -> None:
        """Note what a look into the channel has found."""
        # Read after the look, too: whoever posts first and records then is found in one of the two.
        self._backlog.note_recorded(self._feed.told_since(since))
        posted = {alert_id: message for message in found for alert_id in message.alert_ids}
        self._backlog.prove(self._channel_id, Proofs(since, posted))
