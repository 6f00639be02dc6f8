"""The aggregators that are understood, by the name under which settings and addresses know them."""

from __future__ import annotations

from .aftership import AFTERSHIP
from .easypost import EASYPOST
from .heard import Aggregator
from .shippo import SHIPPO

AGGREGATORS: dict[str, Aggregator] = {one.name: one for one in (EASYPOST, AFTERSHIP, SHIPPO)}
