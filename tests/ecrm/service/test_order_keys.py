"""Signed order links are found in whatever people write around them, and a long letter holds nobody up."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine

from ecrm.service.order_keys import OrderKeys, order_keys
from tests.ecrm.kites import Kites, open_kites, order

SIGNED = "https://kites.example/orders/A1?lang=de&t=abc.def"


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


@pytest.fixture
def keys(kites: Kites) -> OrderKeys:
    kites.tell(order())
    shop: Any = SimpleNamespace(
        order_url=lambda number, signed: f"https://kites.example/orders/{number}" + ("?t=proof" if signed else "")
    )
    with kites.session() as session:
        found = order_keys(session, shop)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "around", ["{}", "({})", "<{}>", '"{}"', "[your order]({})", "see:{},", "one https://kites.example/?x#y {} two"]
)
def test_a_signed_link_is_found_and_taken_out(keys: OrderKeys, around: str) -> None:
    text = f"Dear Ada,\n\n{around.format(SIGNED)}\nregards"
    assert keys.are_in(text)
    without = keys.taken_out(text)
    assert "t=abc" not in without
    assert without.startswith("Dear Ada,\n\n")
    assert without.endswith("\nregards")


@pytest.mark.parametrize(
    "text",
    [
        "https://kites.example/orders/A1", "https://kites.example/orders/A1?lang=de&at=5",
        "https://kites.example/orders/A1/?t=1", "https://kites.example/kites?t=1", "/orders/A1 ?t=1",
    ],
)  # fmt: skip
def test_other_links_stay(keys: OrderKeys, text: str) -> None:
    assert not keys.are_in(text)
    assert keys.taken_out(text) == text


@pytest.mark.parametrize("piece", ["/orders/?&", "/orders/", "/orders/A1?t", "/orders/?&\n", "&", "?t"])
def test_a_long_letter_made_to_hold_the_desk_up_is_read_at_once(keys: OrderKeys, piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert not keys.are_in(text)
    assert keys.taken_out(text) == text
    assert keys.are_in(text + SIGNED)
