"""What is larger than a page takes is refused with the limit and a way back, and the page says the limit before."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from ecrm.console.case_deeds import MOST_UPLOADED
from ecrm.service import cases
from ecrm.service.cases import Opened
from mailer.enclosed import MOST_BYTES

from .test_cases import NOW


@pytest.fixture
def case(sessions: sessionmaker[Session], ada: int) -> str:
    """A case that can be answered."""
    with sessions.begin() as session:
        opened = Opened(channel=cases.Channel.EMAIL, subject="Parcel", from_address="ada@example.com")
        return cases.open_case(session, opened, now=NOW).reference


def test_the_answers_form_says_how_much_it_takes_and_the_refusal_too(browser: FlaskClient, case: str) -> None:
    page = browser.get(f"/console/cases/{case}").text
    assert f'data-most-bytes="{MOST_BYTES}"' in page
    assert "sizes.js" in page
    answer = browser.post(
        f"/console/cases/{case}/reply", data=b"x" * (MOST_UPLOADED + 1), content_type="multipart/form-data; boundary=b"
    )
    assert answer.status_code == 413
    for words in (f"at most {MOST_BYTES // 10**6} MB", "Go back with your browser", "Nothing was changed"):
        assert words in answer.text
    assert "Export fewer days" not in answer.text


def test_the_limit_that_is_named_is_kept(browser: FlaskClient, desk: Flask, token: str) -> None:
    """Pages without files have the host's limit: rounded up, it would be one that is refused again."""
    for most, named in ((11 * 2**20, "at most 11.5 MB"), (256 * 2**10, "at most 262 kB")):
        desk.config["MAX_CONTENT_LENGTH"] = most
        answer = browser.post(
            "/console/cases/new", data=b"x" * (most + 1), content_type="multipart/form-data; boundary=b"
        )
        assert answer.status_code == 413
        assert named in answer.text
