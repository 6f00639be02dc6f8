"""Backtest of CLV: what would have been foretold earlier, beside what came; and by how much to widen intervals.

A shop isn't as its model: rates drift and seasons pass. How often the intervals held on the shop's own past says by how
much they have to be wider, for the coverage that they promise (Y. Romano, E. Patterson, E. Candès, "Conformalized
Quantile Regression", NeurIPS 2019, with the interval's own width as the scale). It says nothing of a season that the
past hasn't seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .clv import INTERVAL, Customers, Fit, Floats, Forecast, fit, forecast

LEAST = 50
"""Customers that a backtest needs."""


@dataclass(frozen=True)
class History:
    """An entry an order: the customer's number, the moment in days, the net money in minor units."""

    customer: NDArray[np.int64]
    at: Floats
    net_minor: Floats


@dataclass(frozen=True)
class Backtest:
    """How a forecast made `days` before the end of the history would have done, per customer, in minor units.

    `error`: mean absolute error of the expected value; `past_error`: of going on at the customer's own past rate;
    `coverage`: how often the interval held what came, for `promised`.
    """

    days: float
    customers: int
    error: float
    past_error: float
    coverage: float
    expected: float
    came: float
    promised: float = INTERVAL


def known_at(history: History, cut: float) -> tuple[NDArray[np.int64], Customers]:
    """The customers known at a moment, by number, and what was known of them."""
    before = history.at <= cut
    ids, place = np.unique(history.customer[before], return_inverse=True)
    orders = np.bincount(place, minlength=len(ids)).astype(np.float64)
    first, last = np.full(len(ids), np.inf), np.full(len(ids), -np.inf)
    np.minimum.at(first, place, history.at[before])
    np.maximum.at(last, place, history.at[before])
    net = np.bincount(place, history.net_minor[before], minlength=len(ids))
    mean = np.maximum(net / np.maximum(orders, 1), 0.0)
    return ids, Customers(orders - 1, last - first, cut - first, mean)


def came(history: History, ids: NDArray[np.int64], cut: float, days: float) -> Floats:
    """The net money that these customers brought in the days after a moment."""
    after = (history.at > cut) & (history.at <= cut + days) & np.isin(history.customer, ids)
    places = np.searchsorted(ids, history.customer[after])
    return np.bincount(places, history.net_minor[after], minlength=len(ids)).astype(np.float64)


def widening(history: History, *, end: float, days: float) -> float:
    """By how many widths intervals have to reach farther on either side, as the shop's own past says; 0 or more.

    Two forecasts are asked: from `days` (or a third of the history, if that is less) before the end, and as long
    before that. The wider answer counts.
    """
    if not len(history.at):
        return 0.0
    ahead = min(days, (end - float(history.at.min())) / 3)
    found = [0.0]
    for cut in (end - ahead, end - 2 * ahead):
        ids, known = known_at(history, cut)
        fitted = fit(known) if len(ids) >= LEAST else None
        if fitted is None or ahead < 7:
            continue
        told = forecast(known, fitted, days=ahead)
        missed = _missed(told, came(history, ids, cut, ahead), fitted)
        found.append(float(np.quantile(missed, INTERVAL)))
    return min(max(found), 3.0)


def widened(told: Forecast, by: float, fitted: Fit) -> Forecast:
    """The same forecast with intervals that reach farther; nobody spends less than nothing."""
    more = by * _width(told, fitted)
    return Forecast(told.expected, np.maximum(told.low - more, 0.0), told.high + more, told.alive)


def backtest(history: History, *, end: float, days: float) -> Backtest | None:
    """How the forecast would have done `days` before the end; None with too few customers to say."""
    cut = end - days
    ids, known = known_at(history, cut)
    fitted = fit(known) if len(ids) >= LEAST else None
    if fitted is None:
        return None
    earlier = history.at <= cut
    before = History(history.customer[earlier], history.at[earlier], history.net_minor[earlier])
    told = widened(forecast(known, fitted, days=days), widening(before, end=cut, days=days), fitted)
    truth = came(history, ids, cut, days)
    past = known.mean_minor * (known.repeats + 1) / np.maximum(known.age, 1.0) * days
    return Backtest(
        days=days,
        customers=len(ids),
        error=float(np.abs(told.expected - truth).mean()),
        past_error=float(np.abs(past - truth).mean()),
        coverage=float(((truth >= told.low) & (truth <= told.high)).mean()),
        expected=float(told.expected.sum()),
        came=float(truth.sum()),
    )


def _missed(told: Forecast, truth: Floats, fitted: Fit) -> Floats:
    """By how many widths each truth lies outside of its interval; below 0 inside."""
    missed: Floats = np.maximum(told.low - truth, truth - told.high) / _width(told, fitted)
    return missed


def _width(told: Forecast, fitted: Fit) -> Floats:
    """An interval's width, a tenth of an order at least: many customers' intervals end at nothing."""
    return told.high - told.low + fitted.money / 10
