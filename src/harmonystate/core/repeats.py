"""Quiet repeats: who is seen again by the same drone is counted on the card that stands there, not told anew.

What is known of cards is known by the feed that told them: after a restart, a rebalance or a loss of Kafka a new card
is told, and counted on from then on. A request may have been on its way by then, and who is counted on a card must be
known in full: an edit shows only those. Of a channel's messages the newest are known: MOST_STANDING.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.message import Edit, Form, Message
from harmonystate.core.waiting import Waiting

# Messages of cards in one channel: most drones never alert again.
MOST_STANDING = 1_000
# Of one drone: cards of old are looked through for every alert that comes.
MOST_CARDS = 50


class _Sight(NamedTuple):
    """Whom an alert is about."""

    drone_id: int
    sad: frozenset[tuple[str, str]]
    raised_at: datetime


class _Told(Struct):
    """A message of cards that stands in the channel, and who was seen again since."""

    message_id: str
    message: Message
    told_at: datetime
    again: dict[str, tuple[RaisedAlert, ...]]


class _Card(NamedTuple):
    sight: _Sight
    alert_id: str
    told: _Told


class Repeats:
    """The cards of one channel that may still be counted on."""

    def __init__(self, interval: timedelta) -> None:
        """Start without any; an alert is counted on a card whose alert was raised at most `interval` before it."""
        self._interval = interval
        self._standing: dict[str, _Told] = {}  # by message id, the oldest first
        self._cards: dict[int, list[_Card]] = defaultdict(list)  # of each drone

    def new(self, waiting: Iterable[Waiting]) -> list[Waiting]:
        """Return who is not to be counted on a card."""
        return [item for item in waiting if self._card_for(item) is None]

    def next_edit(self, waiting: Iterable[Waiting], takes: Callable[[Edit], bool]) -> Edit | None:
        """Choose a message on which somebody who waits is to be counted, with all who are counted on it.

        Where it returns None, everybody who waits is `new`.
        """
        edit: Edit | None = None
        for item in waiting:
            edit = self._counted(item, edit, takes)
        return edit

    def without_repeats(self, items: Iterable[Waiting]) -> Iterator[Waiting]:
        """Yield what goes into one message of cards; who would be twice in it waits, to be counted."""
        before: dict[int, list[_Sight]] = defaultdict(list)
        for item in items:
            sight = _sight_of(item.raised)
            if not any(self._is_repeat(sight, of=other) for other in before[item.drone_id]):
                before[item.drone_id].append(sight)
                yield item

    def note(self, told: Message | Edit, message_id: str, told_at: datetime) -> None:
        """Remember what stands in the channel now."""
        if isinstance(told, Edit):
            if standing := self._standing.get(message_id):
                standing.again = dict(told.again)
        elif told.form in (Form.CARD, Form.CARD_ALONE):
            self._stand(_Told(message_id, told, told_at, {}))

    def forget(self, message_id: str) -> None:
        """Count on a message no more."""
        told = self._standing.pop(message_id, None)
        for drone_id in {raised.alert.report.drone_id for raised in told.message.alerts} if told else ():
            left = [card for card in self._cards.pop(drone_id, ()) if card.told.message_id != message_id]
            if left:
                self._cards[drone_id] = left

    def _stand(self, told: _Told) -> None:
        """Count on a message from now on, and on the oldest no more where there are too many."""
        self.forget(told.message_id)
        self._standing[told.message_id] = told
        for raised in told.message.alerts:
            sight = _sight_of(raised)
            recent = [card for card in self._cards[sight.drone_id] if self._is_recent(card.sight, sight)]
            self._cards[sight.drone_id] = [*recent, _Card(sight, raised.alert_id, told)][-MOST_CARDS:]
        if len(self._standing) > MOST_STANDING:
            self.forget(next(iter(self._standing)))

    def _counted(self, item: Waiting, edit: Edit | None, takes: Callable[[Edit], bool]) -> Edit | None:
        """Return `edit` with this one on it too, where it has its card; or an edit of the newest card that takes it."""
        while (card := self._card_for(item)) is not None:
            if edit is not None and edit.message_id != card.told.message_id:
                break
            grown = _grown(edit or _unchanged(card.told), card, item.raised)
            if takes(grown):
                return grown
            if edit is not None:
                break
            self.forget(card.told.message_id)
        return edit

    def _card_for(self, item: Waiting) -> _Card | None:
        if item.drone_id not in self._cards:
            return None
        sight = _sight_of(item.raised)
        return next(
            (card for card in reversed(self._cards[item.drone_id]) if self._is_repeat(sight, of=card.sight)), None
        )

    def _is_repeat(self, sight: _Sight, *, of: _Sight) -> bool:
        return sight.sad <= of.sad and self._is_recent(of, sight)

    def _is_recent(self, earlier: _Sight, later: _Sight) -> bool:
        return abs(later.raised_at - earlier.raised_at) <= self._interval


def _sight_of(raised: RaisedAlert) -> _Sight:
    sad = frozenset((person.firstname, person.lastname) for person in raised.alert.sad)
    return _Sight(raised.alert.report.drone_id, sad, raised.raised_at)


def _unchanged(told: _Told) -> Edit:
    return Edit(told.message_id, told.message, told.told_at, told.again, ())


def _grown(edit: Edit, card: _Card, raised: RaisedAlert) -> Edit:
    again = {**edit.again, card.alert_id: (*edit.again.get(card.alert_id, ()), raised)}
    return edit._replace(again=again, adds=(*edit.adds, raised))
