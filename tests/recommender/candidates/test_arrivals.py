"""Who should hear of a new product, and what the shop's own arrivals teach about it."""

import tracemalloc

import numpy as np

from recommender.candidates.arrivals import PRIOR, TASTE_FADE_DAYS, Audience, Witnesses
from recommender.candidates.content import described
from recommender.candidates.item_knn import decayed
from recommender.candidates.rows import unit_rows
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


def test_the_taste_is_that_of_all_customers_terms_laid_out_at_once() -> None:
    known, terms = bought(arrivals=True), described(catalogue())
    spoken = Witnesses(known, terms)
    laid_out = unit_rows((decayed(known, fade_days=TASTE_FADE_DAYS) @ terms).tocsr())

    for product in (0, 40, len(PRODUCTS) - 1):
        taste = np.asarray((laid_out @ terms[product].T).todense()).ravel()
        expected = np.log(taste + max(taste.mean() / 10, 1e-9))
        assert np.allclose(spoken.of(product)[:, 3], expected, atol=1e-4)


def test_many_customers_of_long_descriptions_are_not_laid_out_together() -> None:
    customers, products = 20_000, 400
    draw = np.random.default_rng(1)
    words = [" ".join("".join(draw.choice(list("abcdefgh"), 5)) for _ in range(30)) for _ in range(products)]
    lines = customers * 20
    known = Interactions(
        customers=list(range(customers)),
        products=[f"p{number}" for number in range(products)],
        order_customer=np.arange(customers, dtype=np.int32),
        order_age=draw.uniform(0, 300, customers).astype(np.float32),
        order_day=np.full(customers, 800_000, np.int32),
        line_order=np.repeat(np.arange(customers, dtype=np.int32), 20),
        line_product=draw.integers(products, size=lines).astype(np.int32),
    )
    shop = {name: Description(text=text) for name, text in zip(known.products, words, strict=True)}
    terms = described(Catalogue.of(known.products, shop))
    entries = (known.purchase_days[0].size) * (terms.nnz / products)
    tracemalloc.start()
    try:
        Witnesses(known, terms).of(0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 8 * entries  # all customers' terms are as many entries of 8 bytes
