"""Each product that a visit foresees names the product of the visit that speaks for it."""

from recommender.candidates.session_fitting import fit

from .test_session_knn import log


def test_what_speaks_for_a_product_lay_in_a_visit_with_it() -> None:
    visits = [(0.0, [0, 1]), (1.0, [0, 1]), (2.0, [5, 6]), (3.0, [5, 6])]
    found = fit(log(*visits), products=8).foreseen([0, 5])

    because = dict(zip(found.products.tolist(), found.because.tolist(), strict=True))
    assert (because[1], because[6]) == (0, 5)
