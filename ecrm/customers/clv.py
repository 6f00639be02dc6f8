"""CLV: the net revenue that each customer will bring in the next months, with an interval that says how surely.

- How often: BG/NBD (P. Fader, B. Hardie, K. Lee, "Counting Your Customers the Easy Way", Marketing Science 24, 2005).
  Each customer buys at a rate of their own (gamma over customers) and may leave after each order (beta).
- For how much: gamma-gamma (P. Fader, B. Hardie, "The Gamma-Gamma Model of Monetary Value", 2013,
  http://www.brucehardie.com/notes/025/). An order's value varies about a mean of the customer's own.
- Both are fitted by maximum likelihood with a weak prior on the logarithms of the parameters, which keeps the fit of a
  small shop finite. How unsure the fit is (Laplace's approximation) goes into the intervals, as do the customer's own
  luck and the spread of orders: the interval is of draws of what will be spent, not of a mean.
- A backtest on two shops' real years stands in `bench/clv.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, logsumexp

Floats = NDArray[np.float64]

LEAST_CUSTOMERS, LEAST_REPEATERS = 30, 10
"""Below, no number is given: four parameters can't be told from so few."""
INTERVAL = 0.8
DRAWS, FITS = 240, 12
"""Of each customer's future, spread over so many drawn parameter sets."""
CHUNK = 5_000
FITTED = 50_000
"""Customers that the parameters are fitted to, evenly drawn; more would move them by less than their own error."""
PRIOR_WIDTH = 2.5
"""Standard deviation of the logarithms of all parameters about 0 (time counted in mean gaps, money in mean orders):
a parameter lies within a factor of 150 with 95 %."""
_TINY = 1e-9


@dataclass(frozen=True)
class Customers:
    """What the models know of customers, an entry each; times in days.

    `repeats`: orders after the first. `recency`: from the first to the last order. `age`: from the first order to now.
    `mean_minor`: mean net money an order, 0 where all of it went back.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    mean_minor: Floats

    def __len__(self) -> int:
        return len(self.repeats)

    def part(self, places: slice) -> Customers:
        """Some of them."""
        return Customers(self.repeats[places], self.recency[places], self.age[places], self.mean_minor[places])


@dataclass(frozen=True)
class Fit:
    """Fitted parameters and how surely: `logs` (7) the logarithms of r, α, a, b, p, q, γ, `spread` (7, 7) their
    covariance. Times in units of `days`, money in units of `money`."""

    logs: Floats
    spread: Floats
    days: float
    money: float
    customers: int
    repeaters: int

    def as_words(self) -> dict[str, float | int]:
        """For the record of a run: the parameters in days and minor units."""
        r, alpha, a, b, p, q, gamma = (float(value) for value in np.exp(self.logs))
        return {
            "r": r, "alpha_days": alpha * self.days, "a": a, "b": b, "p": p, "q": q,
            "gamma_minor": gamma * self.money, "customers": self.customers, "repeaters": self.repeaters,
        }  # fmt: skip


@dataclass(frozen=True)
class Forecast:
    """An entry a customer: expected net minor units, the interval's ends, the chance to be still a customer."""

    expected: Floats
    low: Floats
    high: Floats
    alive: Floats


def fit(customers: Customers) -> Fit | None:
    """Fit both models; None for a shop with too few customers to tell."""
    repeaters = int((customers.repeats > 0).sum())
    if len(customers) < LEAST_CUSTOMERS or repeaters < LEAST_REPEATERS:
        return None
    count = len(customers)
    customers = customers.part(slice(None, None, max(count // FITTED, 1)))
    again = customers.repeats > 0
    days = max(float(customers.recency[again].sum() / customers.repeats[again].sum()), 1.0)
    paying = customers.mean_minor > 0
    money = float(customers.mean_minor[paying].mean()) if paying.any() else 1.0
    buying = _settle(lambda logs: _bg_nbd(logs, customers, days), np.zeros(4))
    spending = _settle(lambda logs: _gamma_gamma(logs, customers, money), np.array([0.5, 1.0, 0.5]))
    spread = np.zeros((7, 7))
    spread[:4, :4], spread[4:, 4:] = buying[1], spending[1]
    return Fit(np.concatenate([buying[0], spending[0]]), spread, days, money, count, repeaters)


def forecast(customers: Customers, fitted: Fit, *, days: float, seed: int = 0) -> Forecast:
    """What each customer spends in the next `days`, by simulation of the fitted models; the same for the same input."""
    parts = [
        _draw(customers.part(slice(start, start + CHUNK)), fitted, days, np.random.default_rng([seed, start]))
        for start in range(0, len(customers), CHUNK)
    ]
    if not parts:
        return Forecast(*(np.empty(0) for _ in range(4)))
    return Forecast(
        np.concatenate([one.expected for one in parts]),
        np.concatenate([one.low for one in parts]),
        np.concatenate([one.high for one in parts]),
        np.concatenate([one.alive for one in parts]),
    )


def _draw(some: Customers, fitted: Fit, days: float, rng: np.random.Generator) -> Forecast:
    """Draws from what is known of each customer given their past, parameter set by parameter set.

    Given that a customer is still there, their rate is Gamma(r + x, α + T) and their chance to leave Beta(a, b + x);
    they then order until the time is over or they leave: the lesser of a Poisson and a geometric number.
    """
    x, age = some.repeats, some.age / fitted.days
    horizon = days / fitted.days
    each = DRAWS // FITS
    spent = np.empty((len(some), DRAWS))
    alive = np.zeros(len(some))
    sets = rng.multivariate_normal(fitted.logs, fitted.spread, size=FITS, method="eigh")
    sets = np.clip(sets, fitted.logs - 3, fitted.logs + 3)
    for at, logs in enumerate(sets):
        r, alpha, a, b, p, q, gamma = np.exp(logs)
        there = _alive(some, fitted, logs)
        alive += there / FITS
        shape = (len(some), each)
        rate = rng.gamma((r + x)[:, None], 1.0, shape) / (alpha + age)[:, None]
        leaves = np.clip(rng.beta(a, (b + x)[:, None], shape), 1e-6, 1.0)
        orders = np.minimum(rng.poisson(np.minimum(rate * horizon, 1e6)), rng.geometric(leaves))
        orders = np.where(rng.random(shape) < there[:, None], orders, 0)
        paid = x + 1.0
        known = (some.mean_minor > 0).astype(float) * paid
        rates = (
            rng.gamma((q + p * known)[:, None], 1.0, shape) / (gamma + known * some.mean_minor / fitted.money)[:, None]
        )
        money = rng.gamma(np.maximum(p * orders, _TINY)) / np.maximum(rates, _TINY)
        spent[:, at * each : (at + 1) * each] = np.where(orders > 0, money, 0.0) * fitted.money
    # Heavy tails: a mean of draws follows the one largest; a hundredth at the top counts like its lower edge.
    edge = np.quantile(spent, 0.99, axis=1, keepdims=True)
    low, high = np.quantile(spent, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2], axis=1)
    return Forecast(np.minimum(spent, edge).mean(axis=1), low, high, alive)


def _alive(some: Customers, fitted: Fit, logs: Floats) -> Floats:
    """The chance that a customer hasn't left, given their past (Fader, Hardie & Lee 2005; Fader & Hardie 2008)."""
    r, alpha, a, b = np.exp(logs[:4])
    x, recency, age = some.repeats, some.recency / fitted.days, some.age / fitted.days
    odds = (r + x) * np.log((alpha + age) / (alpha + recency)) + np.log(a) - np.log(b + np.maximum(x, 1) - 1)
    return np.where(x > 0, 1 / (1 + np.exp(np.minimum(odds, 500))), 1.0)


def _bg_nbd(logs: Floats, customers: Customers, days: float) -> float:
    """Log-likelihood (equation 6 of the paper), with the prior."""
    r, alpha, a, b = np.exp(logs)
    x, recency, age = customers.repeats, customers.recency / days, customers.age / days
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
    left = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + recency)
    both = np.where(x > 0, logsumexp(np.stack([stayed, left]), axis=0), stayed)
    return float((common + both).sum() - (logs**2).sum() / (2 * PRIOR_WIDTH**2))


def _gamma_gamma(logs: Floats, customers: Customers, money: float) -> float:
    """Log-likelihood of the mean order values (equation 1a of the note), with the prior."""
    p, q, gamma = np.exp(logs)
    paying = customers.mean_minor > 0
    n, mean = customers.repeats[paying] + 1, customers.mean_minor[paying] / money
    likely = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma)
    likely = likely + (p * n - 1) * np.log(mean) + p * n * np.log(n) - (p * n + q) * np.log(gamma + n * mean)
    return float(likely.sum() - (logs**2).sum() / (2 * PRIOR_WIDTH**2))


def _settle(objective: object, start: Floats) -> tuple[Floats, Floats]:
    """The maximum and the covariance there (Laplace)."""
    assert callable(objective)  # noqa: S101 (of this module)

    def down(logs: Floats) -> float:
        return -float(objective(logs))

    bounds = [(-9.0, 9.0)] * len(start)
    found = minimize(down, start, method="L-BFGS-B", bounds=bounds)
    found = minimize(
        down, found.x, method="Nelder-Mead", bounds=bounds, options={"maxiter": 800, "xatol": 1e-3, "fatol": 1e-3}
    )
    return found.x, _covariance(down, found.x)


def _covariance(down: object, at: Floats, step: float = 1e-2) -> Floats:
    """The inverse of the curvature, by central differences; a direction in which nothing is known gets the prior's."""
    assert callable(down)  # noqa: S101 (of this module)
    size = len(at)
    curved = np.empty((size, size))
    eye = np.eye(size) * step
    for i in range(size):
        for j in range(i, size):
            ends = [down(at + s * eye[i] + t * eye[j]) * s * t for s in (1, -1) for t in (1, -1)]
            curved[i, j] = curved[j, i] = sum(ends) / (4 * step**2)
    values, vectors = np.linalg.eigh(curved)
    floor = 1 / PRIOR_WIDTH**2
    return np.asarray((vectors / np.maximum(values, floor)) @ vectors.T)
