"""Price drop: to those who asked, once it is at least three in a hundred below what it was then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from mailer.waitlists import Kind

from .entry import FlowEntry
from .flow import Run, Step
from .waited_for import WaitedFor


class PriceDrop(WaitedFor):
    """One e-mail a wish; dropped where the price rose again before it was sent."""

    name = "price_drop"
    title = "Price drop"
    does = "Tells who asked that a product got cheaper: never more people than there are pieces."
    priority = 85
    kind = Kind.PRICE
    steps = (Step(name="told", template="flow_price_drop", good_for=timedelta(days=2), any_day=True),)

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any]:
        product, then = entry.data["product"], entry.data["then"]
        return {
            "products": [product], "prices": {} if then is None else {product: then}, "recommend": 0,
            "wait": entry.data["wait"],
        }  # fmt: skip
