"""Who heard what in which order: the truth, made from the seed alone, and what the topics hold, compared by id."""

import hashlib
import json
import subprocess
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from tests.support.harmony import HARMONY
from tests.support.services import child_environment

_NAMESPACE = uuid.UUID("6f1d2ad7-6b0f-5a55-9a0c-6d1a1e0f7c3b")  # the contract's, written down a second time
Order = Mapping[int, list[str]]  # the ids of each drone, in order


class _Seen(msgspec.Struct, rename="camel"):
    report_id: str
    drone_id: int


class Account:
    """What stands in a topic, or should.

    Attributes:
        order: report ids by drone, in order.
    """

    def __init__(self, values: Iterable[bytes]) -> None:
        self.order: dict[int, list[str]] = defaultdict(list)
        self._texts: dict[int, hashlib._Hash] = defaultdict(hashlib.sha256)
        for value in values:
            seen = msgspec.json.decode(value, type=_Seen)
            self.order[seen.drone_id].append(seen.report_id)
            self._texts[seen.drone_id].update(value + b"\n")

    @property
    def count(self) -> int:
        return sum(map(len, self.order.values()))

    @property
    def texts(self) -> dict[int, str]:
        """Return a hash of each drone's reports, byte for byte, in order."""
        return {drone: text.hexdigest() for drone, text in self._texts.items()}


class Truth(NamedTuple):
    """What a run of produce makes, told by its seed."""

    reports: Account
    alerts: Account  # of the reports that lead to one

    @property
    def alert_ids(self) -> Counter[str]:
        of_reports = (report_id for ids in self.alerts.order.values() for report_id in ids)
        return Counter(str(uuid.uuid5(_NAMESPACE, report_id)) for report_id in of_reports)


def truth_of(*options: object) -> Truth:
    """Return what `produce` with these options makes; neither Kafka nor anything else of the chain has a part in it."""
    return truth_in(printed(*options))


def truth_in(lines: Sequence[bytes]) -> Truth:
    """Return what these reports lead to."""
    return Truth(Account(lines), Account(line for line in lines if is_sad(line)))


def printed(*options: object) -> list[bytes]:
    """Return the reports that `produce` with these options makes, in order."""
    command = [HARMONY, "produce", *map(str, options), "--output", "-"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=child_environment())
    return done.stdout.splitlines()


def is_sad(line: bytes) -> bool:
    """Say whether a report leads to an alert."""
    return any(person["harmonyscore"] < 2 for person in json.loads(line)["persons"])


class Verdict(NamedTuple):
    """How a topic differs from the truth; what should not be there at all counts as doubled."""

    done: int
    lost: int = 0
    doubled: int = 0
    disordered: int = 0

    @property
    def holds(self) -> bool:
        return self[1:] == (0, 0, 0)


def compare(expected: Order, found: Order) -> Verdict:
    """Hold what was found against what was expected."""
    all_expected = Counter(each for ids in expected.values() for each in ids)
    all_found = Counter(each for ids in found.values() for each in ids)
    return Verdict(
        done=len(all_expected & all_found),
        lost=(all_expected - all_found).total(),
        doubled=(all_found - all_expected).total(),
        disordered=sum(_falls(ids, found.get(drone, [])) for drone, ids in expected.items()),
    )


def _falls(expected: list[str], found: list[str]) -> int:
    """Return how often an id comes before one that should come before it."""
    ranks = {each: rank for rank, each in enumerate(expected)}
    places = [ranks[each] for each in found if each in ranks]
    return sum(after < before for before, after in pairwise(places))
