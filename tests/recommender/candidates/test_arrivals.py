"""Who should hear of a new product, and what the shop's own arrivals teach about it."""

import numpy as np

from recommender.candidates.arrivals import PRIOR, Audience
from recommender.catalogue import Catalogue, Description
from recommender.interactions import Interactions

PEOPLE = 40
TEAS, TOOLS = [f"tea{number}" for number in range(30)], [f"tool{number}" for number in range(30)]
PRODUCTS = [*TEAS, *TOOLS, "tea of tomorrow"]


def bought(*, arrivals: bool) -> Interactions:
    """Even people drink tea, odd ones work with tools; with `arrivals` something of theirs is new every week."""
    rows: list[tuple[int, float, int]] = []
    for one in range(PEOPLE):
        shelf = 0 if one % 2 == 0 else len(TEAS)
        old = range(shelf, shelf + 8)
        rows += [(one, 200.0 - 7 * week, old[(one + week) % 8]) for week in range(26)]
        if arrivals:
            rows += [(one, 110.0 - 5 * number, shelf + 8 + number) for number in range(22) if (one // 2 + number) % 3]
    rows.sort(key=lambda row: -row[1])
    ages = np.array([row[1] for row in rows], np.float32)
    return Interactions(
        customers=list(range(PEOPLE)),
        products=PRODUCTS,
        order_customer=np.array([row[0] for row in rows], np.int32),
        order_age=ages,
        order_day=(800_000 - np.floor(ages)).astype(np.int32),
        line_order=np.arange(len(rows), dtype=np.int32),
        line_product=np.array([row[2] for row in rows], np.int32),
    )


def catalogue() -> Catalogue:
    """Two kinds of words."""
    return Catalogue.of(
        PRODUCTS,
        {name: Description(text="green tea leaves" if "tea" in name else "steel tool bench") for name in PRODUCTS},
    )


def test_those_who_buy_what_is_described_alike_hear_of_it_first() -> None:
    for arrivals in (False, True):
        audience = Audience(bought(arrivals=arrivals), catalogue())

        assert all(one % 2 == 0 for one in audience.best(PRODUCTS.index("tea of tomorrow"), n=15).tolist())


def test_a_shop_without_arrivals_believes_what_holds_for_most() -> None:
    assert Audience(bought(arrivals=False), catalogue()).weights.tolist() == list(PRIOR)


def test_where_descriptions_told_who_bought_the_arrivals_they_are_believed_more() -> None:
    appetite, _active, alike, taste = Audience(bought(arrivals=True), catalogue()).weights

    assert alike + taste > PRIOR[2] + PRIOR[3]
    assert appetite < PRIOR[0]  # everybody here likes what is new


def test_a_shop_without_customers_tells_nobody() -> None:
    nothing = Interactions([], ["tea"], *(np.empty(0, np.int32),) * 5)  # type: ignore[arg-type]

    assert Audience(nothing, Catalogue.of(["tea"], {})).best(0, n=5).tolist() == []
