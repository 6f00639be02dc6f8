"""Models: what each of them gives to whom, and what holds for all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecrm.marketing.attribution.credits import MILLION
from ecrm.marketing.attribution.models import ALL_MODELS, Contact, Model, agreeing, shares

ORDER = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WEIGHTS = {"email": 600_000, "paid_search": 300_000, "referral": 100_000}


def before(days: float, channel: str = "email") -> Contact:
    return Contact(ORDER - timedelta(days=days), channel, is_direct=channel == "direct")


def percent(model: Model, *contacts: Contact, weights: dict[str, int] = WEIGHTS) -> list[float]:
    return [part / 10_000 for part in shares(model, contacts, weights)]


def test_each_model_gives_what_its_rule_says() -> None:
    path = (before(14), before(7, "paid_search"), before(1, "referral"), before(0, "direct"))
    assert percent(Model.LAST_NON_DIRECT, *path) == [0, 0, 100, 0]
    assert percent(Model.LAST, *path) == [0, 0, 0, 100]
    assert percent(Model.FIRST, *path) == [100, 0, 0, 0]
    assert percent(Model.LINEAR, *path) == [33.3334, 33.3333, 33.3333, 0]
    assert percent(Model.POSITION_BASED, *path) == [40, 20, 40, 0]
    assert percent(Model.DATA_DRIVEN, *path) == [60, 30, 10, 0]


def test_a_touch_of_a_week_earlier_decays_to_half() -> None:
    assert percent(Model.TIME_DECAY, before(15), before(8), before(1)) == [14.2857, 28.5714, 57.1429]


@pytest.mark.parametrize(
    ("days", "expected"),
    [((1,), [100]), ((9, 1), [50, 50]), ((9, 5, 4, 1), [40, 10, 10, 40]), ((9, 9, 5, 1), [20, 20, 20, 40])],
)
def test_position_based_has_an_answer_for_every_length(days: tuple[int, ...], expected: list[float]) -> None:
    assert percent(Model.POSITION_BASED, *(before(day) for day in days)) == expected


def test_who_only_ever_came_directly_is_credited_to_nothing_else() -> None:
    for model in Model:
        assert percent(model, before(3, "direct"), before(1, "direct")) == [0, 100]


def test_two_touches_of_a_channel_share_its_learnt_weight() -> None:
    assert percent(Model.DATA_DRIVEN, before(9), before(8), before(7, "paid_search")) == [33.3334, 33.3333, 33.3333]


def test_a_channel_the_learning_never_met_counts_as_the_average_one() -> None:
    assert percent(Model.DATA_DRIVEN, before(2), before(1, "sms")) == pytest.approx([64.2857, 35.7143])


def test_without_learnt_weights_the_data_driven_model_is_linear() -> None:
    assert percent(Model.DATA_DRIVEN, before(9), before(1, "referral"), weights={}) == [50, 50]


def test_codes_redeemed_in_one_order_share_what_the_last_touch_gets() -> None:
    assert percent(Model.LAST_NON_DIRECT, before(3), before(0, "post"), before(0, "post")) == [0, 50, 50]


def test_without_a_contact_there_is_nothing_to_share() -> None:
    with pytest.raises(ValueError, match="without contacts"):
        shares(Model.LINEAR, (), {})


contacts = st.lists(
    st.builds(
        before, st.integers(0, 400).map(lambda n: n / 13), st.sampled_from(["email", "paid_search", "direct", "sms"])
    ),
    min_size=1,
    max_size=9,
)


@given(contacts, st.sampled_from(Model))
def test_shares_sum_to_exactly_one_whatever_the_path(path: list[Contact], model: Model) -> None:
    found = shares(model, path, WEIGHTS)
    assert sum(found) == MILLION
    assert min(found) >= 0
    if model is not Model.LAST and any(not one.is_direct for one in path):
        assert all(part == 0 for part, one in zip(found, path, strict=True) if one.is_direct)


@given(contacts.flatmap(lambda path: st.tuples(st.just(path), st.permutations(path))), st.sampled_from(Model))
def test_the_order_of_the_rows_changes_nothing_but_the_millionth_left_over(
    both: tuple[list[Contact], list[Contact]], model: Model
) -> None:
    of: list[dict[Contact, int]] = [{}, {}]
    for sums, path in zip(of, both, strict=True):
        for one, part in zip(path, shares(model, path, WEIGHTS), strict=True):
            sums[one] = sums.get(one, 0) + part
    assert all(abs(of[0][one] - of[1][one]) <= len(both[0]) for one in of[0])


@given(contacts)
def test_equal_touches_get_equal_shares(path: list[Contact]) -> None:
    for model in Model:
        found = shares(model, [*path, path[0]], WEIGHTS)
        assert abs(found[0] - found[-1]) <= 1


@given(contacts, st.lists(st.sampled_from("abc"), min_size=9, max_size=9))
def test_every_model_is_in_exactly_one_group_of_those_that_agree(path: list[Contact], sources: list[str]) -> None:
    names = ["direct" if one.is_direct else source for one, source in zip(path, sources, strict=False)]
    order = list(dict.fromkeys(names))
    parties = [order.index(name) for name in names]
    for weights in (WEIGHTS, {}):
        found = agreeing(path, parties, weights)
        assert sum(found.values()) == ALL_MODELS
        for key, mask in found.items():
            for model in Model:
                sums = [0] * len(order)
                for party, part in zip(parties, shares(model, path, weights), strict=True):
                    sums[party] += part
                assert (tuple(sums) == key) == bool(model.bit & mask)


def test_a_model_keeps_its_bit() -> None:
    assert [model.bit for model in Model] == [1, 2, 4, 8, 16, 32, 64]
