"""What goes on looking in a thread of its own while a test does something else."""

import threading
from abc import ABC, abstractmethod
from typing import Self


class Lookout(ABC):
    """Looks while the body of a `with` runs; whatever it fails of fails the test."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=type(self).__name__)

    @abstractmethod
    def _watch(self) -> None:
        """Look until `_stop` is set."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            self._watch()
        except BaseException as fault:  # noqa: BLE001 - raised again where the test sees it
            self._fault = fault
