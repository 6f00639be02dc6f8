"""RFM: eleven groups by place among the shop's own customers; equals are treated as equals."""

from __future__ import annotations

from itertools import product

import numpy as np

from ecrm.customers.rfm import LEAST, Group, group_of, scores


def test_every_combination_of_scores_has_a_group_and_all_groups_but_prospects_occur() -> None:
    found = {group_of(r, f, m) for r, f, m in product(range(1, 6), repeat=3)}
    assert found == set(Group) - {Group.PROSPECTS}


def test_the_corners_are_what_the_names_say() -> None:
    assert group_of(5, 5, 5) is Group.CHAMPIONS
    assert group_of(5, 1, 1) is Group.NEW
    assert group_of(4, 1, 1) is Group.PROMISING
    assert group_of(1, 5, 5) is Group.PREVIOUSLY_LOYAL
    assert group_of(2, 4, 4) is Group.AT_RISK
    assert group_of(3, 3, 3) is Group.NEEDS_ATTENTION
    assert group_of(1, 1, 1) is Group.DORMANT


def test_more_money_or_a_later_order_never_leads_to_a_lower_score() -> None:
    rng = np.random.default_rng(1)
    last, orders, net = rng.uniform(0, 1e6, 200), rng.integers(1, 9, 200), rng.integers(0, 10_000, 200)
    recency, frequency, monetary = scores(last, orders, net)
    for values, score in ((last, recency), (orders, frequency), (net, monetary)):
        order = np.argsort(values)
        assert (np.diff(score[order]) >= 0).all()
        assert (score.min(), score.max()) == (1, 5)


def test_who_bought_once_as_most_did_is_not_in_the_top() -> None:
    orders = np.array([1] * 40 + [2] * 10)
    _recency, frequency, _monetary = scores(np.arange(50.0), orders, np.full(50, 100))
    assert set(frequency[:40].tolist()) == {1}
    assert set(frequency[40:].tolist()) == {5}


def test_customers_of_the_same_day_are_all_recent() -> None:
    recency, _frequency, monetary = scores(np.full(50, 7.0), np.full(50, 1), np.full(50, 100))
    assert (set(recency.tolist()), set(monetary.tolist())) == ({5}, {1})
    assert group_of(5, 1, 1) is Group.NEW


def test_a_shop_with_too_few_customers_has_no_fifths() -> None:
    few = LEAST - 1
    assert [set(one.tolist()) for one in scores(np.arange(float(few)), np.full(few, 1), np.full(few, 1))] == [{0}] * 3
