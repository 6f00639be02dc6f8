"""Names of files that strangers chose: fit to be shown, stored and downloaded, and never a path."""

from __future__ import annotations

import re

from .charsets import one_line

MAX_NAME = 120
_BAD = re.compile(r'[<>:"|?*\x00-\x1f]+')


def safe_name(said: str, *, otherwise: str) -> str:
    """The last part of what was said, or `otherwise` where nothing is left of it; its ending survives a cut."""
    name = one_line(said.replace("\\", "/").rpartition("/")[2], 1000)
    name = _BAD.sub("_", name).strip(". ")
    if not name:
        return otherwise
    if len(name) <= MAX_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    ending = f"{dot}{ending}" if dot and len(ending) <= 10 else ""
    return (stem if ending else name)[: MAX_NAME - len(ending)] + ending
