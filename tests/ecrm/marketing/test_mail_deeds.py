"""What a request gives away of who follows an e-mail's link or loads its picture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from ecrm.installation import Installation
from ecrm.mail_links import EmailLinks, mail_links
from mailer.contacts import Contact
from mailer.engagement import Engagement
from mailer.outbox import Email
from tracking.clickstream.event import Event
from tracking.visitors import Grade

SENT = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
def links(plugin: Installation) -> EmailLinks:
    with plugin.sessions.begin() as session:
        contact = Contact(folded="a@example.com", address="a@example.com", created_at=SENT, tracking_allowed=True)
        session.add(contact)
        session.flush()
        email = Email(
            dedup_key="a", template="t", contact_id=contact.id, source="mailing:7", variant="b", from_address="s@e.com",
            to_address="a@example.com", subject="s", text="t", html="h", message_id="<a@x>", transactional=False,
            state="sent", queued_at=SENT, due_at=SENT, sent_at=SENT,
        )  # fmt: skip
        session.add(email)
        session.flush()
        return mail_links(plugin).of_email(email, tracked=True)


def local(url: str) -> str:
    return url.removeprefix("http://localhost")


def kept(plugin: Installation) -> list[tuple[str, str, str]]:
    assert plugin.writer.flush()
    with plugin.sessions() as session:
        rows = session.scalars(select(Engagement).order_by(Engagement.id))
        return [(one.deed, one.link, one.machine) for one in rows]


def test_a_followed_link_is_a_click_and_its_tag_is_kept_nowhere(
    plugin: Installation, browser: FlaskClient, links: EmailLinks
) -> None:
    browser.set_cookie("ecrm_consent", str(int(Grade.ANALYTICS)))
    browser.get(local(links.page("/?page=x")), headers={"Sec-Fetch-Site": "cross-site"})
    assert kept(plugin) == [("click", "/", "")]
    with plugin.sessions() as session:
        [page] = session.scalars(select(Event).where(Event.name == "Page Viewed"))
    assert page.properties["utm_content"] == "mailing-7.0.b"
    assert "ecm" not in str(page.properties) + page.subject


@pytest.mark.parametrize(
    ("method", "headers", "machine"),
    [
        ("HEAD", {}, "head"),
        ("GET", {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}, "bot"),
        ("GET", {"User-Agent": ""}, "bot"),
        ("GET", {"Sec-Purpose": "prefetch"}, "prefetch"),
    ],
)
def test_machines_are_kept_with_the_reason(
    plugin: Installation, browser: FlaskClient, links: EmailLinks, method: str, headers: dict[str, str], machine: str
) -> None:
    browser.open(local(links.page("/?page=x")), method=method, headers=headers)
    assert kept(plugin) == [("click", "/", machine)]


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("/?page=x&ecm=forged", {}),
        ("/?page=x&ecm=", {}),
        ("/?page=x&ecm=%00%ff", {}),
        ("own", {"Sec-Fetch-Site": "same-origin"}),
    ],
)
def test_what_is_no_arrival_by_a_link_of_ours_counts_for_nothing(
    plugin: Installation, browser: FlaskClient, links: EmailLinks, url: str, headers: dict[str, str]
) -> None:
    answer = browser.get(local(links.page("/?page=x")) if url == "own" else url, headers=headers)
    assert (answer.status_code, kept(plugin)) == (200, [])


@pytest.mark.parametrize(
    ("agent", "machine"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", ""),
        ("Mozilla/5.0", "proxy"),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "proxy"),
        ("curl/8.0", "bot"),
    ],
)
def test_a_loaded_picture_is_an_opening_if_a_reader_loaded_it(
    plugin: Installation, browser: FlaskClient, links: EmailLinks, agent: str, machine: str
) -> None:
    answer = browser.get(local(links.pixel), headers={"User-Agent": agent})
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "image/gif", "no-store")
    assert "Set-Cookie" not in answer.headers
    assert kept(plugin) == [("open", "", machine)]


def test_a_picture_of_a_forged_token_looks_the_same(plugin: Installation, browser: FlaskClient) -> None:
    assert browser.get("/ecrm/opened/made-up.gif").status_code == 200
    assert kept(plugin) == []
