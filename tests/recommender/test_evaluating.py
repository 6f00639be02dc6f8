"""The protocol on any history: what would have been served is judged beside what a shop could install instead."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.candidates.session_fitting import ClickLog
from recommender.protocol.evaluating import Evaluation, TooLittle, as_table, evaluate

from .shops import described, shop_of


@pytest.fixture(scope="module")
def found() -> Evaluation:
    """A hundred customers with tastes of their own, and visits that go round."""
    shop = shop_of(100)
    visits = np.repeat(np.arange(300), 4)
    steps = (visits + np.tile(np.arange(4), 300)) % 60
    clicks = ClickLog(visits, steps.astype(np.int32), np.arange(1200.0))
    told: list[float] = []
    evaluation = evaluate(
        shop, described(shop), days=30.0, clicks=clicks, progress=lambda _step, share: told.append(share)
    )
    assert told == sorted(told)
    assert told[-1] == 1.0
    return evaluation


def test_the_last_line_is_what_the_shop_serves_and_the_json_says_the_same(found: Evaluation) -> None:
    figures = found.as_json()

    assert [line.name for line in found.lines] == [*figures["baselines"], "this shop"]
    assert figures["next_ndcg10"] == round(float(found.lines[-1].next.ndcg.mean()), 4)
    assert figures["next_ndcg10"] > figures["baselines"]["popularity of the last days"]["next_ndcg10"]
    low, high = figures["next_interval"]
    assert low < figures["next_ndcg10"] < high
    assert 0 < figures["coverage10"] <= 1
    assert {"new_ndcg10", "train_s", "product_page_ndcg10", "cart_ndcg10", "sessions"} <= set(figures)
    assert figures["sessions"]["session neighbours"]["hr20"] > 0.9


def test_the_table_names_every_placement_or_says_why_it_is_missing(found: Evaluation) -> None:
    text = "\n".join(as_table(found))

    for part in ("this shop", "implicit ALS, default", "product page NDCG@10", "half cart", "next step of a visit",
                 "next NDCG@10 by days of purchase: 1 day", "coverage@10"):  # fmt: skip
        assert part in text
    assert "who hears of a new" in text


def test_a_history_in_which_nobody_came_back_says_what_to_do() -> None:
    with pytest.raises(TooLittle, match=r"Choose a longer time with --days, or wait for more orders\."):
        evaluate(shop_of(0), described(shop_of(0)), days=30.0)
