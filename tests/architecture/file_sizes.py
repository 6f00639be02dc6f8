"""Files stay readable: none over 400 lines without a reason written here, the median under 150."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("shop", "ecrm", "mailer", "recommender", "tracking", "tests", "bench")
LIMIT, MEDIAN = 400, 150
REASONS: dict[str, str] = {}


def line_counts() -> dict[str, int]:
    """Lines of every Python file of the rooms, by path."""
    paths = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}


def complaints() -> list[str]:
    """What breaks the rule, in words."""
    counts = line_counts()
    found = [f"{path}: {n} lines" for path, n in counts.items() if n > LIMIT and path not in REASONS]
    median = statistics.median(n for path, n in counts.items() if not path.endswith("__init__.py"))
    if median > MEDIAN:
        found.append(f"median {median} lines")
    return found


if __name__ == "__main__":
    problems = complaints()
    sizes = sorted(line_counts().values())
    print(f"{len(sizes)} files, median {statistics.median(sizes):.0f}, longest {sizes[-1]} lines")  # noqa: T201
    sys.exit("\n".join(problems) or 0)
