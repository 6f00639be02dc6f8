"""What is shown where, to whom, and why."""

import pytest
from sqlalchemy.orm import Session

from recommender.placements import PLACEMENTS, recommend
from recommender.reasons import Code
from recommender.training import train

from .purchases import NOW, checkerboard, customer, order


@pytest.fixture
def board(session: Session) -> dict[str, list[int]]:
    """A trained checkerboard."""
    ids = checkerboard(session)
    train(session, NOW)
    return ids


def test_a_stranger_sees_what_is_popular(session: Session, board: dict[str, list[int]]) -> None:
    shown = recommend(session, "home", n=5)

    assert len(shown) == 5
    assert {entry.reason for entry in shown} == {Code.POPULAR}


def test_a_product_page_shows_what_is_bought_with_it(session: Session, board: dict[str, list[int]]) -> None:
    shown = recommend(session, "product", product="saw", n=3)

    assert {entry.product for entry in shown} == {"nail", "plank", "glue"}
    assert {(entry.reason, entry.because) for entry in shown} == {(Code.TOGETHER, "saw")}


def test_each_third_place_of_a_known_customers_page_is_new_to_them(
    session: Session, board: dict[str, list[int]]
) -> None:
    shown = recommend(session, "home", customer_id=board["tea"][0], n=4)

    assert [entry.reason in (Code.OFTEN, Code.AGAIN) for entry in shown] == [True, True, False, True]
    assert (shown[2].product, shown[2].reason) == ("tea", Code.BECAUSE)


def test_a_cart_is_offered_what_goes_with_it_and_never_what_lies_in_it(
    session: Session, board: dict[str, list[int]]
) -> None:
    shown = recommend(session, "cart", cart=["saw", "nail"], n=2)

    assert {entry.product for entry in shown} == {"plank", "glue"}
    assert {entry.because for entry in shown} <= {"saw", "nail"}


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_what_is_in_the_cart_or_excluded_is_shown_nowhere(
    session: Session, board: dict[str, list[int]], placement: str
) -> None:
    shown = recommend(
        session, placement, customer_id=board["tool"][0], product="glue", cart={"nail"}, exclude={"plank"}, n=50
    )

    assert not {"glue", "nail", "plank"} & {entry.product for entry in shown}
    assert len({entry.product for entry in shown}) == len(shown)


def test_what_a_stranger_looked_at_leads_to_what_is_bought_with_it(
    session: Session, board: dict[str, list[int]]
) -> None:
    shown = recommend(session, "home", recent=["pot"], n=3)

    assert {(entry.reason, entry.because) for entry in shown} == {(Code.VIEWED, "pot")}
    assert {entry.product for entry in shown} == {"tea", "cup", "spoon"}


def test_the_order_of_the_last_minute_counts_before_the_next_training(
    session: Session, board: dict[str, list[int]]
) -> None:
    newcomer = customer(session, "newcomer")
    order(session, newcomer, ["plank"], days_ago=-0.5)

    shown = recommend(session, "home", customer_id=newcomer, n=3)

    assert {entry.product for entry in shown} == {"saw", "nail", "glue"}
    assert {(entry.reason, entry.because) for entry in shown} == {(Code.BECAUSE, "plank")}


def test_what_was_just_ordered_is_not_offered_at_once_again(session: Session, board: dict[str, list[int]]) -> None:
    regular = board["tea"][0]
    order(session, regular, ["cup"], days_ago=-0.5)

    assert "cup" not in {entry.product for entry in recommend(session, "home", customer_id=regular, n=50)}


def test_a_product_nobody_bought_gets_what_is_popular(session: Session, board: dict[str, list[int]]) -> None:
    assert {entry.reason for entry in recommend(session, "product", product="unheard-of", n=4)} == {Code.POPULAR}


def test_the_same_question_gets_the_same_answer(session: Session, board: dict[str, list[int]]) -> None:
    ask = {"customer_id": board["tea"][1], "recent": ["saw", "cup"], "cart": {"pot"}, "n": 8}

    assert recommend(session, "home", **ask) == recommend(session, "home", **ask)  # type: ignore[arg-type]


def test_before_the_first_training_there_is_nothing(session: Session) -> None:
    assert recommend(session, "home", n=5) == []


def test_an_unknown_placement_is_an_error(session: Session) -> None:
    with pytest.raises(ValueError, match="footer"):
        recommend(session, "footer", n=5)
