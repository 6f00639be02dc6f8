"""Price drop: to those who asked, once it is at least three in a hundred below what it was then."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from mailer.waitlists import Kind

from .entry import FlowEntry
from .flow import Run, Step
from .waited_for import GOOD_FOR, WaitedFor, about


class PriceDrop(WaitedFor):
    """One e-mail a wish; dropped where the price rose again before it was sent."""

    name = "price_drop"
    title = "Price drop"
    does = "Tells who asked that a product got cheaper: never more people than there are pieces."
    priority = 85
    kind = Kind.PRICE
    steps = (Step(name="told", template="flow_price_drop", good_for=GOOD_FOR, any_day=True),)

    def content(self, session: Session, entry: FlowEntry, step: Step, run: Run) -> dict[str, Any]:
        product, then = entry.data["product"], entry.data["then"]
        return {**about(entry), "prices": {} if then is None else {product: then}}
