"""RFM: customers grouped by how recently, how often and for how much they bought, under Shopify's eleven names.

Each customer gets three scores from 1 to 5 by their place among the shop's own customers (5: the top fifth). The group
follows from the recency score and the mean of the other two, as in Shopify's "RFM customer analysis"
(https://help.shopify.com/en/manual/reports-and-analytics/shopify-reports/report-types/default-reports/customers-reports,
names: https://shopify.dev/docs/api/admin-graphql/latest/enums/CustomerRfmGroup). What Shopify doesn't say is what
becomes of equals, which are many (half of a shop's customers bought once): here they always get the same score.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ecrm.wording import gettext as _

Scores = NDArray[np.int64]
LEAST = 25
"""Customers with an order below which no scores are given: a fifth would be less than five people."""


class Group(StrEnum):
    """Shopify's groups."""

    CHAMPIONS = "champions"
    LOYAL = "loyal"
    ACTIVE = "active"
    NEW = "new"
    PROMISING = "promising"
    NEEDS_ATTENTION = "needs_attention"
    ALMOST_LOST = "almost_lost"
    AT_RISK = "at_risk"
    PREVIOUSLY_LOYAL = "previously_loyal"
    DORMANT = "dormant"
    PROSPECTS = "prospects"


NO_GROUP = ""


def group_name(group: str) -> str:
    """What a group is called."""
    names: dict[str, str] = {
        Group.CHAMPIONS: _("Champions"),
        Group.LOYAL: _("Loyal"),
        Group.ACTIVE: _("Active"),
        Group.NEW: _("New"),
        Group.PROMISING: _("Promising"),
        Group.NEEDS_ATTENTION: _("Needs attention"),
        Group.ALMOST_LOST: _("Almost lost"),
        Group.AT_RISK: _("At risk"),
        Group.PREVIOUSLY_LOYAL: _("Previously loyal"),
        Group.DORMANT: _("Dormant"),
        Group.PROSPECTS: _("Prospects"),
    }
    return names.get(group, _("too few customers for groups"))


def group_of(recency: int, frequency: int, monetary: int) -> Group:
    """The group of three scores.

    | recency | mean of frequency and monetary: up to 1 | up to 2 | up to 3 | up to 4 | above |
    |---|---|---|---|---|---|
    | 5 | new | active | active | champions | champions |
    | 4 | promising | active | active | loyal | loyal |
    | 3 | almost lost | almost lost | needs attention | loyal | loyal |
    | 1–2 | dormant | dormant | at risk | at risk | previously loyal |
    """
    bought = (frequency + monetary) / 2
    if recency >= 4:
        if bought > 3:
            return Group.CHAMPIONS if recency == 5 else Group.LOYAL
        if bought > 1:
            return Group.ACTIVE
        return Group.NEW if recency == 5 else Group.PROMISING
    if recency == 3:
        if bought > 3:
            return Group.LOYAL
        return Group.NEEDS_ATTENTION if bought > 2 else Group.ALMOST_LOST
    if bought > 4:
        return Group.PREVIOUSLY_LOYAL
    return Group.AT_RISK if bought > 2 else Group.DORMANT


def scores(
    last_at: NDArray[np.float64], orders: NDArray[np.int64], net_minor: NDArray[np.int64]
) -> tuple[Scores, Scores, Scores]:
    """Recency, frequency and monetary scores; all 0 for fewer than `LEAST` customers.

    Of equals in frequency and money, the lowest place counts for all: who bought once, as most did, isn't in the top.
    Of equals in recency the highest: a shop that opened today has recent customers only.

    Args:
        last_at: of each customer the last order's moment, in seconds.
        orders: how many there were.
        net_minor: what is left of their money after refunds.
    """
    if len(orders) < LEAST:
        none = np.zeros(len(orders), np.int64)
        return none, none, none
    return _fifths(last_at, highest=True), _fifths(orders, highest=False), _fifths(net_minor, highest=False)


def _fifths(values: NDArray[np.float64] | NDArray[np.int64], *, highest: bool) -> Scores:
    """1 to 5 by the share of all customers that lies below a value (or, with `highest`, at or below it)."""
    ordered, count = np.sort(values), len(values)
    if highest:
        at_or_below = np.searchsorted(ordered, values, side="right")
        return np.ceil(at_or_below * 5 / count).astype(np.int64)
    below = np.searchsorted(ordered, values, side="left")
    return (below * 5 // count + 1).astype(np.int64)
