"""Many alerts to few messages: which of those that wait for a channel go into its next message.

Fresh and grave first, as cards. Of the same gravity the newest go first where not all fit, for those reach somebody in
time; but never before an older card of the same drone. What is no longer fresh is told in digests.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import Protocol

from harmonystate.core.alert import RaisedAlert
from harmonystate.core.message import Edit, Form, Message
from harmonystate.core.repeats import Repeats
from harmonystate.core.waiting import Waiting

FRESH = timedelta(minutes=5)
# Digests get their turn after so many messages of cards: else a flood of fresh alerts would keep older ones for ever.
CARDS_IN_A_ROW = 20
# With so many older ones in hand, every other message is one of digests.
MANY = 1_000
# More do not fit a message, in ids of 22 characters and in cards: no need to look further.
MOST_IN_DIGESTS = 300
MOST_CARDS = 10
MOST_UNLIMITED = 200

Fit = Callable[[Sequence[RaisedAlert], Form], int]


class Rules(Protocol):
    """What a medium asks of its messages."""

    @property
    def limited(self) -> bool:
        """Whether it takes only so many messages: else each alert is a card, in the order in which they came."""
        ...

    @property
    def repeat_interval(self) -> timedelta | None:
        """How long whoever is seen again is counted on the card that stands there; None = never."""
        ...

    def fit(self, alerts: Sequence[RaisedAlert], form: Form) -> int:
        """Return how many of `alerts`, from the first on and at least one, a message can hold."""
        ...

    def takes(self, edit: Edit) -> bool:
        """Say whether a message may be changed so."""
        ...


class Dispatch:
    """Chooses what is told next in one channel."""

    def __init__(self, rules: Rules) -> None:
        """Start without any card told."""
        self._rules = rules
        self._repeats = Repeats(rules.repeat_interval) if rules.repeat_interval else None
        self._cards_in_a_row = 0
        self._has_edited = False

    def choose(self, waiting: Collection[Waiting], now: datetime) -> Message | Edit | None:
        """Choose what to tell next of what waits, in the order in which it came; None when nothing waits."""
        if not waiting:
            return None
        if not self._rules.limited:
            return self._message(list(islice(waiting, MOST_UNLIMITED)), Form.CARD)
        for item in waiting:
            if item.form is not Form.CARD:
                return self._message([item], item.form)
        if edit := self._edit(waiting):
            return edit
        new = self._repeats.new(waiting) if self._repeats else waiting
        fresh = [item for item in new if now - item.heard < FRESH]
        older = [item for item in new if now - item.heard >= FRESH]
        if fresh and (not older or self._cards_in_a_row < (1 if len(older) > MANY else CARDS_IN_A_ROW)):
            return self._cards(fresh)
        return self._message(in_digests(older), Form.DIGEST)

    def note(self, told: Message | Edit, message_id: str, told_at: datetime) -> None:
        """Remember what is told: whose turn is next, and who is told in full, for those who are seen again.

        A message that was refused, for its rate or by a Discord that fails, has taken nobody's turn.
        """
        if isinstance(told, Message) and told.form is Form.CARD:
            self._cards_in_a_row += 1
        elif isinstance(told, Message) and told.form is Form.DIGEST:
            self._cards_in_a_row = 0
        if self._repeats:
            self._repeats.note(told, message_id, told_at)

    def forget(self, edit: Edit) -> None:
        """Count on the message of this edit no more: it is gone, or takes no more."""
        if self._repeats:
            self._repeats.forget(edit.message_id)

    def _edit(self, waiting: Collection[Waiting]) -> Edit | None:
        """Choose whom to count on a card; every other time, where there is something else to tell."""
        if self._repeats is None or (self._has_edited and self._repeats.new(waiting)):
            self._has_edited = False
            return None
        edit = self._repeats.next_edit(waiting, self._rules.takes)
        self._has_edited = edit is not None
        return edit

    def _cards(self, fresh: Sequence[Waiting]) -> Message:
        order = {item.alert_id: number for number, item in enumerate(fresh)}
        picked = list(islice(self._once(by_urgency(fresh)), MOST_CARDS))
        held = picked[: self._rules.fit([item.raised for item in picked], Form.CARD)]
        return _message_of(sorted(held, key=lambda item: (item.worst, order[item.alert_id])), Form.CARD)

    def _once(self, items: Iterable[Waiting]) -> Iterable[Waiting]:
        """Leave out who is to be counted on a card that goes first."""
        return self._repeats.without_repeats(items) if self._repeats else items

    def _message(self, items: Sequence[Waiting], form: Form) -> Message:
        if form in (Form.CARD_ALONE, Form.TEXT):
            return _message_of(items, form)
        count = self._rules.fit([item.raised for item in items], form)
        return _message_of(items[:count], form)


def by_urgency(fresh: Sequence[Waiting]) -> list[Waiting]:
    """Return alerts in the order in which they are told where not all fit.

    The worst score first, then the newest; but of a drone's alerts of one score the oldest, and one of each drone
    before a second of any: so their order holds, and no drone keeps the others waiting.
    """
    earlier: Counter[tuple[int, int]] = Counter()
    urgency = {}
    for number, item in enumerate(fresh):
        urgency[item.alert_id] = (item.worst, earlier[item.drone_id, item.worst], -number)
        earlier[item.drone_id, item.worst] += 1
    return sorted(fresh, key=lambda item: urgency[item.alert_id])


def in_digests(older: Iterable[Waiting]) -> list[Waiting]:
    """Return alerts as they stand in digests: by area and five minutes, the worst scores first, then the oldest."""
    groups: dict[tuple[object, ...], list[Waiting]] = defaultdict(list)
    for item in older:
        groups[item.span, item.area].append(item)
    ordered = sorted(groups.items(), key=lambda group: (min(item.worst for item in group[1]), group[0]))
    return list(islice((item for _, group in ordered for item in group), MOST_IN_DIGESTS))


def _message_of(items: Sequence[Waiting], form: Form) -> Message:
    roles = () if form is Form.DIGEST else dict.fromkeys(item.role for item in items if item.role is not None)
    return Message(tuple(item.raised for item in items), form, tuple(roles))


def prefix_within(sizes: Iterable[int], *, most: int, limit: int) -> int:
    """Count how many, from the first on, stay within `limit` together; at least one, at most `most`."""
    totals = accumulate(islice(sizes, most))
    return max(sum(1 for total in totals if total <= limit), 1)
