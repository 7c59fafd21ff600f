"""verify: holds every store against the truth, names what is missing, doubled, late or disagreeing; repairs on demand.

The truth are the valid reports of global1 and global2, by the one validator and the one alert rule.

looking.py     reads everything once, in an order that lets it run beside the pipeline
repair.py      makes good what is missing or disagrees, from the record that should have led to it
deliveries.py  looks up in the channel whether somebody was told
"""

from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import NamedTuple

from harmonystate.commands.verify.looking import look
from harmonystate.commands.verify.repair import mend
from harmonystate.config import Config
from harmonystate.core.findings import Findings, Kind
from harmonystate.core.windows import EVERYTHING, Window, parse_window
from harmonystate.edges.cassandra.connect import open_session
from harmonystate.edges.cassandra.lease import hold_lease
from harmonystate.edges.console.findings import Verdict, write_verdict
from harmonystate.edges.console.meter import metering
from harmonystate.edges.kafka.answering import answering
from harmonystate.edges.kafka.connect import require
from harmonystate.errors import BadUsage, CheckFailed

STAGE = "verify"


class Wish(NamedTuple):
    """What is asked: since, until = as typed, None = no bound; limit = cases to name; output = table or json."""

    since: str | None
    until: str | None
    repair: bool
    limit: int
    output: str


def run(config: Config, wish: Wish) -> int:
    """Look, repair if asked to, show; exit 0 only when nothing is wrong, or all of it was repaired.

    Raises:
        CheckFailed: when something is wrong.
    """
    now = datetime.now(UTC)
    window = read_window(wish.since, wish.until, now=now)
    require(config.kafka, config.kafka.topics.model_dump(exclude={"silence"}).values())
    with ExitStack() as opened:
        session = opened.enter_context(open_session(config.cassandra))
        if wish.repair:
            opened.enter_context(hold_lease(session, STAGE))
        opened.enter_context(answering(config.kafka))
        meter = opened.enter_context(metering(STAGE))
        seen, findings, forgotten = look(config, session, window, now=now, limit=wish.limit, meter=meter)
        mended = mend(config, session, findings.todo, forgotten=forgotten) if wish.repair else Counter()
    name = None if window == EVERYTHING else str(window)
    write_verdict(Verdict(name, seen, findings, mended), output=wish.output)
    return conclude(findings, mended.total(), repair=wish.repair)


def read_window(since: str | None, until: str | None, *, now: datetime) -> Window:
    """Return the whole hours that are asked for; without either bound, everything, the future included.

    Raises:
        BadUsage: when the window is none.
    """
    try:
        asked = parse_window(since or EVERYTHING.since.isoformat(), until or EVERYTHING.until.isoformat(), now=now)
    except ValueError as fault:
        raise BadUsage(str(fault)) from None
    return Window(asked.since, asked.until)


def conclude(findings: Findings, mended: int, *, repair: bool) -> int:
    """Return 0 when nothing is wrong, or no longer.

    Raises:
        CheckFailed: saying in one line what is.
    """
    if findings.total == mended:
        return 0
    kinds = {kind: sum(count for (k, _), count in findings.wrong.items() if k == kind) for kind in Kind}
    told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
    if repair:
        raise CheckFailed(f"{told}; {mended:,} repaired, the rest cannot be")
    hint = f": `harmony verify --repair` makes {findings.mendable:,} good" if findings.mendable else ""
    raise CheckFailed(f"{told}{hint}")
