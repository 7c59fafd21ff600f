"""Who is most frequently sad, and how sure that is: the share of sightings and its Wilson lower bound."""

from collections.abc import Iterable
from math import sqrt

from msgspec import Struct

Z = 1.96  # 95 % confidence, both sides


class Tally(Struct, frozen=True, gc=False):
    """How often a person was seen in a window.

    Attributes:
        sad: sightings with a sad score, 0..sightings.
        sightings: at least 1.
    """

    firstname: str
    lastname: str
    sad: int
    sightings: int


class Ranked(Struct, frozen=True, gc=False):
    """A person's place among the saddest.

    Attributes:
        rank: from 1, without gaps or ties.
        sad: sad sightings, at least 1.
        sightings: all sightings, sad ones included.
        share: sad / sightings.
        share_low: the share's Wilson lower bound, which grows with the number of sightings behind the share.
    """

    rank: int
    firstname: str
    lastname: str
    sad: int
    sightings: int
    share: float
    share_low: float


def wilson_low(sad: int, sightings: int) -> float:
    """Return the lower bound of the 95 % interval of the share `sad / sightings`, 0..1.

    Wilson's interval, unlike the textbook one, holds for few sightings and for shares near 0 and 1:
    https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval

    Args:
        sad: 0..sightings.
        sightings: at least 1.
    """
    share, square = sad / sightings, Z * Z
    centre = share + square / (2 * sightings)
    margin = Z * sqrt((share * (1 - share) + square / (4 * sightings)) / sightings)
    # At a share of 0 both are equal but for rounding, which may come out on either side.
    return min(max(0.0, (centre - margin) / (1 + square / sightings)), share)


def saddest(tallies: Iterable[Tally], *, top: int) -> list[Ranked]:
    """Rank the `top` persons with most sad sightings; who was never sad is not among them.

    The order is: sad sightings, then share_low, both falling; then last name, first name, by code points.
    """
    sad = [tally for tally in tallies if tally.sad]
    return [_ranked(rank, tally) for rank, tally in enumerate(sorted(sad, key=_order)[:top], start=1)]


def _order(tally: Tally) -> tuple[int, int, str, str]:
    """Sort by sightings rising where share_low falls: of equally many sad sightings, the fewer calm, the surer.

    So the order stands on whole numbers, and Spark (frames.answer_frames) and Python cannot differ by a rounding.
    """
    return (-tally.sad, tally.sightings, tally.lastname, tally.firstname)


def _ranked(rank: int, tally: Tally) -> Ranked:
    return Ranked(
        rank=rank,
        firstname=tally.firstname,
        lastname=tally.lastname,
        sad=tally.sad,
        sightings=tally.sightings,
        share=tally.sad / tally.sightings,
        share_low=wilson_low(tally.sad, tally.sightings),
    )
