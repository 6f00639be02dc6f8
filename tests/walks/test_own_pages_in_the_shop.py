"""The CRM's public pages stand in the shop's own frame: whatever they show, they take nothing off it."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from ecrm.installation import installation
from ecrm.service.cases import Case
from tests.faults.shopper import Page
from tests.walks.person import Person


def frame_of(page: Page) -> tuple[str, str]:
    """The head and the foot of the shop around a page."""
    head, foot = page.soup.select_one("header"), page.soup.select_one("footer")
    assert head is not None
    assert foot is not None
    return (" ".join(part.get_text(" ").split()) for part in (head, foot))  # type: ignore[return-value]


def test_a_customers_case_stands_in_the_frame_of_every_other_page(app: Flask, shop_data: dict[str, int]) -> None:
    ada = Person(app)
    ada.sign_in_as(shop_data["ada"])
    form = ada.get("/ecrm/contact")
    kind = next(one["value"] for one in form.soup.select("select[name=kind] option") if one["value"])
    ada.submit(form, "/ecrm/contact", kind=str(kind), words="Does it keep until Monday?")
    with app.app_context(), installation(app).sessions() as session:
        reference = session.scalars(select(Case.reference)).one()
    case = ada.get(f"/ecrm/me/cases/{reference}")
    assert case.status == 200
    assert re.search("Does it keep until Monday", case.soup.get_text())
    assert [*frame_of(case)] == [*frame_of(ada.get("/ecrm/me"))]
    shown = case.soup.select_one("header a")
    assert shown is not None
    assert shown.get_text(strip=True), "the shop has a name"
