"""Where the plugin's own files lie: inside the package when installed as a wheel, in the repository otherwise."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def _packaged_or_checked_out(name: str) -> Path:
    packaged = PACKAGE / name
    return packaged if packaged.is_dir() else PACKAGE.parent / name


TEMPLATES = _packaged_or_checked_out("templates")
"""Holds `ecrm/` (pages and slots) and `mail/`."""
MIGRATIONS = _packaged_or_checked_out("migrations")
"""Holds `env.py` and `ecrm/`, the history of the CRM's tables."""
STATIC = PACKAGE / "static"
"""Style sheets and scripts; always inside the package."""
