"""Reasons in words: what may be said where, and sentences that are English for every country."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from ecrm.recommending.words import for_shopper, for_staff
from recommender.asking import Placement
from recommender.reasons import Code, Reason

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize("code", [Code.VIEWED, Code.SEEN, Code.NEXT])
def test_no_e_mail_names_what_somebody_looked_at(host: Flask, code: Code) -> None:
    reason = Reason(code=code, product="rake")
    with host.test_request_context():
        assert for_shopper(reason, {"rake": "Rake"}, placement=Placement.EMAIL, today=TODAY) == ""
        assert "looked at" in for_shopper(reason, {"rake": "Rake"}, placement=Placement.HOME, today=TODAY)


def test_a_countrys_name_needs_no_article(host: Flask) -> None:
    reason = Reason(code=Code.REGION, word="US")
    with host.test_request_context():
        said = for_shopper(reason, {}, placement=Placement.HOME, today=TODAY)
        assert said == "Popular where you live: United States"
        assert for_staff(reason, {}) == "Popular where they live: United States"


def test_what_others_looked_at_is_never_said_to_be_looked_at_by_who_is_here(host: Flask) -> None:
    reason = Reason(code=Code.NEXT, product="tea")
    with host.test_request_context():
        for placement in set(Placement) - {Placement.EMAIL}:
            said = for_shopper(reason, {"tea": "Tea"}, placement=placement, today=TODAY)
            assert said == "Visitors who looked at Tea looked at this too"
        assert for_shopper(reason, {}, placement=Placement.CART, today=TODAY) == ""
        assert for_staff(reason, {"tea": "Tea"}) == "Looked at in the same visits as Tea"
        looked = Reason(code=Code.VIEWED, product="tea")
        assert for_staff(looked, {"tea": "Tea"}) == "Goes with Tea, which this visitor looked at"
