"""How much memory a child holds."""

import psutil

from harmonystate.edges.local.children import Child

# So much more may produce hold when it gets nothing rid.
MORE_BYTES = 50 * 1024 * 1024


def resident(child: Child) -> int:
    """Return how many bytes a child holds; 0 when it is gone."""
    try:
        rss: int = psutil.Process(child.process.pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0
    return rss
