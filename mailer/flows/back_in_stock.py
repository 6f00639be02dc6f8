"""Back in stock: to those who asked, as many as there are pieces, in the order of asking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from mailer.waitlists import Kind

from .entry import FlowEntry
from .flow import Run, Step
from .waited_for import WaitedFor


class BackInStock(WaitedFor):
    """One e-mail a wish; who isn't reached stands in the line again."""

    name = "back_in_stock"
    title = "Back in stock"
    does = "Tells who asked that a product is back: never more people than there are pieces."
    priority = 90
    kind = Kind.STOCK
    steps = (Step(name="told", template="flow_back_in_stock", good_for=timedelta(days=2), any_day=True),)

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any]:
        return {"products": [entry.data["product"]], "recommend": 0, "wait": entry.data["wait"]}
