"""What a test did, and when: a file that tells a failed run's story, beside the logs of its processes."""

import time
from datetime import UTC, datetime
from pathlib import Path


class History:
    """Lines in `folder`/history.txt.

    Attributes:
        faults: what was done to whom and when (ms since 1970), in order.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.faults: list[tuple[int, str]] = []
        self._logs = 0
        self.note(f"seed {seed}")

    def note(self, what: str) -> None:
        """Write down what happens now."""
        with (self.folder / "history.txt").open("a") as file:
            file.write(f"{datetime.now(UTC):%H:%M:%S.%f} {what}\n")

    def new_log(self, name: str) -> Path:
        """Return a file for the log of one more process."""
        self._logs += 1
        return self.folder / f"{self._logs:03}-{name}.log"

    def said(self, words: str, name: str) -> int:
        """Return how many lines of all the logs of a name hold these words."""
        return sum(log.read_text().count(words) for log in self.folder.glob(f"*-{name}.log"))

    def fault(self, what: str, victim: str) -> None:
        """Write down what is done to a victim now, from which it is to recover."""
        self.faults.append((int(time.time() * 1000), victim))
        self.note(f"{what} {victim}")
