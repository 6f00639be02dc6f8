"""Ordering: a search's hits and a category's products in the order that fits who looks at them."""

from __future__ import annotations

from collections.abc import Sequence

from ecrm.trials import meet, trial_of
from recommender.asking import Asked, Placement

from .page import present_page
from .strips import recommended

MOST = 240
"""So many of the first are put into a new order; nobody turns ten pages, and each hundred costs a millisecond."""


def ordered(placement: str, product_ids: Sequence[str], *, category: str = "") -> list[str]:
    """All of them, each once; as they were for a visitor of whom nothing is known.

    Args:
        placement: `search` or `category`.

    Raises:
        ValueError: for another placement.
    """
    if placement not in (Placement.SEARCH, Placement.CATEGORY):
        raise ValueError(f"only search and category have an order, not {placement!r}")
    page = present_page()
    if not page.present.known or len(product_ids) < 2:
        return list(product_ids)
    trial = trial_of(placement, customer_id=page.present.customer_id)
    first, rest = list(dict.fromkeys(product_ids))[:MOST], list(dict.fromkeys(product_ids))[MOST:]
    asked = Asked(
        placement=Placement(placement), person=page.present.person, n=len(first), among=first, category=category,
        cart=page.cart, strategy=trial.strategy, adult=page.adult,
    )  # fmt: skip
    found = [one.product for one in recommended(page, asked)]
    meet(trial)
    return [*found, *rest] if found and not trial.held_out else list(product_ids)


def knows_visitor(placement: str = "") -> bool:
    """Whether a list is in an order of the present visitor's own: not for an experiment's control group.

    Whom it is asked of for a placement has met what is tried there: told no, a host needn't ask for an order, and the
    control group would be missing from the result.

    Args:
        placement: `search` or `category`; without it, whether anything is known of the visitor.
    """
    page = present_page()
    if page.model is None or not page.present.known:
        return False
    if not placement:
        return True
    trial = trial_of(placement, customer_id=page.present.customer_id)
    meet(trial)
    return not trial.held_out
