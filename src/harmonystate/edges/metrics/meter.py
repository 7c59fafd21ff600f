"""Where a stage notes its figures, as whoever exports them sees it."""

from collections.abc import Mapping
from typing import Protocol

from harmonystate.core.histogram import Histogram


class Meter(Protocol):
    """Where a stage notes its figures; `edges.console.meter.Meter` is such."""

    stage: str

    def counts(self) -> Mapping[str, int]:
        """Return the counts so far."""
        ...

    def states(self) -> Mapping[str, object]:
        """Return what is true now."""
        ...

    def histograms(self) -> Mapping[str, Histogram]:
        """Return the spans so far."""
        ...
