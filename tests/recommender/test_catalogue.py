"""What was known of products at a moment of the past."""

from __future__ import annotations

import numpy as np

from recommender.catalogue import Catalogue, Description

CATALOGUE = Catalogue.of(
    ["sold", "waiting", "coming", "unknown"],
    {
        "sold": Description(text="green tea", price=3.0),
        "waiting": Description(text="black tea", price=4.0, age=40.0),
        "coming": Description(text="white tea", price=5.0, age=10.0),
        "unknown": Description(text="red tea", price=6.0),
    },
)
SOLD = np.array([True, False, False, False])


def test_what_came_later_or_at_an_unknown_time_says_nothing_about_the_past() -> None:
    then = CATALOGUE.before(30).offered(SOLD)

    assert then.text == ["green tea", "black tea", "", ""]
    assert np.isnan(then.price[2:]).all()


def test_today_what_was_listed_before_its_first_sale_is_known() -> None:
    assert CATALOGUE.offered(SOLD).text == ["green tea", "black tea", "white tea", ""]
