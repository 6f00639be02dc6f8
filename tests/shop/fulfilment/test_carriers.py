"""Carriers and their tracking pages."""

from __future__ import annotations

from shop.fulfilment.carriers import CARRIERS, carrier_name, is_carrier, tracking_link


def test_every_carrier_can_be_chosen_and_named() -> None:
    assert len({carrier.code for carrier in CARRIERS}) == len(CARRIERS)
    assert all(is_carrier(carrier.code) and carrier_name(carrier.code) == carrier.name for carrier in CARRIERS)
    assert not is_carrier("pigeon")
    assert carrier_name("pigeon") == "pigeon"


def test_a_tracking_link_carries_the_number_and_nothing_else_of_it() -> None:
    assert tracking_link("ups", "1Z/9&x=1").endswith("tracknum=1Z%2F9%26x%3D1")
    assert tracking_link("own", "VAN-7") == ""
    assert tracking_link("pigeon", "1") == ""
    assert all(tracking_link(carrier.code, "AB12").startswith("https://") for carrier in CARRIERS if carrier.link)
