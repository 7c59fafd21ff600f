"""Write a csv file of src/harmonystate/data, or tell whether the committed one is what would be written."""

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "src" / "harmonystate" / "data"


def main(name: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, description: str | None) -> int:
    """Write data file `name`, or with --check compare it; return 0, or 1 when --check finds a difference."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 unless the file is up to date")
    path, made = DATA / name, _csv_bytes(header, rows)
    if not parser.parse_args().check:
        path.write_bytes(made)
        return 0
    if path.is_file() and path.read_bytes() == made:
        return 0
    print(f"{path} is not what {sys.argv[0]} makes; run it without --check", file=sys.stderr)
    return 1


def _csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
