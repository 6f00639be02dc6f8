"""Back in stock: to those who asked, as many as there are pieces, in the order of asking."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from mailer.waitlists import Kind

from .entry import FlowEntry
from .flow import Run, Step
from .waited_for import GOOD_FOR, WaitedFor, about


class BackInStock(WaitedFor):
    """One e-mail a wish; who isn't reached stands in the line again."""

    name = "back_in_stock"
    title = "Back in stock"
    does = "Tells who asked that a product is back: never more people than there are pieces."
    priority = 90
    kind = Kind.STOCK
    steps = (Step(name="told", template="flow_back_in_stock", good_for=GOOD_FOR, any_day=True),)

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any]:
        return about(entry)
