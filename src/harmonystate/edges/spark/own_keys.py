"""The keys that Spark itself reads, from the classes of its jars that declare them: no other list has them all."""

import difflib
import re
import zipfile
from functools import cache

from harmonystate.edges.spark.java_command import spark_home

_DECLARES = re.compile(r"/(config/[^/]+|\w*Conf(ig)?\$?)\.class")
# A text constant of a class file: a tag, its length in two bytes, the text.
_KEY = re.compile(rb"\x01(..)(spark\.[\w.-]+)", re.DOTALL)
# Keys below these have names of the user's own, and not all of these stand in a constant.
_OPEN = ("spark.hadoop.", "spark.cassandra.")
# At this, all keys that are read elsewhere in Spark's jars, as well, are like none of those declared [ran].
_ALIKE = 0.9


def misspelt(name: str) -> str | None:
    """Return the key of Spark's own that is meant, where `name` is none and like one; elsewhere None.

    A key that is like none may be a plugin's or a cluster manager's: Spark hands them all on.
    """
    declared = _declared()
    prefixes = tuple(key for key in declared if key.endswith(".")) + _OPEN
    if name in declared or name.startswith(prefixes):
        return None
    return next(iter(difflib.get_close_matches(name, declared, n=1, cutoff=_ALIKE)), None)


@cache
def _declared() -> frozenset[str]:
    found: set[bytes] = set()
    for jar in (spark_home() / "jars").glob("spark-*.jar"):
        with zipfile.ZipFile(jar) as classes:
            for name in filter(_DECLARES.search, classes.namelist()):
                constants = [(key, int.from_bytes(size)) for size, key in _KEY.findall(classes.read(name))]
                found.update(key[:size] for key, size in constants if len(key) >= size)
    return frozenset(key.decode() for key in found)
