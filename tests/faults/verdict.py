"""What a crash test's command reads and prints, and which of its counts are wrong."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping


def judge(run: Callable[..., dict[str, int]], *, description: str) -> None:
    """Run with the cycles and seed of the command line and print the counts; exit code 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    result = run(arguments.cycles, seed=arguments.seed)
    for name, value in result.items():
        print(f"{value:8} {name}")
    sys.exit(1 if wrong(result) else 0)


def wrong(result: Mapping[str, int]) -> dict[str, int]:
    """The counts that should be 0 and aren't."""
    return {name: value for name, value in result.items() if value and "for information" not in name}
