"""CLV: on customers who behave as the models say, forecasts are right on the whole and intervals hold as promised."""

from __future__ import annotations

import numpy as np
import pytest

from ecrm.customers.clv import Customers, Floats, fit, forecast
from ecrm.customers.clv_backtest import History, backtest, known_at, widening


def made_up(number: int, *, days: float, seed: int = 3) -> History:
    """Customers of BG/NBD and gamma-gamma: r 0.8, α 40 days, a 0.6, b 3, p 3, q 4, mean order about 100."""
    rng = np.random.default_rng(seed)
    who: list[int] = []
    when: list[float] = []
    net: list[float] = []
    for customer in range(number):
        rate, leaves = rng.gamma(0.8) / 40, rng.beta(0.6, 3)
        scale = rng.gamma(4) / 100_00
        at = rng.uniform(0, days / 2)
        while at < days:
            who.append(customer)
            when.append(at)
            net.append(rng.gamma(3) / scale)
            if rng.random() < leaves:
                break
            at += rng.exponential(1 / rate)
    return History(np.array(who), np.array(when), np.array(net))


def known(history: History, cut: float) -> Customers:
    return known_at(history, cut)[1]


def test_the_fit_finds_the_rate_at_which_customers_buy() -> None:
    fitted = fit(known(made_up(3000, days=720), 720))
    assert fitted is not None
    words = fitted.as_words()
    assert words["r"] / words["alpha_days"] == pytest.approx(0.8 / 40, rel=0.25)
    assert words["p"] == pytest.approx(3, rel=0.25)


@pytest.mark.parametrize(("number", "least"), [(2000, 0.75), (60, 0.65)])
def test_intervals_hold_what_they_promise_in_a_large_shop_and_nearly_in_a_small_one(number: int, least: float) -> None:
    found = backtest(made_up(number, days=720, seed=8), end=720, days=180)
    assert found is not None
    assert found.coverage >= least
    assert found.error < found.past_error


def test_the_whole_is_foretold_within_a_tenth() -> None:
    found = backtest(made_up(4000, days=720, seed=5), end=720, days=180)
    assert found is not None
    assert found.expected == pytest.approx(found.came, rel=0.1)


def test_too_few_customers_get_no_number() -> None:
    assert fit(known(made_up(20, days=300), 300)) is None
    assert fit(Customers(*(np.zeros(500) for _ in range(4)))) is None
    assert backtest(made_up(20, days=300), end=300, days=60) is None
    nothing: Floats = np.empty(0)
    assert widening(History(np.empty(0, np.int64), nothing, nothing), end=1, days=30) == 0


def test_the_same_orders_give_the_same_forecast() -> None:
    customers = known(made_up(200, days=400), 400)
    fitted = fit(customers)
    assert fitted is not None
    first, second = (forecast(customers, fitted, days=365) for _ in range(2))
    assert (first.expected == second.expected).all()
    assert (first.low <= first.expected).mean() > 0.95
    assert (first.high >= first.low).all()


def test_somebody_whose_orders_all_went_back_is_expected_to_spend_what_others_do_not_what_they_kept() -> None:
    customers = known(made_up(200, days=400), 400)
    fitted = fit(customers)
    assert fitted is not None
    one = Customers(np.array([2.0]), np.array([50.0]), np.array([60.0]), np.array([0.0]))
    told = forecast(one, fitted, days=365)
    assert np.isfinite(told.expected).all()
    assert 0 <= told.alive[0] <= 1
