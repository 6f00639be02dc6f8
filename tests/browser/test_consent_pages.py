"""The pages about e-mails in a real browser: without a script, on a phone, in the dark, and by the rules of axe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Page

from ecrm.installation import installation
from ecrm.mail_links import Purpose, mail_keys
from ecrm.mailboxes import contact_for
from mailer.consent import Topic, subscribe
from mailer.double_opt_in import ask
from mailer.pausing import pause
from mailer.suppression import Reason, suppress
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_accessibility import findings_of
from tests.browser.test_the_whole_walk import become_owner

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
LOOKS = pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desk, light", "phone, dark"]
)


@pytest.fixture
def links(app: Flask) -> dict[str, str]:
    """Paths of the links that Ada's e-mails hold; two mailboxes are held back, and marketing is paused."""
    crm, now, keys = installation(app), datetime.now(UTC), mail_keys(app)
    with app.app_context(), crm.sessions.begin() as session:
        contact = contact_for(session, "ada@example.com", now=now)
        subscribe(session, contact.id, [Topic.OFFERS, Topic.REVIEWS], how="test", wording="yes", now=now)
        request = ask(session, contact.id, [Topic.NEWSLETTER], how="test", wording="yes", now=now)
        for address, reason in (("gone@example.com", Reason.HARD_BOUNCE), ("angry@example.com", Reason.COMPLAINT)):
            held = contact_for(session, address, now=now)
            suppress(session, held.id, reason=reason, now=now, note="550 5.1.1 no such user")
        pause(session, "marketing", reason="4 complaints about 1,000 e-mails (0.40%) since 13 Nov", now=now)
    expires = int(now.timestamp()) + 600
    return {
        "unsubscribe": f"/ecrm/unsubscribe/{keys.sign(Purpose.UNSUBSCRIBE, contact.id, 'offers', 0)}",
        "preferences": f"/ecrm/preferences/{keys.sign(Purpose.PREFERENCES, contact.id)}",
        "confirm": f"/ecrm/confirm/{keys.sign_until(Purpose.CONFIRM, request or 0, contact.id, expires=expires)}",
        "newsletter": "/ecrm/newsletter",
    }


@LOOKS
def test_who_follows_a_link_of_an_e_mail_can_do_what_it_is_for(
    visit: Callable[..., Page], picture: Callable[[Page, str], None], links: dict[str, str],
    viewport: dict[str, int], scheme: str,
) -> None:  # fmt: skip
    page = visit(viewport, color_scheme=scheme, java_script_enabled=True)
    found: list[str] = []
    for name, path in links.items():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        picture(page, f"mail-{name}-{scheme}")
        found += findings_of(page)
    page.goto(links["preferences"])
    page.get_by_label("Offers").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved. It holds from this moment on.").wait_for()
    assert not page.get_by_label("Offers").is_checked()
    page.goto(links["confirm"])
    page.get_by_role("button", name="Yes, write to me").click()
    picture(page, f"mail-confirmed-{scheme}")
    page.goto(links["unsubscribe"])
    page.get_by_role("button", name="Unsubscribe from everything").click()
    page.get_by_role("heading", name="You are unsubscribed").wait_for()
    picture(page, f"mail-unsubscribed-{scheme}")
    assert found == []


def test_everything_works_without_a_script(visit: Callable[..., Page], links: dict[str, str]) -> None:
    page = visit(PHONE, java_script_enabled=False)
    page.goto("/")
    page.get_by_label("News by e-mail").fill("kim@example.com")
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("heading", name="Please look into your mailbox").wait_for()
    page.goto(links["preferences"])
    page.get_by_role("button", name="Switch all topics off").click()
    page.get_by_text("Saved. It holds from this moment on.").wait_for()
    assert not page.get_by_label("Offers").is_checked()


@LOOKS
def test_staff_see_what_is_held_back_and_let_go_on_what_paused(
    visit: Callable[..., Page], picture: Callable[[Page, str], None], links: dict[str, str],
    shop_data: dict[str, int], viewport: dict[str, int], scheme: str,
) -> None:  # fmt: skip
    page = visit(viewport, color_scheme=scheme)
    page.goto("/sign-in")
    become_owner(page, shop_data["olga"])
    page.goto("/console/held-back")
    picture(page, f"held-back-{scheme}")
    found = findings_of(page)
    page.get_by_label("E-mail address", exact=True).fill("gone@example.com")
    page.get_by_role("button", name="Look it up").click()
    page.get_by_label("I have looked at the cause.").wait_for()
    picture(page, f"held-back-found-{scheme}")
    found += findings_of(page)
    page.get_by_label("I have looked at the cause.").check()
    page.get_by_role("button", name="Let it go on").click()
    page.get_by_text("It goes on.").wait_for()
    assert found == []
