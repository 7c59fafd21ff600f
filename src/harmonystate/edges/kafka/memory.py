"""Gives back to the system what the C library keeps of memory that was freed."""

import ctypes
import gc


def give_back() -> None:
    """Give it back, where the C library is glibc.

    What piled up during an outage leaves the heap full of holes, and each outage a few MB more resident
    (https://man7.org/linux/man-pages/man3/malloc_trim.3.html).
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
