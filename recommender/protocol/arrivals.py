"""New arrivals: products without any sale at the cut, and which of the customers known then bought them afterwards."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..candidates.arrivals import ACTIVE_FADE_DAYS, Audience
from ..candidates.item_knn import decayed
from ..catalogue import Catalogue
from ..interactions import Floats, Interactions
from ..time_cuts import known_before

SHARE = 0.05


class ArrivalFigures(NamedTuple):
    """lift@5 %: buyers among the first 5 % of the customers, against 5 % of the buyers; all means over products."""

    lift: float
    auc: float
    by_activity: float
    products: int


def judged(interactions: Interactions, catalogue: Catalogue, *, days: float, window: float) -> ArrivalFigures:
    """Rank every known customer for every product first sold in the window."""
    known = known_before(interactions, days)
    customer, product, age = interactions.purchase_days
    inside = (age <= days) & (age > days - window)
    before = np.unique(customer[age > days])
    sold = np.zeros(len(interactions.products), bool)
    sold[product[age > days]] = True
    audience = Audience(known, catalogue)
    active = np.asarray(decayed(known, fade_days=ACTIVE_FADE_DAYS).sum(axis=1)).ravel()[before]
    lifts, areas, plain = [], [], []
    for one in np.unique(product[inside & ~sold[product]]).tolist():
        buyers = np.isin(before, customer[inside & (product == one)])
        if not buyers.any():
            continue
        scores = audience.scores(one)[before]
        lifts.append(lift(scores, buyers))
        plain.append(lift(active, buyers))
        areas.append(area(scores, buyers))
    if not lifts:
        return ArrivalFigures(0.0, 0.0, 0.0, 0)
    return ArrivalFigures(float(np.mean(lifts)), float(np.mean(areas)), float(np.mean(plain)), len(lifts))


def lift(scores: Floats, buyers: np.ndarray) -> float:
    """How many times more buyers are among the first 5 % than among as many drawn blindly."""
    first = np.argsort(-scores, kind="stable")[: max(round(SHARE * len(scores)), 1)]
    return float(buyers[first].sum() / buyers.sum() / (len(first) / len(scores)))


def area(scores: Floats, buyers: np.ndarray) -> float:
    """AUC: how often a buyer is ranked above another customer; ties by their order."""
    places = np.empty(len(scores))
    places[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    bought, others = int(buyers.sum()), int((~buyers).sum())
    return float((places[buyers].sum() - bought * (bought + 1) / 2) / max(bought * others, 1))
