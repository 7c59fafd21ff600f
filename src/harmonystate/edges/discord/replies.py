"""What whoever types a command is told: escaped, within a message."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from harmonystate.core.card import clean
from harmonystate.core.condition import Condition
from harmonystate.core.ranking import Ranked
from harmonystate.core.silence import Silence
from harmonystate.edges.discord.markdown import escape

LONGEST = 2000
MORE = "…"


def tell_condition(condition: Condition) -> str:
    """Tell what waits where, when the last report came, and what is silenced."""
    waiting = ", ".join(f"{escape(group)} ≈ {count:,}" for group, count in condition.waiting.items())
    last = _ago(condition.last_report) if condition.last_report else "none"
    return _within([f"Waiting: {waiting}", f"Last report: {last}", *_silence_lines(condition.silences)])


def tell_silences(silences: Sequence[Silence]) -> str:
    """Tell what is silenced."""
    return _within(_silence_lines(silences))


def tell_silence(silence: Silence) -> str:
    """Tell of one that was made now."""
    return _within([f"Silenced by {escape(silence.author)}:", _silence_line(silence)])


def tell_saddest(saddest: Sequence[Ranked]) -> str:
    """Tell who was most frequently sad."""
    if not saddest:
        return "No analysis has saved a list yet: `harmony analyze`."
    lines = (
        f"{one.rank}. {escape(clean(f'{one.firstname} {one.lastname}'))}: "
        f"sad in {one.sad:,} of {one.sightings:,} sightings ({one.share:.0%})"
        for one in saddest
    )
    return _within(lines)


def _silence_lines(silences: Sequence[Silence]) -> list[str]:
    return [f"Silenced: {len(silences)}", *map(_silence_line, silences)] if silences else ["Nothing is silenced."]


def _silence_line(silence: Silence) -> str:
    comment = f": {escape(clean(silence.comment))}" if silence.comment else ""
    ends = f"<t:{int(silence.ends_at.timestamp())}:R>"
    return f"`{silence.id}` {escape(str(silence.matchers))}, ends {ends}, by {escape(clean(silence.author))}{comment}"


def _ago(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:R>"


def _within(lines: Iterable[str]) -> str:
    """Join lines; leave out whole ones from the end where they do not fit."""
    text = ""
    for line in lines:
        grown = f"{text}\n{line}" if text else line
        if len(grown.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST - len(MORE) - 1:
            return f"{text}\n{MORE}"
        text = grown
    return text
