"""Who didn't agree to be counted gets e-mails that hold no counting picture and nothing that says who they are.

Two people of the same name get the same e-mail; what differs is the way out and the preferences, which must know whom
they are for, and nothing else may.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import Engine, select

from mailer.mailings import Mailing
from mailer.writing import Written
from tests.ecrm.kites import Kites
from tests.ecrm.stall import contact, mailing, only, open_stall, queued
from tests.ecrm.test_flow_mails import ABOUT
from tests.ecrm.test_mail_writer import GRID, TEXT

_OWN = re.compile(r"(/ecrm/(?:unsubscribe|preferences)/)[A-Za-z0-9_-]+")
_TRACKERS = re.compile(r"ecm=|/opened/|width=\"?1\"? height=\"?1\"?|customer|contact_id|visitor", re.IGNORECASE)


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_stall(engine, tmp_path)


def bodies(kites: Kites, address: str, template: str, about: dict[str, Any], *, tracked: bool = False) -> list[str]:
    number = _mailing(kites) if template == "mailing" else None
    reader = contact(kites, address, tracked=tracked)
    answer = only(kites, queued(kites, reader, template=template, mailing_id=number, **about))
    assert isinstance(answer, Written)
    return [answer.html, answer.text]


def _mailing(kites: Kites) -> int:
    """The same for both."""
    with kites.crm.sessions() as session:
        made = session.scalar(select(Mailing.id))
    return made or mailing(kites, [TEXT, GRID])


@pytest.mark.parametrize("template", ["mailing", *ABOUT])
def test_two_people_get_the_same_and_nothing_counts_them(kites: Kites, template: str) -> None:
    about = ABOUT.get(template, {})
    one = bodies(kites, "ada@example.com", template, about)
    two = bodies(kites, "ada.too@example.com", template, about)
    assert [_OWN.sub(r"\1", body) for body in one] == [_OWN.sub(r"\1", body) for body in two]
    for body in one:
        assert _TRACKERS.search(body) is None, _TRACKERS.search(body)
    pictures = BeautifulSoup(one[0], "html.parser").find_all("img")
    assert all("?" not in str(picture["src"]) for picture in pictures)


@pytest.mark.parametrize("template", ["mailing", "flow_cart"])
def test_who_agreed_is_counted(kites: Kites, template: str) -> None:
    html, text = bodies(kites, "bo@example.com", template, ABOUT.get(template, {}), tracked=True)
    assert "ecm=" in text
    assert "/opened/" in html
